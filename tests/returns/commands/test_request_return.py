import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.orders.models import Order, OrderLine
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.models import Return, ReturnLine
from packhouse.returns.states import ReturnReason
from packhouse.sdk import InvalidValue, PackhouseError, Refused, now
from packhouse.settings.sections import ReturnsSettings
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shipped

Snapshot = Callable[[], Awaitable[object]]
POLICY = ReturnsSettings(window_days=30)


async def mugs(order: Order, quantity: int, reason: ReturnReason = ReturnReason.DEFECTIVE) -> LineToReturn:
    return LineToReturn((await OrderLine.get(order_id=order.id, sku="MUG")).id, quantity, reason)


async def delivered_days_ago(order: Order, days: float) -> None:
    await Shipment.filter(order_id=order.id).update(delivered_at=now() - timedelta(days=days))


async def test_a_return_is_requested(database: Database, by: Initiator, order: Order) -> None:
    data = RequestReturn(order.id, (await mugs(order, 2),), note="the handles broke off")
    request = await database.write(by, lambda uow: request_return(uow, data, POLICY))

    kept = await Return.get(id=request.id)
    assert (kept.status, kept.note, kept.order_id) == ("requested", "the handles broke off", order.id)
    assert re.fullmatch(r"R-[0-9A-HJKMNP-TV-Z]{8}", kept.number)
    (line,) = await ReturnLine.filter(return_request_id=kept.id)
    assert (line.quantity, line.received, line.reason) == (2, 0, "defective")
    assert (line.custody, line.money, line.refund, line.refund_id) == ("advised", "pending", 0, None)
    event = await EventRow.get(order_id=order.id, type="return_requested")
    assert event.payload == {
        "return_id": str(kept.id),
        "number": kept.number,
        "lines": [{"sku": "MUG", "quantity": 2, "reason": "defective"}],
    }
    assert (await Order.get(id=order.id)).updated_at > order.updated_at


async def test_units_in_a_return_cannot_be_asked_back_twice(
    database: Database, by: Initiator, order: Order, snapshot: Snapshot, desk: Any
) -> None:
    await desk.requested(mugs=2, plates=0)
    before = await snapshot()

    data = RequestReturn(order.id, (await mugs(order, 2),))
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: request_return(uow, data, POLICY))

    assert (refused.value.code, refused.value.field) == ("NOT_RETURNABLE", "lines.0.quantity")
    assert ": 1 of order" in refused.value.message
    assert await snapshot() == before
    one = RequestReturn(order.id, (await mugs(order, 1),))
    await database.write(by, lambda uow: request_return(uow, one, POLICY))


async def test_units_on_their_way_may_be_sent_back(database: Database, by: Initiator, shop: object) -> None:  # noqa: ARG001
    order = await make_order(database, {"MUG": 2})
    data = RequestReturn(order.id, (await mugs(order, 1),))
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: request_return(uow, data, POLICY))
    assert refused.value.code == "NOT_RETURNABLE"

    await make_shipped(database, order)

    request = await database.write(by, lambda uow: request_return(uow, data, POLICY))
    assert request.status == "requested"


async def test_the_window_closes_after_its_last_day(
    database: Database, by: Initiator, order: Order, snapshot: Snapshot
) -> None:
    data = RequestReturn(order.id, (await mugs(order, 1),))
    await delivered_days_ago(order, 30.01)
    before = await snapshot()

    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: request_return(uow, data, POLICY))

    assert (refused.value.code, refused.value.field) == ("RETURN_WINDOW_CLOSED", "lines.0")
    assert await snapshot() == before
    await delivered_days_ago(order, 29.99)
    assert (await database.write(by, lambda uow: request_return(uow, data, POLICY))).status == "requested"


async def test_a_reason_opens_the_window_again(database: Database, by: Initiator, order: Order) -> None:
    await delivered_days_ago(order, 400)
    data = RequestReturn(order.id, (await mugs(order, 1),), override_reason="two years' warranty")

    await database.write(by, lambda uow: request_return(uow, data, POLICY))

    assert (await EventRow.get(order_id=order.id, type="return_requested")).reason == "two years' warranty"


async def test_what_cost_nothing_is_not_refundable(database: Database, by: Initiator, order: Order) -> None:
    await OrderLine.filter(order_id=order.id, sku="MUG").update(total=0)
    data = RequestReturn(order.id, (await mugs(order, 1),))

    request = await database.write(by, lambda uow: request_return(uow, data, POLICY))

    assert (await ReturnLine.get(return_request_id=request.id)).money == "not_refundable"


async def test_what_cannot_be_is_refused(database: Database, by: Initiator, order: Order, snapshot: Snapshot) -> None:
    before = await snapshot()
    line = await mugs(order, 1)
    strange = LineToReturn(uuid4(), 1, ReturnReason.OTHER)
    cases: list[tuple[RequestReturn, type[PackhouseError], str]] = [
        (RequestReturn(order.id, ()), InvalidValue, "lines"),
        (RequestReturn(order.id, (await mugs(order, 0),)), InvalidValue, "lines.0.quantity"),
        (RequestReturn(order.id, (await mugs(order, -1),)), InvalidValue, "lines.0.quantity"),
        (RequestReturn(order.id, (line, line)), InvalidValue, "lines.0.orderLineId"),
        (RequestReturn(order.id, (line,), note="x" * 501), InvalidValue, "note"),
        (RequestReturn(uuid4(), (line,)), Refused, "orderId"),
        (RequestReturn(order.id, (line, strange)), Refused, "lines.1.orderLineId"),
        (RequestReturn(order.id, (await mugs(order, 4),)), Refused, "lines.0.quantity"),
    ]
    for data, error, field in cases:
        with pytest.raises(error) as info:
            await database.write(by, lambda uow, data=data: request_return(uow, data, POLICY))  # type: ignore[misc]
        assert info.value.field == field  # type: ignore[attr-defined]
    assert await snapshot() == before
