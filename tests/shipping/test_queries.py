"""What plugins see of an order, and what its customer sees."""

from datetime import UTC, datetime, timedelta

from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import OrderLine
from packhouse.orders.states import HoldReason
from packhouse.sdk import Money, new_id
from packhouse.shipping.models import DeliveryPromise
from packhouse.shipping.queries import order_snapshot, order_snapshots, tracking_view
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import ADDRESS, make_delivered, make_order, make_shipped, make_shop
from packhouse.testing.statements import noted_statements

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


async def test_a_snapshot_shows_the_whole_order(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2}, external_id="shop-1")
    [shipment] = await make_shipped(database, order)
    line = await OrderLine.get(order_id=order.id)

    snapshot = await order_snapshot(order.id)

    assert snapshot is not None
    assert (snapshot.number, snapshot.channel, snapshot.external_id) == (order.number, "web", "shop-1")
    assert (snapshot.status, snapshot.total, snapshot.on_hold) == ("confirmed", Money.of("20.00", "GBP"), False)
    assert snapshot.shipping_address == ADDRESS
    assert [(each.id, each.sku, each.ordered, each.shipped) for each in snapshot.lines] == [(line.id, "MUG", 2, 2)]
    [parcel] = snapshot.shipments
    assert (parcel.id, parcel.status, parcel.location) == (shipment.id, "handed_over", "london")
    assert (parcel.carrier, parcel.tracking_number) == ("test", shipment.tracking_number)
    assert [(each.order_line_id, each.sku, each.quantity) for each in parcel.lines] == [(line.id, "MUG", 2)]


async def test_snapshots_of_many_orders_cost_as_much_as_of_one(database: Database, by: Initiator) -> None:
    await make_shop(database)
    orders = [await make_order(database) for _ in range(3)]
    for order in orders:
        await make_shipped(database, order)
    await database.write(by, lambda uow: hold(uow, HoldOrder(orders[0].id, HoldReason.OTHER)))

    with noted_statements() as for_one:
        await order_snapshots([orders[0].id])
    with noted_statements() as for_all:
        found = await order_snapshots([*(order.id for order in orders), new_id()])

    assert len(for_all) == len(for_one) == 7
    assert {id_: len(each.shipments) for id_, each in found.items()} == {order.id: 1 for order in orders}
    assert [found[order.id].on_hold for order in orders] == [True, False, False]


async def test_a_customer_sees_the_way_of_the_order(database: Database, by: Initiator) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    await database.write(
        by,
        lambda _: DeliveryPromise.create(
            order_id=order.id, promised_by=AT + timedelta(days=2), source="checkout", made_at=AT
        ),
    )
    before = await tracking_view(order.id)
    [parcel] = await make_delivered(database, order)
    after = await tracking_view(order.id)

    assert before is not None
    assert after is not None
    assert (before.phase, after.phase) == ("ready", "delivered")
    assert (after.number, after.promised_by) == (order.number, AT + timedelta(days=2))
    assert [(step.title, step.at is not None) for step in before.steps] == [
        ("Placed", True),
        ("Confirmed", True),
        ("Packed", False),
        ("On its way", False),
        ("Delivered", False),
    ]
    assert all(step.at for step in after.steps)
    assert before.parcels == []
    [shown] = after.parcels
    assert (shown.carrier, shown.number, shown.status) == ("test", parcel.tracking_number, "delivered")
    assert len(shown.scans) == 1
    assert [(line.quantity, line.shipped) for line in after.lines] == [(2, 2)]


async def test_a_customer_sees_that_the_order_was_cancelled(database: Database, by: Initiator) -> None:
    await make_shop(database)
    order = await make_order(database)
    data = CancelOrder(order.id, "changed my mind")
    await database.write(by, lambda uow: cancel(uow, data, lambda _: []))

    view = await tracking_view(order.id)

    assert view is not None
    assert view.phase == "cancelled"
    assert [step.title for step in view.steps] == ["Placed", "Cancelled"]
    assert [line.quantity for line in view.lines] == [0]


async def test_nobody_sees_an_order_that_is_not_there(database: Database) -> None:  # noqa: ARG001  (opens the database)
    assert await tracking_view(new_id()) is None
    assert await order_snapshot(new_id()) is None
