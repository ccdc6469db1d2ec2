"""What a picker cannot send is sent from elsewhere, and the shelf is set right as the reason says."""

import pytest
from tests.fulfillment.partner import Desk, open_holds

from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, Parcel, Pick
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.models import Location, StockCountLine, StockLevel
from packhouse.orders.models import Order, OrderLine
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock
from packhouse.testing.proofs import contradictions


async def make_places(desk: Desk, *codes: str) -> dict[str, Location]:
    """London with ten of everything, and the others with five mugs, asked in this order."""
    places = {"london": await make_shop(desk.database)}
    for priority, code in enumerate(codes, 200):
        places[code] = await make_location(desk.database, code, priority=priority)
        await make_stock(desk.database, "MUG", places[code], 5)
    return places


async def reject(desk: Desk, order: Order, reason: RejectionReason) -> None:
    """Reject the order's work that is under way, and let everybody hear of it."""
    work = await FulfillmentOrder.get(order_id=order.id, status__in=["open", "in_progress"])
    data = RejectFulfillment(work.id, reason)
    await desk.database.write(BY, lambda uow: reject_fulfillment(uow, data))
    await desk.deliver()


async def shelf(code: str) -> tuple[int, int, int]:
    """Mugs on hand, allocated and damaged at a location."""
    level = await StockLevel.get(location__code=code, variant__sku="MUG")
    return level.on_hand, level.allocated, level.damaged


async def packed(desk: Desk, work: FulfillmentOrder, units: int) -> Parcel:
    """Pick so many of the work's mugs, and pack them."""
    await desk.database.write(BY, lambda uow: start_picking(uow, StartPicking((work.id,))))
    found = ConfirmPick((await Pick.get(fulfillment_order_line__fulfillment_order_id=work.id)).id, "MUG", units)
    await desk.database.write(BY, lambda uow: confirm_pick(uow, found))
    return await desk.database.write(BY, lambda uow: pack(uow, PackParcel(work.id)))


async def send(desk: Desk, parcel: Parcel) -> None:
    """Hand a parcel over."""
    data = CreateShipment(parcel.id, carrier="test", tracking_number=f"T-{parcel.id}")
    shipment = await desk.database.write(BY, lambda uow: create_shipment(uow, data))
    await desk.database.write(BY, lambda uow: hand_over(uow, HandOver(shipment.id)))


@pytest.mark.parametrize(
    ("reason", "left", "counts"),
    [
        (RejectionReason.NOT_IN_STOCK, (0, 0, 0), ["MUG"]),
        (RejectionReason.DAMAGED, (10, 0, 4), []),
        (RejectionReason.MISMATCH, (10, 0, 0), ["MUG"]),
    ],
)
async def test_a_rejection_moves_stock_and_routes_again_without_the_location(
    desk: Desk, reason: RejectionReason, left: tuple[int, int, int], counts: list[str]
) -> None:
    places = await make_places(desk, "york")
    order = await make_order(desk.database, {"MUG": 4})

    await reject(desk, order, reason)

    again = await FulfillmentOrder.get(order_id=order.id, status="open")
    assert again.location_id == places["york"].id
    assert (await shelf("london"), await shelf("york")) == (left, (5, 4, 0))
    asked = await StockCountLine.filter(stock_count__status="draft", stock_count__location_id=places["london"].id)
    assert [line.sku for line in asked] == counts
    await desk.deliver(again=True)
    assert await FulfillmentOrder.filter(order_id=order.id).count() == 2
    assert await contradictions(desk.database) == []


async def test_each_rejection_leaves_one_location_fewer(desk: Desk) -> None:
    places = await make_places(desk, "york", "leeds")
    order = await make_order(desk.database, {"MUG": 2})
    for _ in range(2):
        await reject(desk, order, RejectionReason.MISMATCH)
    assert (await FulfillmentOrder.get(order_id=order.id, status="open")).location_id == places["leeds"].id
    assert await open_holds(order) == []
    await reject(desk, order, RejectionReason.MISMATCH)
    assert [reason for reason, _ in await open_holds(order)] == ["out_of_stock"]
    assert await StockCountLine.all().count() == 3
    assert await contradictions(desk.database) == []


async def test_a_short_pick_sends_what_was_found_and_the_rest_from_elsewhere(desk: Desk) -> None:
    places = await make_places(desk, "york")
    order = await make_order(desk.database, {"MUG": 5})
    work = await FulfillmentOrder.get(order_id=order.id)
    parcel = await packed(desk, work, 3)

    await reject(desk, order, RejectionReason.NOT_IN_STOCK)

    assert (await FulfillmentOrder.get(id=work.id)).status == "incomplete"
    # the parcel's three are all that is left there
    assert (await shelf("london"), await shelf("york")) == ((3, 3, 0), (5, 2, 0))
    await send(desk, parcel)
    rest = await FulfillmentOrder.get(order_id=order.id, status="open")
    assert rest.location_id == places["york"].id
    await send(desk, await packed(desk, rest, 2))
    line = await OrderLine.get(order_id=order.id)
    assert (line.shipped, line.allocated, line.cancelled) == (5, 0, 0)
    assert (await shelf("london"), await shelf("york")) == ((0, 0, 0), (3, 0, 0))
    assert await contradictions(desk.database) == []
