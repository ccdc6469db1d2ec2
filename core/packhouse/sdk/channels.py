"""Channels: shops and marketplaces that orders come from, and what they are told. See `providers` for the rules."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from packhouse.sdk.consents import IncomingConsent
from packhouse.sdk.history import History, ReadingProgress, StockList
from packhouse.sdk.values import Address, Money, ShippingSpeed


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
