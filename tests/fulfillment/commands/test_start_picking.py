import pytest

from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, Pick
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import Order
from packhouse.orders.states import HoldReason
from packhouse.sdk import InvalidValue, new_id
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.proofs import refused


async def test_the_picks_are_in_the_order_of_the_bins(database: Database, by: Initiator) -> None:
    location = await make_location(database)
    for sku, bin_code in (("VASE", "C-1"), ("BOWL", "A-2"), ("CUP", "B-9")):
        await make_variant(database, sku)
        await make_stock(database, sku, location, 5, bin_code)
    first = await make_order(database, {"VASE": 1, "BOWL": 2})
    second = await make_order(database, {"CUP": 3})
    work = [await FulfillmentOrder.get(order_id=order.id) for order in (first, second)]

    data = StartPicking(tuple(row.id for row in work))
    pick_list = await database.write(by, lambda uow: start_picking(uow, data))

    picks = await Pick.filter(pick_list_id=pick_list.id).order_by("id")
    assert [(pick.bin, pick.sku, pick.quantity, pick.picked) for pick in picks] == [
        ("A-2", "BOWL", 2, 0),
        ("B-9", "CUP", 3, 0),
        ("C-1", "VASE", 1, 0),
    ]
    assert pick_list.status == "open"
    assert pick_list.location_id == location.id
    for row, order in zip(work, (first, second), strict=True):
        started = await FulfillmentOrder.get(id=row.id)
        assert (started.status, started.started_at is not None) == ("in_progress", True)
        assert (await Order.get(id=order.id)).updated_at > order.updated_at
    events = await database.fetch("SELECT order_id FROM event WHERE type = 'fulfillment_started'")
    assert len(events) == 2


async def test_only_open_work_of_one_own_location_that_nothing_holds_is_picked(
    database: Database, by: Initiator
) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 1})
    work = await FulfillmentOrder.get(order_id=order.id)
    data = StartPicking((work.id,))

    await database.write(by, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))
    async with refused(database, "ON_HOLD", "fulfillmentOrderIds"):
        await database.write(by, lambda uow: start_picking(uow, data))

    other = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    await FulfillmentOrder.filter(id=other.id).update(location_id=(await make_location(database, "leeds")).id)
    free = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    async with refused(database, "DIFFERENT_LOCATIONS"):
        await database.write(by, lambda uow: start_picking(uow, StartPicking((free.id, other.id))))

    await FulfillmentOrder.filter(id=other.id).update(network="test-3pl")
    async with refused(database, "FULFILLED_BY_NETWORK"):
        await database.write(by, lambda uow: start_picking(uow, StartPicking((other.id,))))

    await database.write(by, lambda uow: start_picking(uow, StartPicking((free.id,))))
    async with refused(database, "NOT_OPEN"):
        await database.write(by, lambda uow: start_picking(uow, StartPicking((free.id,))))
    async with refused(database, "NOT_FOUND", "fulfillmentOrderIds"):
        await database.write(by, lambda uow: start_picking(uow, StartPicking((new_id(),))))
    with pytest.raises(InvalidValue):
        await database.write(by, lambda uow: start_picking(uow, StartPicking(())))
