import pytest
from tests.channels.partner import make_channel, make_message

from packhouse.channels.commands.retry_message import retry_message
from packhouse.channels.models import InboundMessage
from packhouse.sdk import Refused, new_id, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database
from packhouse.testing.factories import BY


async def test_a_quarantined_message_is_due_again(database: Database) -> None:
    message = await make_message(database, await make_channel(database), "m1", "{}")
    await InboundMessage.filter(id=message.id).update(
        status="quarantined", reason="no such SKU", field="lines.0.sku", attempts=6, due_at=None
    )
    found = await database.write(BY, lambda uow: retry_message(uow, message.id))
    assert (found.status, found.reason, found.field, found.attempts) == ("received", "", "", 0)
    assert found.due_at is not None
    assert found.due_at <= now()
    assert bytes(found.body) == b"{}"


@pytest.mark.parametrize("status", ["received", "done"])
async def test_only_a_quarantined_message_can_be_retried(database: Database, status: str) -> None:
    message = await make_message(database, await make_channel(database), "m1", "{}")
    await InboundMessage.filter(id=message.id).update(status=status)
    before = await InboundMessage.get(id=message.id).values()
    with pytest.raises(IllegalTransition):
        await database.write(BY, lambda uow: retry_message(uow, message.id))
    assert await InboundMessage.get(id=message.id).values() == before


async def test_an_unknown_message_is_not_found(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: retry_message(uow, new_id()))
    assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "id")
