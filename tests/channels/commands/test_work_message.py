import asyncio
import json
import logging
from typing import Any

import pytest
from tests.channels.partner import NOON, TestShop, incoming, make_channel, make_message

from packhouse.channels.commands.receive_order import receive_order
from packhouse.channels.commands.work_message import MAX_ATTEMPTS, work_message
from packhouse.channels.models import Channel, InboundMessage
from packhouse.orders.models import Hold, Order
from packhouse.orders.states import OrderStatus
from packhouse.sdk import IncomingOrder, InvalidValue, Objection, OrderSnapshot, Refused, Unreadable, Verdict, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database
from packhouse.storage.unit_of_work import Conflict
from packhouse.testing.factories import BY, make_shop
from packhouse.testing.proofs import contents

ORDER = json.dumps([["5001", "MUG"]])


def agree(_: OrderSnapshot) -> list[tuple[str, Objection]]:
    return []


async def kept(database: Database, body: str = ORDER) -> InboundMessage:
    await make_shop(database)
    return await make_message(database, await make_channel(database), "m1", body)


async def work(database: Database, message: InboundMessage, shop: TestShop) -> InboundMessage:
    status = await work_message(database, BY, message.id, shop, agree)
    found = await InboundMessage.get(id=message.id)
    assert found.status == status
    return found


async def test_a_message_becomes_its_order(database: Database) -> None:
    message = await work(database, await kept(database), TestShop())
    order = await Order.get()
    assert (message.status, message.order_id, message.due_at) == ("done", order.id, None)
    assert message.finished_at is not None
    assert (order.external_id, order.placed_at) == ("5001", NOON)


async def test_a_message_that_is_done_is_not_done_again(database: Database) -> None:
    message = await kept(database)
    await work(database, message, TestShop())
    before = await contents(database)
    assert (await work(database, message, TestShop(fails=[ValueError("not read again")]))).status == "done"
    assert await contents(database) == before


REASONS: list[tuple[Exception, str, str]] = [
    (Unreadable("the body is not JSON"), "the body is not JSON", ""),
    (Unreadable("lines.0: no SKU", "lines.0"), "lines.0: no SKU", "lines.0"),
    (Refused("UNKNOWN_SKU", "there is no NOPE", "lines.0.sku"), "UNKNOWN_SKU: there is no NOPE", "lines.0.sku"),
    (InvalidValue("total", "-1 is below nothing"), "-1 is below nothing", "total"),
    (IllegalTransition("Order.status", OrderStatus.CANCELLED, OrderStatus.CONFIRMED), "", ""),
    (Unreadable("x" * 600, "y" * 200), "x" * 500, "y" * 128),
]


@pytest.mark.parametrize(("error", "reason", "field"), REASONS, ids=range(len(REASONS)))
async def test_what_cannot_be_used_is_kept_with_the_reason(
    database: Database, caplog: pytest.LogCaptureFixture, error: Exception, reason: str, field: str
) -> None:
    message = await kept(database)
    before = await contents(database)
    message = await work(database, message, TestShop(fails=[error]))
    assert (message.status, message.reason, message.field) == ("quarantined", reason or str(error), field)
    assert (message.attempts, message.due_at, bytes(message.body)) == (1, None, ORDER.encode())
    assert await contents(database) == before
    assert [each.levelname for each in caplog.records] == ["WARNING"]


async def test_a_message_with_a_bad_order_gives_none_of_its_orders(database: Database) -> None:
    message = await kept(database, json.dumps([["1", "MUG"], ["2", "NOPE"]]))
    assert (await work(database, message, TestShop())).status == "quarantined"
    assert await Order.all().count() == 0


async def test_what_fails_for_reasons_of_our_own_is_tried_again_and_given_up_in_the_end(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    message = await kept(database)
    for attempt in range(1, MAX_ATTEMPTS):
        message = await work(database, message, TestShop(fails=[KeyError("x")]))
        assert (message.status, message.attempts) == ("received", attempt)
        assert message.due_at is not None
        assert message.due_at > now()
    message = await work(database, message, TestShop(fails=[KeyError("x")]))
    assert message.status == "quarantined"
    assert message.reason == f"given up after {MAX_ATTEMPTS} attempts: KeyError, see the log"


async def test_a_message_that_loses_a_race_is_tried_again(database: Database) -> None:
    message = await work(database, await kept(database), TestShop(fails=[Conflict("somebody was faster")] * 20))
    assert (message.status, message.attempts) == ("received", 1)
    assert message.reason == "others took the same stock at this moment"


async def test_a_plugin_may_hold_an_order_that_was_sold_already(database: Database) -> None:
    message = await kept(database)
    suspect = [("guard", Objection(Verdict.HOLD, "FRAUD", "score 97"))]
    await work_message(database, BY, message.id, TestShop(), lambda _: suspect)
    assert [hold.reason for hold in await Hold.all()] == ["fraud"]


async def receive(database: Database, channel: Channel, order: IncomingOrder) -> Any:
    return await database.write(BY, lambda uow: receive_order(uow, channel, order, agree))


async def test_an_order_received_at_the_same_moment_from_all_sides_is_placed_once(database: Database) -> None:
    await make_shop(database, units=50)
    channel = await make_channel(database)
    ids = await asyncio.gather(*(receive(database, channel, incoming()) for _ in range(8)))
    assert len(set(ids)) == 1
    assert await Order.all().count() == 1
    (level,) = await database.fetch("SELECT SUM(allocated) AS n FROM stock_level")
    assert level["n"] == 1


async def test_another_order_with_the_same_number_is_refused_by_its_number(database: Database) -> None:
    await make_shop(database)
    channel = await make_channel(database)
    await receive(database, channel, incoming("1", number="#1"))
    with pytest.raises(Refused, match="number #1 already") as refused:
        await receive(database, channel, incoming("2", number="#1"))
    assert (refused.value.code, refused.value.field) == ("DUPLICATE_ORDER", "number")
