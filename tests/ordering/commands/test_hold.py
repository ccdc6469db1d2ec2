import pytest

from packhouse.inventory.models import StockLevel
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.confirm import confirm
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.release_hold import ReleaseHold, release_hold
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.states import HoldReason
from packhouse.sdk import Objection, OrderSnapshot, Refused, Verdict, new_id
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_order, make_shop, make_stock
from packhouse.testing.proofs import refused


def agree(_: OrderSnapshot) -> list[tuple[str, Objection]]:
    return []


async def waiting_order(database: Database, units: int) -> Order:
    """An order of more than there is: pending, held as out of stock."""
    data = PlaceOrder("web", "GBP", (PlaceLine("MUG", units),), shipping_address=ADDRESS, on_shortage=OnShortage.HOLD)
    return await Order.get(id=await database.write(BY, lambda uow: place(uow, data, agree)))


async def test_an_order_is_held_and_released(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database)
    await database.write(BY, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD, "score 97")))
    held = await Hold.get(order_id=order.id)
    assert (held.reason, held.note, held.placed_by, held.released_at) == ("fraud", "score 97", "tester", None)

    await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id, "checked by phone"), agree))
    released = await Hold.get(id=held.id)
    assert released.released_by == "tester"
    assert released.released_at is not None
    events = await database.fetch(
        "SELECT type, reason FROM event WHERE order_id = $1 AND type LIKE 'order_%'", order.id
    )
    assert {(row["type"], row["reason"]) for row in events} >= {
        ("order_held", "score 97"),
        ("order_released", "checked by phone"),
    }


async def test_a_hold_is_released_once(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database)
    await database.write(BY, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.OTHER)))
    held = await Hold.get(order_id=order.id)
    await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id), agree))
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id), agree))
    assert refused.value.code == "ALREADY_RELEASED"


async def test_a_plugin_may_refuse_the_release(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database)
    await database.write(BY, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))
    held = await Hold.get(order_id=order.id)
    no = [("guard", Objection(Verdict.REFUSE, "STILL_SUSPECT", "ask the fraud team"))]
    with pytest.raises(Refused, match="ask the fraud team"):
        await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id), lambda _: no))
    assert (await Hold.get(id=held.id)).released_at is None


@pytest.mark.parametrize("command", ["hold", "confirm", "cancel", "release"])
async def test_an_unknown_id_is_named(database: Database, command: str) -> None:
    unknown = new_id()
    commands = {
        "hold": lambda uow: hold(uow, HoldOrder(unknown, HoldReason.OTHER)),
        "confirm": lambda uow: confirm(uow, unknown),
        "cancel": lambda uow: cancel(uow, CancelOrder(unknown, "why"), agree),
        "release": lambda uow: release_hold(uow, ReleaseHold(unknown), agree),
    }
    with pytest.raises(Refused, match=str(unknown)) as refused:
        await database.write(BY, commands[command])
    assert refused.value.code == "NOT_FOUND"


async def test_releasing_the_last_hold_of_a_waiting_order_confirms_it(database: Database) -> None:
    london = await make_shop(database, units=1)
    order = await waiting_order(database, 3)
    held = await Hold.get(order_id=order.id)
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id), agree))
    assert refused.value.code == "INSUFFICIENT_STOCK"
    assert (await Hold.get(id=held.id)).released_at is None
    assert (await OrderLine.get(order_id=order.id)).allocated == 0

    await make_stock(database, "MUG", london, 2)
    await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(held.id), agree))
    assert (await Order.get(id=order.id)).status == "confirmed"
    assert (await OrderLine.get(order_id=order.id)).allocated == 3
    assert (await StockLevel.get(location=london, variant__sku="MUG")).allocated == 3


async def test_a_held_order_is_not_confirmed(database: Database) -> None:
    await make_shop(database, units=1)
    order = await waiting_order(database, 3)
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: confirm(uow, order.id))
    assert refused.value.code == "ON_HOLD"
    assert (await Order.get(id=order.id)).status == "pending"


async def test_cancelling_gives_the_stock_back(database: Database) -> None:
    london = await make_shop(database)
    order = await make_order(database, {"MUG": 4, "PLATE": 1})
    await database.write(BY, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.OTHER)))
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "changed their mind"), agree))
    cancelled = await Order.get(id=order.id)
    assert (cancelled.status, cancelled.cancel_reason) == ("cancelled", "changed their mind")
    assert {(line.allocated, line.cancelled) for line in await OrderLine.filter(order_id=order.id)} == {(0, 4), (0, 1)}
    assert {level.allocated for level in await StockLevel.filter(location=london)} == {0}
    assert await Hold.filter(order_id=order.id, released_at=None).count() == 0
    rows = await database.fetch("SELECT status, request_status FROM fulfillment_order WHERE order_id = $1", order.id)
    assert [row["status"] for row in rows] == ["cancelled"]


async def test_an_order_is_cancelled_once(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database)
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "first"), agree))
    with pytest.raises(IllegalTransition):
        await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "second"), agree))
    assert (await Order.get(id=order.id)).cancel_reason == "first"


async def test_what_left_the_house_is_not_cancelled(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database)
    shipped = "UPDATE order_line SET shipped = 1, allocated = 0 WHERE order_id = $1"
    await database.write(BY, lambda uow: uow.execute(shipped, order.id))
    async with refused(database, "ALREADY_SHIPPED", "orderId"):
        await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "too late"), agree))
