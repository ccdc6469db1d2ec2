"""Makes what a test needs, through the same commands that the product uses."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.commands.set_price import SetPrice, set_price
from packhouse.catalog.models import Variant
from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackParcel, pack
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, Pick
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.models import Location
from packhouse.inventory.states import LocationKind
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.orders.models import Order
from packhouse.sdk import Address, Money, TrackingStatus, TrackingUpdate, now
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator, UnitOfWork

D = TypeVar("D")
T = TypeVar("T")

BY = Initiator("tester", "test")

ADDRESS = Address(
    name="Test Buyer",
    line1="1 Example Street",
    city="London",
    postcode="SW1A 1AA",
    country="GB",
    email="buyer@example.com",
)


async def make_variant(
    database: Database, sku: str = "MUG", *, price: str | None = "10.00", currency: str = "GBP", weight_grams: int = 300
) -> Variant:
    """A variant, with a price on every channel."""
    data = CreateVariant(sku=sku, title=f"Title of {sku}", barcode=f"BAR-{sku}", weight_grams=weight_grams)
    variant = await database.write(BY, lambda uow: create_variant(uow, data))
    if price is not None:
        listed = SetPrice(sku, Money.of(price, currency))
        await database.write(BY, lambda uow: set_price(uow, listed))
    return variant


async def make_location(
    database: Database,
    code: str = "london",
    *,
    network: str = "",
    priority: int = 100,
    address: Address = ADDRESS,
    group: str = "",
) -> Location:
    """A location: our own warehouse, or one of a fulfilment network."""
    kind = LocationKind.THIRD_PARTY if network else LocationKind.WAREHOUSE
    data = CreateLocation(
        code=code, name=code.title(), kind=kind, network=network, address=address, priority=priority, group=group
    )
    return await database.write(BY, lambda uow: create_location(uow, data))


async def make_stock(database: Database, sku: str, location: Location, units: int, bin_code: str = "A-1") -> None:
    """Units of a variant on the shelf of a location."""
    data = AdjustStock(sku=sku, location_id=location.id, quantity=units, reason="received for a test", bin=bin_code)
    await database.write(BY, lambda uow: adjust_stock(uow, data))


async def make_order(
    database: Database,
    lines: dict[str, int] | None = None,
    *,
    channel: str = "web",
    currency: str = "GBP",
    paid: str | None = None,
    external_id: str = "",
) -> Order:
    """A confirmed order of what is in stock; `paid` charges that amount."""
    payments = (PlacePayment("charge", Money.of(paid, currency), external_id="pay-1"),) if paid else ()
    data = PlaceOrder(
        channel=channel,
        currency=currency,
        lines=tuple(PlaceLine(sku, quantity) for sku, quantity in (lines or {"MUG": 1}).items()),
        email="buyer@example.com",
        customer_name="Test Buyer",
        shipping_address=ADDRESS,
        payments=payments,
        external_id=external_id,
    )
    order_id: UUID = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    return await Order.get(id=order_id)


async def make_shop(database: Database, *, units: int = 10) -> Location:
    """A mug, a plate and a location that has `units` of each."""
    location = await make_location(database)
    for sku in ("MUG", "PLATE"):
        await make_variant(database, sku)
        await make_stock(database, sku, location, units)
    return location


async def make_shipped(database: Database, order: Order) -> list[Shipment]:
    """Pick, pack and hand over everything that our own warehouses have to send of an order."""
    shipments = []
    for work in await FulfillmentOrder.filter(order_id=order.id, network="").order_by("id"):
        shipments.append(await _send(database, work.id))
    return shipments


async def make_delivered(database: Database, order: Order, *, at: datetime | None = None) -> list[Shipment]:
    """Send everything of an order and let it arrive, now or `at` a time in the past."""
    scan = TrackingUpdate(external_id="delivered-1", status=TrackingStatus.DELIVERED, occurred_at=at or now())
    delivered = []
    for shipment in await make_shipped(database, order):
        data = RecordTracking(shipment.id, (scan,))
        delivered.append(await _run(database, record_tracking, data))
    return delivered


async def _send(database: Database, work_id: UUID) -> Shipment:
    pick_list = await _run(database, start_picking, StartPicking((work_id,)))
    for pick in await Pick.filter(pick_list_id=pick_list.id):
        await _run(database, confirm_pick, ConfirmPick(pick.id, pick.sku, pick.quantity, pick.lot))
    parcel = await _run(database, pack, PackParcel(work_id))
    data = CreateShipment(parcel.id, carrier="test", tracking_number=f"TEST-{parcel.id.hex[-8:]}")
    shipment = await _run(database, create_shipment, data)
    return await _run(database, hand_over, HandOver(shipment.id))


async def _run(database: Database, command: Callable[[UnitOfWork, D], Awaitable[T]], data: D) -> T:
    return await database.write(BY, lambda uow: command(uow, data))
