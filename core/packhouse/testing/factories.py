"""Makes what a test needs, through the same commands that the product uses."""

from uuid import UUID

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.commands.set_price import SetPrice, set_price
from packhouse.catalog.models import Variant
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.models import Location
from packhouse.inventory.states import LocationKind
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.orders.models import Order
from packhouse.sdk import Address, Money
from packhouse.storage import Database, Initiator

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
    database: Database, code: str = "london", *, network: str = "", priority: int = 100
) -> Location:
    """A location: our own warehouse, or one of a fulfilment network."""
    kind = LocationKind.THIRD_PARTY if network else LocationKind.WAREHOUSE
    data = CreateLocation(code=code, name=code.title(), kind=kind, network=network, address=ADDRESS, priority=priority)
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
