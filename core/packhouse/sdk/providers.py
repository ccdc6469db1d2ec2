"""Providers: doing a thing with somebody outside. Small capability Protocols, looked up by the provider's code.

A provider implements only what it can do; the host asks with `isinstance(provider, BuysLabels)`. Every call that has an
effect carries an `idempotency_key` that stays the same over retries. Failures are the `ProviderError`s of
`packhouse.sdk.errors`; anything else counts as "in doubt" for calls with an effect.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from packhouse.sdk.consents import IncomingConsent
from packhouse.sdk.history import History, ReadingProgress, StockList
from packhouse.sdk.values import Address, Money, Parcel, ShippingSpeed


@runtime_checkable
class Provider(Protocol):
    """Anything that a plugin registers under a code. `title` is for people."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...


# --- carriers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What shall travel, from where to where."""

    ship_from: Address
    ship_to: Address
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True)
class ShippingQuote:
    """A carrier's offer. `days` are business days in transit where the carrier says."""

    carrier: str
    service: str
    service_name: str
    price: Money
    days: int | None = None


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """A label to buy. `reference` is the shipment's own id, printed on the label and searchable at the carrier."""

    idempotency_key: str
    reference: str
    service: str
    ship_from: Address
    ship_to: Address
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True)
class PurchasedLabel:
    """A bought label. `content` is the document, `external_id` what the carrier needs to void it."""

    tracking_number: str
    external_id: str
    media_type: str
    content: bytes
    price: Money | None = None
    tracking_url: str = ""


class TrackingStatus(StrEnum):
    """The one set of statuses that every carrier's own codes are mapped to."""

    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ON_HOLD = "on_hold"
    DELIVERY_DELAYED = "delivery_delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    NEEDS_ATTENTION = "needs_attention"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TrackingUpdate:
    """One scan. `external_id` is the carrier's id of it, or one derived from its content, and never changes."""

    external_id: str
    status: TrackingStatus
    occurred_at: datetime
    description: str = ""
    place: str = ""
    carrier_code: str = ""
    incident: str = ""


@runtime_checkable
class Quotes(Protocol):
    """Gives prices before anything is bought."""

    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]: ...


@runtime_checkable
class BuysLabels(Protocol):
    """Buys labels, and can say whether an earlier call in doubt bought one (None: it did not)."""

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel: ...
    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None: ...


@runtime_checkable
class VoidsLabels(Protocol):
    """Voids a label that was not used."""

    async def void_label(self, external_id: str, idempotency_key: str) -> None: ...


@runtime_checkable
class Tracks(Protocol):
    """Says where a shipment is: every scan known, in any order."""

    async def track(self, tracking_number: str) -> list[TrackingUpdate]: ...


# --- channels ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncomingLine:
    """A line as the channel sent it. Amounts are for the whole line, except `unit_price`."""

    external_id: str
    sku: str
    title: str
    quantity: int
    unit_price: Money
    discount: Money | None = None
    tax: Money | None = None
    requires_shipping: bool = True
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class IncomingPayment:
    """Money the channel says it holds for the order. `kind`: authorization, charge or refund.

    `provider` is the code of the payment provider that took it, where refunds go there and not through the channel.
    """

    external_id: str
    kind: str
    amount: Money
    method: str = ""
    occurred_at: datetime | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True)
class IncomingOrder:
    """An order as a channel sent it. (channel, external_id) identifies it for ever; `updated_at` orders its updates.

    `locale` is the language tag that the customer shopped in, such as en-GB; empty where the channel does not say.
    """

    external_id: str
    number: str
    currency: str
    placed_at: datetime
    updated_at: datetime
    lines: tuple[IncomingLine, ...]
    total: Money
    shipping: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    tax_included: bool = False
    email: str = ""
    customer_name: str = ""
    customer_external_id: str = ""
    locale: str = ""
    shipping_address: Address | None = None
    billing_address: Address | None = None
    payments: tuple[IncomingPayment, ...] = ()
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    is_test: bool = False
    consents: tuple[IncomingConsent, ...] = ()
    shipping_speed: ShippingSpeed = ShippingSpeed.STANDARD


@dataclass(frozen=True, slots=True)
class WebhookEnvelope:
    """What is known of a verified webhook before its body is read."""

    message_id: str
    topic: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of pulled orders; `cursor` continues it, None means that all were read. `unreadable` holds (external id, reason, raw JSON)."""

    orders: tuple[IncomingOrder, ...]
    cursor: str | None
    unreadable: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentNotice:
    """Tells a channel that part of its order was shipped. `lines` maps the channel's line ids to units."""

    idempotency_key: str
    external_order_id: str
    carrier: str
    tracking_number: str
    tracking_url: str
    lines: Mapping[str, int]
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class ListedStock:
    """Units that a listing may show, whatever it showed before. `external_id` is what the plugin called it last time, empty at first."""

    channel_sku: str
    quantity: int
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class StockPush:
    """The newest numbers of listings. The key stays the same as long as the numbers do."""

    idempotency_key: str
    items: tuple[ListedStock, ...]


@dataclass(frozen=True, slots=True)
class PushedStock:
    """What became of one listing: `problem` says why it does not show its number, empty where it does.

    `external_id` is what the plugin wants to know it by next time.
    """

    channel_sku: str
    problem: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class ShownStock:
    """Units that a channel shows of a listing."""

    channel_sku: str
    quantity: int


@runtime_checkable
class ReadsWebhooks(Protocol):
    """Verifies and reads inbound webhooks of a channel.

    `verify_webhook` works on the raw body in constant time and raises `WebhookRejected`; `read_webhook` gives the orders
    in it (none for topics that carry no order) and raises `Unreadable`.
    """

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope: ...
    def read_webhook(self, topic: str, body: bytes) -> list[IncomingOrder]: ...


@runtime_checkable
class PullsOrders(Protocol):
    """Gives the orders changed since a moment, page by page."""

    async def pull_orders(self, since: datetime, cursor: str | None) -> OrderPage: ...


@runtime_checkable
class PushesShipments(Protocol):
    """Tells the channel what was shipped; the same key twice has one effect."""

    async def push_shipment(self, notice: ShipmentNotice) -> str: ...


@runtime_checkable
class PushesStock(Protocol):
    """Tells the channel how many units its listings may show: at most 100 at once, one push at a time, the newest numbers.

    Numbers are absolute: the same push twice has one effect, and one that is in doubt is made again with what is newest then.
    Every item gets its own outcome; an error is for all of them. An item with a problem comes again after a while.
    """

    async def push_stock(self, push: StockPush) -> list[PushedStock]: ...


@runtime_checkable
class ShowsStock(Protocol):
    """Says how many units a channel shows of listings (at most 100 at once); one that it does not have is left out."""

    async def shown_stock(self, items: Sequence[ListedStock]) -> list[ShownStock]: ...


@runtime_checkable
class ReadsHistory(Protocol):
    """Reads orders of the past by a mapping file.

    `data` is the folder that the mapping's file names are relative to (None: the mapping's own); `progress` is called with
    a file's name and the rows read so far. Opening raises `BadMapping` (the mapping cannot be used) or `Unreadable` (a file
    cannot be read).
    """

    def open_history(
        self, mapping: Path, data: Path | None = None, progress: ReadingProgress | None = None
    ) -> AbstractContextManager[History]: ...


@runtime_checkable
class ReadsStock(Protocol):
    """Reads a stock list by a mapping file; arguments and errors are those of `ReadsHistory`."""

    def open_stock(
        self, mapping: Path, data: Path | None = None, progress: ReadingProgress | None = None
    ) -> AbstractContextManager[StockList]: ...


# --- payments ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back for an order through the provider that took it."""

    idempotency_key: str
    order_number: str
    payment_reference: str
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundReceipt:
    """The provider's reference of a refund that was made."""

    reference: str


@runtime_checkable
class Refunds(Protocol):
    """Gives money back, and can say whether an earlier call in doubt did."""

    async def refund(self, request: RefundRequest) -> RefundReceipt: ...
    async def find_refund(self, request: RefundRequest) -> RefundReceipt | None: ...


# --- review platforms -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReviewProduct:
    """A product that a customer is asked about. `barcode` is its EAN or UPC; what is not known is empty."""

    sku: str
    title: str
    barcode: str = ""
    url: str = ""
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class ReviewInvitation:
    """Asks a customer for a review of what was delivered and not sent back.

    `reference` names the invitation and nothing else; `order_number` is what the customer knows. `send_at` is when the
    customer is to be asked, which may have passed. `locale` is a language tag such as en-GB, `country` the ISO 3166 code of
    where it was sent; both are empty where they are not known.
    """

    idempotency_key: str
    reference: str
    order_number: str
    email: str
    customer_name: str
    products: tuple[ReviewProduct, ...]
    delivered_at: datetime
    send_at: datetime
    channel: str = ""
    locale: str = ""
    country: str = ""

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of its products."""
        return tuple(product.sku for product in self.products)


@dataclass(frozen=True, slots=True)
class ReviewReply:
    """What the business answered to a review, as the platform shows it."""

    text: str
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingReview:
    """A review that came back. `score` is 1 to 5; `sku` is empty for a review of the delivery or the shop.

    `external_id` is the platform's own and never changes; `order_number` is the order's number, or the `reference` of its
    invitation. One that was edited comes again with a newer `edited_at`, or with other content where the platform tells no
    time. `email` is only used to choose between orders with one number, and is not kept; nor is anything else of the writer.
    `problem` is why the platform's answer cannot be used: the review waits in quarantine with it.
    """

    external_id: str
    order_number: str
    score: int
    title: str = ""
    body: str = ""
    sku: str = ""
    created_at: datetime | None = None
    edited_at: datetime | None = None
    language: str = ""
    reply: ReviewReply | None = None
    is_removed: bool = False
    email: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Reviews since a cursor, and the cursor to go on from; `more` says that going on at once brings more.

    Reviews may come again (windows that overlap): they are told apart by their `external_id`.
    """

    reviews: tuple[IncomingReview, ...]
    cursor: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What to answer to a review, for everybody to read; `external_id` is the review's own."""

    idempotency_key: str
    external_id: str
    text: str


@runtime_checkable
class CollectsReviews(Protocol):
    """Invites customers, and gives the reviews that came back after a cursor (None: from the beginning).

    `invite` gives the platform's id of the invitation, or what it is known by there. It is not repeated when in doubt.
    """

    async def invite(self, invitation: ReviewInvitation) -> str: ...
    async def pull_reviews(self, cursor: str | None) -> ReviewPage: ...


@runtime_checkable
class ReadsReviews(Protocol):
    """Gives one review as it stands now; None where the platform has it no longer."""

    async def read_review(self, external_id: str) -> IncomingReview | None: ...


@runtime_checkable
class RepliesToReviews(Protocol):
    """Answers a review in public, and can say what was answered already (None: nothing)."""

    async def reply(self, request: ReplyRequest) -> ReviewReply: ...
    async def find_reply(self, external_id: str) -> ReviewReply | None: ...


@dataclass(frozen=True, slots=True)
class Providers:
    """Every registered provider by kind and code; `find` functions of the host read it."""

    channels: Mapping[str, Provider] = field(default_factory=dict)
    carriers: Mapping[str, Provider] = field(default_factory=dict)
    networks: Mapping[str, Provider] = field(default_factory=dict)
    payments: Mapping[str, Provider] = field(default_factory=dict)
    reviews: Mapping[str, Provider] = field(default_factory=dict)
