from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.models import Allocation, StockLevel
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.orders.models import Hold, OrderLine
from packhouse.storage import Database, UnitOfWork
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock


async def fail_work(database: Database, order_id: object) -> None:
    """What a rejecting location leaves behind: its work cancelled, its claims and counters given back."""

    async def work(uow: UnitOfWork) -> None:
        await uow.execute("UPDATE fulfillment_order SET status = 'cancelled' WHERE order_id = $1", order_id)
        await uow.execute("UPDATE allocation SET status = 'released' WHERE status = 'allocated'")
        await uow.execute("UPDATE order_line SET allocated = 0 WHERE order_id = $1", order_id)
        await uow.execute("UPDATE stock_level SET allocated = 0")

    await database.write(BY, work)


async def test_failed_work_goes_to_another_location(database: Database) -> None:
    london = await make_shop(database)
    york = await make_location(database, "york", priority=200)
    await make_stock(database, "MUG", york, 5)
    order = await make_order(database, {"MUG": 2})
    assert (await FulfillmentOrder.get(order_id=order.id)).location_id == london.id
    await fail_work(database, order.id)
    await database.write(BY, lambda uow: reroute(uow, Reroute(order.id)))
    work = await FulfillmentOrder.get(order_id=order.id, status="open")
    assert work.location_id == york.id
    assert (await StockLevel.get(location=york)).allocated == 2
    assert (await OrderLine.get(order_id=order.id)).allocated == 2


async def test_work_that_nobody_can_do_is_held(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    await fail_work(database, order.id)
    await database.write(BY, lambda uow: reroute(uow, Reroute(order.id)))
    assert (await Hold.get(order_id=order.id, released_at=None)).reason == "out_of_stock"
    assert (await OrderLine.get(order_id=order.id)).allocated == 0


async def test_rerouting_twice_does_it_once(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    for _ in range(2):
        await database.write(BY, lambda uow: reroute(uow, Reroute(order.id)))
    assert await FulfillmentOrder.filter(order_id=order.id).count() == 1
    assert await Allocation.filter(status="allocated").count() == 1
