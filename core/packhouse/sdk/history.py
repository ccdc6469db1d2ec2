"""History: orders that were lived through somewhere else, read by a plugin and written by the core as they were.

Nothing is done about them: they take no stock and nobody hears of them. Times are aware and in UTC; amounts have the
order's currency. What is unknown is None or empty, never guessed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from packhouse.sdk.values import Address, Money


class HistoryStatus(StrEnum):
    """How far an order of the past had come."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where something was read: the file's name, the line on which its row begins (from 1), and the row as it stands there."""

    file: str
    line: int
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryProduct:
    """What is known of a SKU that the catalogue may not have. Weight in grams, size in millimetres."""

    sku: str
    title: str
    barcode: str = ""
    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryLocation:
    """A place that sent goods. `kind` is warehouse, store, third_party or drop_shipper."""

    code: str
    name: str
    kind: str
    address: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line; `discount` and `tax` are for the whole line. `product` is what to add to the catalogue if the SKU is new."""

    external_id: str
    sku: str
    title: str
    quantity: int
    unit_price: Money
    discount: Money | None = None
    tax: Money | None = None
    requires_shipping: bool = True
    product: HistoryProduct | None = None


@dataclass(frozen=True, slots=True)
class HistoryPayment:
    """Money of an order. `kind` is authorization, charge or refund; without `paid_at` it was asked for and never came."""

    external_id: str
    amount: Money
    kind: str = "charge"
    method: str = ""
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryShipment:
    """A parcel that left; `lines` are (line's external id, units). `is_delivered` may be known without its time."""

    lines: tuple[tuple[str, int], ...]
    is_delivered: bool = False
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    location: HistoryLocation | None = None


@dataclass(frozen=True, slots=True)
class HistoryReview:
    """What the customer said. `score` is 1 to 5; `sku` is empty for a review of the whole order."""

    external_id: str
    score: int
    created_at: datetime
    title: str = ""
    body: str = ""
    sku: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryOrder:
    """An order of the past. (channel, external_id) identifies it for ever; `total` None means: sum it up."""

    external_id: str
    number: str
    status: HistoryStatus
    currency: str
    placed_at: datetime
    source: SourceRow
    confirmed_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    promised_by: datetime | None = None
    lines: tuple[HistoryLine, ...] = ()
    payments: tuple[HistoryPayment, ...] = ()
    shipments: tuple[HistoryShipment, ...] = ()
    reviews: tuple[HistoryReview, ...] = ()
    shipping: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    tax_included: bool = False
    total: Money | None = None
    email: str = ""
    customer_name: str = ""
    customer_phone: str = ""
    customer_external_id: str = ""
    shipping_address: Address | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be read, and why. `is_order`: with it a whole order is left out."""

    source: SourceRow
    reason: str
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class StockRow:
    """A line of a stock list: `counted` units are there now, or `quantity` units came (below nothing: went) under `reference`."""

    source: SourceRow
    sku: str
    location: str
    counted: int | None = None
    quantity: int | None = None
    reference: str = ""
    bin: str | None = None
    reason: str = ""


ReadingProgress = Callable[[str, int], None]
"""Called with a file's name and how many of its rows were read so far."""


class History(Protocol):
    """An opened history. `channel` and `title` say where the orders came from, `total` how many rows of orders there are.

    Iterated once; memory does not grow with the number of orders.
    """

    @property
    def channel(self) -> str:
        """The code of the channel that the orders belong to."""

    @property
    def title(self) -> str:
        """The channel's name for people."""

    @property
    def total(self) -> int:
        """How many rows of orders there are."""

    def __iter__(self) -> Iterator[HistoryOrder | RejectedRow]:
        """The orders, and the rows that are none."""


class StockList(Protocol):
    """An opened stock list; `total` is the number of its rows."""

    @property
    def total(self) -> int:
        """How many rows there are."""

    def __iter__(self) -> Iterator[StockRow | RejectedRow]:
        """The rows, readable or not."""
