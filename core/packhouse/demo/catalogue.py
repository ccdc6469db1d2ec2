"""What the demo shop sells, where it lies, and what its customers order."""

from collections.abc import Mapping
from dataclasses import dataclass

from packhouse.inventory.states import LocationKind
from packhouse.sdk import Address

CHANNEL = "demo"
CURRENCY = "GBP"
CARRIER = "demo-carrier"
NETWORK = "demo-3pl"
PAYMENTS = "demo-pay"
REVIEWS = "demo-reviews"


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A thing to sell; `price` of one unit in GBP. Barcodes are GTIN-13 of the range for use within a company (prefix 2)."""

    sku: str
    title: str
    price: str
    grams: int
    barcode: str


@dataclass(frozen=True, slots=True)
class DemoLocation:
    """A place with stock: `bins` maps each SKU that it holds to its bin."""

    code: str
    name: str
    kind: LocationKind
    priority: int
    address: Address
    bins: Mapping[str, str]
    network: str = ""


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """What becomes of an order: units of each SKU, whether its money comes late (so that it is held), whether it comes back."""

    serial: int
    basket: Mapping[str, int]
    is_paid_late: bool = False
    is_returned: bool = False


def _gtin13(serial: int) -> str:
    body = f"2{serial:011d}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    return f"{body}{check}"


def _variants(*rows: tuple[str, str, str, int]) -> dict[str, DemoVariant]:
    return {row[0]: DemoVariant(*row, barcode=_gtin13(serial)) for serial, row in enumerate(rows, 1)}


VARIANTS = _variants(
    ("DEMO-MUG", "Stoneware mug", "9.50", 380),
    ("DEMO-TEAPOT", "Cast-iron teapot", "34.00", 1450),
    ("DEMO-LAMP", "Desk lamp", "48.00", 1900),
    ("DEMO-NOTEBOOK", "Dotted notebook", "7.25", 260),
    ("DEMO-PEN", "Gel pen, black", "2.40", 15),
    ("DEMO-BLANKET", "Wool blanket", "62.00", 1100),
    ("DEMO-CANDLE", "Beeswax candle", "11.00", 240),
    ("DEMO-APRON", "Linen apron", "27.50", 330),
)


def _address(line1: str, city: str, postcode: str) -> Address:
    return Address(
        company="Demo warehouse (simulated)",
        line1=line1,
        city=city,
        postcode=postcode,
        country="GB",
        phone="02000000000",
    )


LOCATIONS = (
    DemoLocation(
        "demo-london",
        "Demo warehouse London",
        LocationKind.WAREHOUSE,
        10,
        _address("1 Example Yard", "London", "E1 0AA"),
        {"DEMO-MUG": "A-01-1", "DEMO-NOTEBOOK": "A-02-1", "DEMO-PEN": "A-02-2", "DEMO-CANDLE": "B-01-3"},
    ),
    DemoLocation(
        "demo-leeds",
        "Demo warehouse Leeds",
        LocationKind.WAREHOUSE,
        20,
        _address("2 Example Yard", "Leeds", "LS2 0AA"),
        {"DEMO-TEAPOT": "K-01-1", "DEMO-BLANKET": "K-03-2", "DEMO-PEN": "L-01-1", "DEMO-APRON": "L-02-4"},
    ),
    DemoLocation(
        "demo-hub",
        "Demo 3PL hub (simulated)",
        LocationKind.THIRD_PARTY,
        30,
        _address("3 Example Yard", "Birmingham", "B1 0AA"),
        {"DEMO-LAMP": "3PL", "DEMO-BLANKET": "3PL", "DEMO-CANDLE": "3PL"},
        network=NETWORK,
    ),
)
OWN_LOCATIONS = tuple(location for location in LOCATIONS if not location.network)

# In turn; the third goes to the 3PL, the fourth is split over both warehouses.
_BASKETS: tuple[Mapping[str, int], ...] = (
    {"DEMO-MUG": 2},
    {"DEMO-TEAPOT": 1},
    {"DEMO-LAMP": 1},
    {"DEMO-MUG": 1, "DEMO-TEAPOT": 1},
    {"DEMO-NOTEBOOK": 2, "DEMO-PEN": 5},
    {"DEMO-BLANKET": 1, "DEMO-APRON": 1},
    {"DEMO-CANDLE": 3, "DEMO-LAMP": 1},
    {"DEMO-PEN": 10},
)
_RETURNED = 1
_PAID_LATE = 2


def order_plans(count: int) -> list[OrderPlan]:
    """What is ordered: the first order is returned after its delivery, the second waits on hold for its money."""
    return [
        OrderPlan(
            serial=serial,
            basket=_BASKETS[(serial - 1) % len(_BASKETS)],
            is_paid_late=serial == _PAID_LATE,
            is_returned=serial == _RETURNED,
        )
        for serial in range(1, count + 1)
    ]
