from datetime import UTC, datetime
from functools import partial

import pytest

from packhouse.sdk import InvalidValue, new_id
from packhouse.shipping.commands.promise import AddPromise, promise
from packhouse.shipping.models import DeliveryPromise
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import refused

_FRIDAY = datetime(2026, 3, 6, 18, tzinfo=UTC)


async def test_every_promise_is_kept(database: Database, by: Initiator) -> None:
    await make_shop(database)
    order = await make_order(database)
    for day in (6, 9):
        data = AddPromise(order.id, _FRIDAY.replace(day=day), "customer service")
        await database.write(by, partial(promise, data=data))

    rows = await DeliveryPromise.filter(order_id=order.id).order_by("made_at")
    assert [row.promised_by.day for row in rows] == [6, 9]
    assert len(await database.fetch("SELECT id FROM event WHERE type = 'order_changed'")) == 2


async def test_a_promise_needs_an_order_a_source_and_a_time_zone(database: Database, by: Initiator) -> None:
    async with refused(database, "NOT_FOUND", "orderId"):
        await database.write(by, lambda uow: promise(uow, AddPromise(new_id(), _FRIDAY, "checkout")))
    for wrong in (AddPromise(new_id(), _FRIDAY, " "), AddPromise(new_id(), _FRIDAY.replace(tzinfo=None), "checkout")):
        with pytest.raises(InvalidValue):
            await database.write(by, partial(promise, data=wrong))
