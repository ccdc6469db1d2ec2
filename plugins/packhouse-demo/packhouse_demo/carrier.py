"""The simulated carrier: prices by weight, labels in ZPL, scans by the clock."""

from packhouse.sdk import (
    Address,
    LabelRequest,
    Money,
    Parcel,
    ProviderRefused,
    PurchasedLabel,
    QuoteRequest,
    ShippingQuote,
    TrackingUpdate,
    now,
)
from packhouse_demo.settings import DemoSettings
from packhouse_demo.tracking import CARRIER, journey_of, tracking_number, tracking_url

# Seconds from one scan to the next at speed 1.
STEP_SECONDS = 2.0
_MEDIA_TYPE = "application/zpl"
# service → (name, pence for a parcel, pence for each started kilogram, business days)
_SERVICES = {
    "standard": ("Standard (simulated)", 295, 40, 3),
    "express": ("Express (simulated)", 595, 80, 1),
}
_GRAMS_IN_A_KILOGRAM = 1000


class DemoCarrier:
    """Sells labels without a carrier behind them. Labels are remembered for `find_label` until the process ends."""

    code = CARRIER
    title = "Demo carrier (simulated)"

    def __init__(self, settings: DemoSettings) -> None:
        self._settings = settings
        self._labels: dict[str, PurchasedLabel] = {}
        self._void: set[str] = set()

    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]:
        """What each service costs, the cheapest first."""
        return [
            ShippingQuote(self.code, service, name, _price(service, request.parcels), days)
            for service, (name, _, _, days) in _SERVICES.items()
        ]

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        """A label, the same one for the same key; the parcel's journey begins with it.

        Raises:
            ProviderRefused: a service that does not exist, or no destination.
        """
        known = self._labels.get(request.idempotency_key)
        if known is not None:
            return known
        if request.service not in _SERVICES:
            raise ProviderRefused(f"there is no service {request.service!r}; there are {', '.join(_SERVICES)}")
        if not request.ship_to.line1 or not request.ship_to.country:
            raise ProviderRefused("the destination has no street or no country")
        number = tracking_number(request.reference, now(), self._settings.lasting(STEP_SECONDS))
        label = PurchasedLabel(
            tracking_number=number,
            external_id=number,
            media_type=_MEDIA_TYPE,
            content=_zpl(request, number),
            price=_price(request.service, request.parcels),
            tracking_url=tracking_url(number),
        )
        self._labels[request.idempotency_key] = label
        return label

    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None:
        """The label that this key bought; None where it bought none since the process started."""
        return self._labels.get(request.idempotency_key)

    async def void_label(self, external_id: str, idempotency_key: str) -> None:  # noqa: ARG002  (voiding twice is once)
        """Void a label.

        Raises:
            ProviderRefused: it is none of ours.
        """
        if journey_of(external_id) is None:
            raise ProviderRefused(f"{external_id!r} is no label of the demo carrier")
        self._void.add(external_id)

    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        """Every scan until now; none for a parcel that is not ours or whose label is void."""
        journey = journey_of(tracking_number)
        if journey is None or tracking_number in self._void:
            return []
        return journey.scans(now())


def _price(service: str, parcels: tuple[Parcel, ...]) -> Money:
    _, each, per_kilogram, _ = _SERVICES[service]
    kilograms = sum(-(-parcel.weight_grams // _GRAMS_IN_A_KILOGRAM) for parcel in parcels)
    return Money.from_minor(each * len(parcels) + per_kilogram * kilograms, "GBP")


def _zpl(request: LabelRequest, number: str) -> bytes:
    """A label of 4 by 6 inches at 203 dpi, in Zebra's printer language (ZPL II)."""
    grams = sum(parcel.weight_grams for parcel in request.parcels)
    lines = [
        "DEMO CARRIER (SIMULATED) - NOT FOR POSTING",
        f"{_SERVICES[request.service][0]}  {grams} g",
        "From:",
        *_address(request.ship_from),
        "To:",
        *_address(request.ship_to),
        f"Ref {request.reference}",
    ]
    fields = [f"^FO40,{40 + 45 * place}^A0N,32,32^FD{_plain(line)}^FS" for place, line in enumerate(lines)]
    barcode = f"^FO40,{80 + 45 * len(lines)}^BY2^BCN,140,Y,N,N^FD{number}^FS"
    return "\n".join(["^XA", "^CI28", "^PW812", "^LL1218", *fields, barcode, "^XZ", ""]).encode()


def _address(address: Address) -> list[str]:
    parts = (address.name, address.company, address.line1, address.line2, f"{address.city} {address.postcode}".strip())
    return [f"  {part}" for part in (*parts, address.country) if part]


def _plain(text: str) -> str:
    """Without the characters that begin a command."""
    return "".join(" " if each in "^~" or not each.isprintable() else each for each in text)
