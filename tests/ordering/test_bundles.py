"""Bundles: sold as one line, sent as their components, counted when all of them have come so far."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import StockLevel
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.confirm import confirm
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.models import ReturnLine
from packhouse.returns.states import Disposition, ReturnReason
from packhouse.sdk import Refused, TrackingStatus, TrackingUpdate, now
from packhouse.settings.sections import ReturnsSettings
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.models import Shipment
from packhouse.shipping.queries import order_snapshot
from packhouse.storage import Database, UnitOfWork
from packhouse.testing import factories
from packhouse.testing.factories import ADDRESS, BY, make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.proofs import contradictions, refused


@pytest.fixture
async def shop(database: Database) -> None:
    """Ten mugs and ten plates in London; a set of one mug and two plates; a hamper of two sets and a mug."""
    await make_shop(database)
    for sku, parts in (("SET", {"MUG": 1, "PLATE": 2}), ("HAMPER", {"SET": 2, "MUG": 1})):
        await make_variant(database, sku, price="50.00")
        data = SetBundle(sku, tuple(BundlePart(*part) for part in parts.items()))
        await database.write(BY, lambda uow, data=data: set_bundle(uow, data))


@pytest.fixture
async def two_places(database: Database) -> None:
    """A set whose mugs are in London and whose plates are in Leeds."""
    for sku, code in (("MUG", "london"), ("PLATE", "leeds")):
        await make_variant(database, sku)
        await make_stock(database, sku, await make_location(database, code), 10)
    await make_variant(database, "SET", price="50.00")
    data = SetBundle("SET", (BundlePart("MUG", 1), BundlePart("PLATE", 2)))
    await database.write(BY, lambda uow: set_bundle(uow, data))


async def allocated() -> dict[str, int]:
    found: dict[str, int] = {}
    for level in await StockLevel.all().prefetch_related("variant"):
        found[level.variant.sku] = found.get(level.variant.sku, 0) + level.allocated
    return found


async def line_of(order: Order) -> tuple[int, ...]:
    """(ordered, allocated, shipped, delivered, returned, cancelled) of the bundle's line."""
    line = await OrderLine.get(order_id=order.id, is_bundle=True)
    return (line.ordered, line.allocated, line.shipped, line.delivered, line.returned, line.cancelled)


async def send(database: Database, order: Order, sku: str) -> Shipment:
    """Send the work for a component."""
    line = await FulfillmentOrderLine.filter(
        fulfillment_order__order_id=order.id, sku=sku, fulfillment_order__status="open"
    ).get()
    return await factories._send(database, line.fulfillment_order_id)


async def arrive(database: Database, shipment: Shipment) -> None:
    data = RecordTracking(shipment.id, (TrackingUpdate("there", TrackingStatus.DELIVERED, now()),))
    await database.write(BY, lambda uow: record_tracking(uow, data))


@pytest.mark.usefixtures("shop")
async def test_the_line_is_the_bundle_and_the_work_its_components(database: Database) -> None:
    order = await make_order(database, {"HAMPER": 1, "SET": 2, "MUG": 1})
    assert order.total == 2 * 5000 * 1 + 5000 + 1000
    lines = await OrderLine.filter(order_id=order.id).order_by("position")
    assert [(line.sku, line.is_bundle, line.ordered, line.allocated) for line in lines] == [
        ("HAMPER", True, 1, 1),
        ("SET", True, 2, 2),
        ("MUG", False, 1, 1),
    ]
    work = await FulfillmentOrderLine.filter(fulfillment_order__order_id=order.id).prefetch_related("order_line")
    assert sorted((each.order_line.sku, each.sku, each.quantity) for each in work) == [
        ("HAMPER", "MUG", 3),
        ("HAMPER", "PLATE", 4),
        ("MUG", "MUG", 1),
        ("SET", "MUG", 2),
        ("SET", "PLATE", 4),
    ]
    assert await allocated() == {"MUG": 6, "PLATE": 8}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_a_bundle_and_a_single_of_it_are_summed_before_checking(database: Database) -> None:
    async with refused(database, "INSUFFICIENT_STOCK", "lines.1.quantity"):
        await make_order(database, {"MUG": 1, "SET": 4, "PLATE": 3})
    async with refused(database, "INSUFFICIENT_STOCK", "lines.0.quantity"):
        await make_order(database, {"SET": 6})
    await make_order(database, {"SET": 4, "PLATE": 2})
    assert await allocated() == {"MUG": 4, "PLATE": 10}


@pytest.mark.usefixtures("two_places")
async def test_a_bundle_has_left_when_all_of_it_has(database: Database) -> None:
    order = await make_order(database, {"SET": 2})
    assert await FulfillmentOrder.filter(order_id=order.id).count() == 2
    mugs = await send(database, order, "MUG")
    assert await line_of(order) == (2, 2, 0, 0, 0, 0)
    snapshot = await order_snapshot(order.id)
    assert snapshot is not None
    assert [shipment.lines for shipment in snapshot.shipments] == [()], "no whole bundle has left yet"
    assert await contradictions(database) == []
    async with refused(database, "ALREADY_SHIPPED"):
        await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "too late"), lambda _: []))

    plates = await send(database, order, "PLATE")
    assert await line_of(order) == (2, 0, 2, 0, 0, 0)
    snapshot = await order_snapshot(order.id)
    assert snapshot is not None
    told = {shipment.id: [(line.sku, line.quantity) for line in shipment.lines] for shipment in snapshot.shipments}
    assert told == {mugs.id: [], plates.id: [("SET", 2)]}
    events = await database.fetch("SELECT payload FROM event WHERE type = 'shipment_dispatched' ORDER BY occurred_at")
    assert ['"SET"' in event["payload"] for event in events] == [False, True]
    await arrive(database, plates)
    assert await line_of(order) == (2, 0, 2, 0, 0, 0)
    await arrive(database, mugs)
    assert await line_of(order) == (2, 0, 2, 2, 0, 0)
    assert (await Order.get(id=order.id)).status == "completed"
    assert await contradictions(database) == []


@pytest.mark.usefixtures("two_places")
async def test_what_comes_back_goes_on_the_shelf_as_components(database: Database) -> None:
    order = await make_order(database, {"SET": 2})
    for sku in ("MUG", "PLATE"):
        await arrive(database, await send(database, order, sku))
    line = await OrderLine.get(order_id=order.id)
    asked = RequestReturn(order.id, (LineToReturn(line.id, 1, ReturnReason.UNWANTED),))
    opened = await database.write(BY, lambda uow: request_return(uow, asked, ReturnsSettings()))
    await database.write(BY, lambda uow: approve_return(uow, ApproveReturn(opened.id)))
    coming = await ReturnLine.get(return_request_id=opened.id)
    arrived = ReceiveReturn(opened.id, (ReceivedUnits(coming.id, 1),))
    await database.write(BY, lambda uow: receive_return(uow, arrived))
    level = await StockLevel.get(variant__sku="MUG")
    seen = InspectReturn(opened.id, (InspectedUnits(coming.id, level.location_id, 1, Disposition.RESTOCK),))
    await database.write(BY, lambda uow: inspect_return(uow, seen, ReturnsSettings()))
    assert await line_of(order) == (2, 0, 2, 2, 1, 0)
    at_london = {
        row.variant.sku: row.on_hand
        for row in await StockLevel.filter(location_id=level.location_id).prefetch_related("variant")
    }
    assert at_london == {"MUG": 9, "PLATE": 2}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("two_places")
async def test_components_that_a_location_rejects_are_routed_again(database: Database) -> None:
    order = await make_order(database, {"SET": 2})
    work = await FulfillmentOrderLine.get(fulfillment_order__order_id=order.id, sku="PLATE")
    data = RejectFulfillment(work.fulfillment_order_id, RejectionReason.DAMAGED)
    await database.write(BY, lambda uow: reject_fulfillment(uow, data))
    assert await line_of(order) == (2, 0, 0, 0, 0, 0), "no bundle is whole without its plates"
    await database.write(BY, lambda uow: reroute(uow, Reroute(order.id)))
    assert (await Hold.get(order_id=order.id)).reason == "out_of_stock"
    assert await line_of(order) == (2, 0, 0, 0, 0, 0)
    assert await contradictions(database) == []
    await make_stock(database, "PLATE", await make_location(database, "york"), 4)
    await database.write(BY, lambda uow: reroute(uow, Reroute(order.id)))
    assert await line_of(order) == (2, 2, 0, 0, 0, 0)
    assert await allocated() == {"MUG": 2, "PLATE": 4}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_a_cancelled_bundle_gives_its_components_back(database: Database) -> None:
    order = await make_order(database, {"HAMPER": 1})
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "changed their mind"), lambda _: []))
    assert await line_of(order) == (1, 0, 0, 0, 0, 1)
    assert await allocated() == {"MUG": 0, "PLATE": 0}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_an_order_that_waits_is_confirmed_with_what_its_bundle_was_made_of(database: Database) -> None:
    data = PlaceOrder("web", "GBP", (PlaceLine("SET", 6),), shipping_address=ADDRESS, on_shortage=OnShortage.HOLD)
    order_id: UUID = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    order = await Order.get(id=order_id)
    assert (order.status, await line_of(order)) == ("pending", (6, 0, 0, 0, 0, 0))
    smaller = SetBundle("SET", (BundlePart("MUG", 1),))
    await database.write(BY, lambda uow: set_bundle(uow, smaller))
    london = (await StockLevel.get(variant__sku="MUG")).location_id
    await Hold.filter(order_id=order_id).update(released_at=now())
    async with refused(database, "INSUFFICIENT_STOCK"):
        await database.write(BY, lambda uow: confirm(uow, order_id))
    await StockLevel.get(variant__sku="PLATE", location_id=london)
    await make_stock(database, "PLATE", await (await StockLevel.get(variant__sku="PLATE")).location, 2)
    await database.write(BY, lambda uow: confirm(uow, order_id))
    assert await line_of(order) == (6, 6, 0, 0, 0, 0)
    assert await allocated() == {"MUG": 6, "PLATE": 12}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_a_reservation_of_bundles_holds_their_components(database: Database) -> None:
    basket = ReserveStock((BasketLine("SET", 3), BasketLine("MUG", 1)))
    held = await database.write(BY, lambda uow: reserve(uow, basket))
    levels = {row.variant.sku: row.reserved for row in await StockLevel.all().prefetch_related("variant")}
    assert levels == {"MUG": 4, "PLATE": 6}
    data = PlaceOrder(
        "web", "GBP", (PlaceLine("SET", 3), PlaceLine("MUG", 1)), shipping_address=ADDRESS, reservation_id=held.id
    )
    await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    assert await allocated() == {"MUG": 4, "PLATE": 6}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_at_once_bundles_and_singles_never_take_more_than_there_is(database: Database) -> None:
    async def buy(number: int) -> bool:
        lines = [{"SET": 1, "MUG": 1}, {"PLATE": 1, "HAMPER": 1}, {"MUG": 1, "PLATE": 1}][number % 3]
        try:
            await make_order(database, lines)
        except Refused as refusal:
            assert refusal.code == "INSUFFICIENT_STOCK"  # noqa: PT017  (the refusal is the expected half of the outcome)
            return False
        return True

    results = await asyncio.gather(*(buy(number) for number in range(30)))
    assert 0 < results.count(True) < 30
    assert max((await allocated()).values()) <= 10
    async with refused(database, "INSUFFICIENT_STOCK"):
        await make_order(database, {"MUG": 11})
    assert await contradictions(database) == []


@pytest.mark.usefixtures("shop")
async def test_an_order_without_bundles_costs_nothing_for_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    fetch = UnitOfWork.fetch

    async def noting(self: UnitOfWork, sql: str, *values: Any) -> Any:
        sent.append(sql)
        return await fetch(self, sql, *values)

    monkeypatch.setattr(UnitOfWork, "fetch", noting)

    async def cost(lines: dict[str, int]) -> int:
        await make_order(database, lines)
        count = len(sent)
        sent.clear()
        return count

    await cost({"MUG": 1})
    plain = await cost({"MUG": 1, "PLATE": 1})
    assert plain == 14, "two claims among them"
    # what the bundle is made of is read, and kept with the order
    assert await cost({"SET": 1}) == plain + 2
