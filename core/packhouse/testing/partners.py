"""A carrier and a fulfilment network for tests: they do what they are told, and write down what they were asked."""

import asyncio
from dataclasses import dataclass, field

from packhouse.sdk import (
    FulfillmentChange,
    FulfillmentPreview,
    FulfillmentRequest,
    LabelRequest,
    Money,
    NetworkStatus,
    NetworkStock,
    NetworkStockPage,
    NetworkUpdate,
    ProviderRefused,
    PurchasedLabel,
    QuoteRequest,
    ShippingQuote,
    TrackingUpdate,
    now,
)


@dataclass
class TestCarrier:
    """Quotes, sells, voids and tracks. `fails` holds the errors of the next calls by operation, taken one by one.

    With `fails_after` the call worked before the error came, as when an answer is lost.
    """

    __test__ = False

    code: str = "test"
    title: str = "Test carrier"
    price: str = "4.20"
    delay_seconds: float = 0.0
    scans: dict[str, list[TrackingUpdate]] = field(default_factory=dict)
    fails: dict[str, list[BaseException]] = field(default_factory=dict)
    fails_after: dict[str, list[Exception]] = field(default_factory=dict)
    bought: dict[str, PurchasedLabel] = field(default_factory=dict)
    voided: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]:
        """Two services, the second one faster and dearer."""
        self._called("quote", request.ship_to.postcode)
        await asyncio.sleep(self.delay_seconds)
        price = Money.of(self.price, "GBP")
        return [
            ShippingQuote(self.code, "express", "Express", price * 2, 1),
            ShippingQuote(self.code, "standard", "Standard", price, 3),
        ]

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        """A label; one key gives one label."""
        self._called("buy_label", request.idempotency_key)
        label = self.bought.setdefault(
            request.reference,
            PurchasedLabel(
                tracking_number=f"T{len(self.bought) + 1:09}",
                external_id=f"label-{len(self.bought) + 1}",
                media_type="application/pdf",
                content=b"%PDF-1.4",
                price=Money.of(self.price, "GBP"),
                tracking_url="https://carrier.example/track",
            ),
        )
        self._answer("buy_label")
        return label

    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None:
        """What was bought for the reference."""
        self._called("find_label", request.idempotency_key)
        return self.bought.get(request.reference)

    async def void_label(self, external_id: str, idempotency_key: str) -> None:
        """Void it."""
        self._called("void_label", idempotency_key)
        self.voided.append(external_id)
        self._answer("void_label")

    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        """The scans that the test put in."""
        self._called("track", tracking_number)
        return self.scans.get(tracking_number, [])

    def _called(self, operation: str, about: str) -> None:
        self.calls.append((operation, about))
        if self.fails.get(operation):
            raise self.fails[operation].pop(0)

    def _answer(self, operation: str) -> None:
        if self.fails_after.get(operation):
            raise self.fails_after[operation].pop(0)


@dataclass
class TestNetwork:
    """Takes work. `answers` says how each request stands, by our reference; `first` is the answer to a submission."""

    __test__ = False

    code: str = "test-3pl"
    title: str = "Test 3PL"
    first: NetworkUpdate = field(default_factory=lambda: NetworkUpdate(NetworkStatus.SUBMITTED, "N-1"))
    answers: dict[str, NetworkUpdate] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)
    fails_after: list[Exception] = field(default_factory=list)
    fetch_fails: dict[str, Exception] = field(default_factory=dict)
    requests: list[FulfillmentRequest] = field(default_factory=list)

    async def submit(self, request: FulfillmentRequest) -> NetworkUpdate:
        """Take the work; the same reference twice is one request."""
        if self.fails:
            raise self.fails.pop(0)
        self.requests.append(request)
        answer = self.answers.setdefault(request.reference, self.first)
        if self.fails_after:
            raise self.fails_after.pop(0)
        return answer

    async def fetch(self, reference: str) -> NetworkUpdate | None:
        """How it stands."""
        if reference in self.fetch_fails:
            raise self.fetch_fails[reference]
        return self.answers.get(reference)


@dataclass
class TestCooperatingNetwork(TestNetwork):
    """A network that can be talked to: asked to cancel, told of changes, asked for previews, scans and stock.

    `cancels` is the answer to a cancellation; `fails_on` holds the errors of the next calls by operation, before they work,
    and `fails_on_after` those that come when they have worked. `refuses` makes it take over no change.
    """

    __test__ = False

    cancels: NetworkStatus = NetworkStatus.CANCELLED
    cancel_reason: str = "as you wish"
    refuses: str = ""
    offers: FulfillmentPreview = field(default_factory=lambda: FulfillmentPreview(()))
    pages: list[NetworkStockPage] = field(default_factory=list)
    scans: dict[str, list[TrackingUpdate]] = field(default_factory=dict)
    fails_on: dict[str, list[Exception]] = field(default_factory=dict)
    fails_on_after: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    changes: list[FulfillmentChange] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    previewed: list[FulfillmentRequest] = field(default_factory=list)

    async def cancel(self, reference: str, idempotency_key: str) -> NetworkUpdate:
        """Give it back, or not; what was decided is what `fetch` says afterwards."""
        self._called("cancel", reference)
        self.keys.append(idempotency_key)
        answer = NetworkUpdate(self.cancels, reason=self.cancel_reason)
        if self.cancels is NetworkStatus.CANCELLED:
            self.answers[reference] = answer
        self._answer("cancel")
        return answer

    async def update(self, change: FulfillmentChange) -> None:
        """Take the change over."""
        self._called("update", change.reference)
        if self.refuses:
            raise ProviderRefused(self.refuses)
        self.changes.append(change)
        self._answer("update")

    async def preview(self, request: FulfillmentRequest) -> FulfillmentPreview:
        """What the test put in."""
        self._called("preview", request.reference)
        self.previewed.append(request)
        return self.offers

    async def track_shipment(self, reference: str, external_id: str) -> list[TrackingUpdate]:
        """The scans that the test put in, by the parcel."""
        self._called("track_shipment", f"{reference}/{external_id}")
        return self.scans.get(external_id, [])

    async def pull_stock(self, location: str, cursor: str | None) -> NetworkStockPage:
        """The page of that number; none left means nothing there."""
        self._called("pull_stock", f"{location}:{cursor or 0}")
        number = int(cursor or 0)
        return self.pages[number] if number < len(self.pages) else NetworkStockPage((), now())

    def stock(self, *levels: NetworkStock) -> None:
        """One page with these levels, as they are now."""
        self.pages = [NetworkStockPage(levels, now())]

    def _called(self, operation: str, about: str) -> None:
        self.calls.append((operation, about))
        if self.fails_on.get(operation):
            raise self.fails_on[operation].pop(0)

    def _answer(self, operation: str) -> None:
        if self.fails_on_after.get(operation):
            raise self.fails_on_after[operation].pop(0)
