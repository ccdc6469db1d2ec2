from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.orders.models import Order
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.cancel_return import CancelReturn, cancel_return
from packhouse.returns.commands.decline_return import DeclineReturn, decline_return
from packhouse.returns.models import Return, ReturnLine
from packhouse.sdk import InvalidValue, Refused
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator

Snapshot = Callable[[], Awaitable[object]]


async def axes(request: Return) -> set[tuple[str, str]]:
    return {(line.custody, line.money) for line in await ReturnLine.filter(return_request_id=request.id)}


async def test_a_return_is_approved_once(database: Database, by: Initiator, desk: Any, snapshot: Snapshot) -> None:
    request = await desk.requested()
    await database.write(by, lambda uow: approve_return(uow, ApproveReturn(request.id)))

    kept = await Return.get(id=request.id)
    assert (kept.status, kept.approved_at is not None) == ("approved", True)
    assert await axes(request) == {("advised", "pending")}
    event = await EventRow.get(type="return_approved")
    assert event.payload == {"return_id": str(request.id), "number": request.number}

    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: approve_return(uow, ApproveReturn(request.id)))
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: decline_return(uow, DeclineReturn(request.id, "too late")))
    assert await snapshot() == before


async def test_a_declined_return_brings_nothing_back(
    database: Database, by: Initiator, desk: Any, snapshot: Snapshot, order: Order
) -> None:
    request = await desk.requested(mugs=3)
    before = await snapshot()
    with pytest.raises(InvalidValue) as invalid:
        await database.write(by, lambda uow: decline_return(uow, DeclineReturn(request.id, "  ")))
    assert (invalid.value.field, await snapshot()) == ("reason", before)

    await database.write(by, lambda uow: decline_return(uow, DeclineReturn(request.id, "worn")))

    kept = await Return.get(id=request.id)
    assert (kept.status, kept.decline_reason, kept.closed_at is not None) == ("declined", "worn", True)
    assert await axes(request) == {("not_returned", "denied")}
    assert (await EventRow.get(order_id=order.id, type="return_declined")).reason == "worn"
    # its units may be asked back again
    assert (await desk.requested(mugs=3)).status == "requested"


async def test_a_return_is_called_off_while_nothing_has_arrived(
    database: Database, by: Initiator, desk: Any, snapshot: Snapshot
) -> None:
    request = await desk.approved(mugs=3)
    await database.write(by, lambda uow: cancel_return(uow, CancelReturn(request.id, "keeps it")))

    assert (await Return.get(id=request.id)).status == "cancelled"
    assert await axes(request) == {("not_returned", "denied")}
    assert (await EventRow.get(type="return_cancelled")).reason == "keeps it"

    arrived = await desk.received(mugs=3)
    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: cancel_return(uow, CancelReturn(arrived.id)))
    assert await snapshot() == before


async def test_an_unknown_return_is_refused(database: Database, by: Initiator) -> None:
    for command in (
        lambda uow: approve_return(uow, ApproveReturn(uuid4())),
        lambda uow: decline_return(uow, DeclineReturn(uuid4(), "no")),
        lambda uow: cancel_return(uow, CancelReturn(uuid4())),
    ):
        with pytest.raises(Refused) as refused:
            await database.write(by, command)
        assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "returnId")
