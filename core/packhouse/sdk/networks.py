"""Fulfilment networks: 3PLs, marketplaces' warehouses and drop-shippers that send what we sold. See `providers` for the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from packhouse.sdk.carriers import TrackingUpdate
from packhouse.sdk.values import Address, Money, ShippingSpeed


@dataclass(frozen=True, slots=True)
class FulfillmentItem:
    """Units of a SKU that somebody else shall send; `line` is our fulfillment order line's id, `unit_value` what one was sold for."""

    line: str
    sku: str
    title: str
    quantity: int
    unit_value: Money | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentRequest:
    """Work given to a 3PL or a marketplace's warehouses; `reference` is our fulfillment order's id.

    `channel` is where the order comes from, `ordered_at` when the customer placed it, `email` the customer's: a network
    that writes to customers itself needs it, and is told so by its plugin's settings.
    """

    idempotency_key: str
    reference: str
    location: str
    order_number: str
    ship_to: Address
    items: tuple[FulfillmentItem, ...]
    speed: ShippingSpeed = ShippingSpeed.STANDARD
    channel: str = ""
    ordered_at: datetime | None = None
    email: str = ""


@dataclass(frozen=True, slots=True)
class FulfillmentChange:
    """What shall be different about work that was given away: its address, or whether it has to wait; None leaves it as it is."""

    idempotency_key: str
    reference: str
    ship_to: Address | None = None
    on_hold: bool | None = None


class NetworkStatus(StrEnum):
    """Where a network says that our request stands.

    `cancellation_pending`: it was asked to cancel and has not decided; `cancellation_refused`: it goes on with the work.
    """

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    CANCELLATION_PENDING = "cancellation_pending"
    CANCELLATION_REFUSED = "cancellation_refused"


@dataclass(frozen=True, slots=True)
class NetworkShipment:
    """A parcel that the network sent; `lines` maps our line ids to units."""

    external_id: str
    carrier: str
    tracking_number: str
    shipped_at: datetime
    lines: Mapping[str, int]
    service: str = ""
    tracking_url: str = ""


@dataclass(frozen=True, slots=True)
class NetworkUpdate:
    """What a network knows of a request."""

    status: NetworkStatus
    external_id: str = ""
    reason: str = ""
    shipments: tuple[NetworkShipment, ...] = ()


@dataclass(frozen=True, slots=True)
class FulfillmentOffer:
    """A way in which a network would send all of a request: `speed` in its own words, `price` what it would charge us.

    The dates are the earliest and the latest moment at which it is delivered, and the latest at which it leaves.
    """

    speed: str
    price: Money | None = None
    ship_by: datetime | None = None
    deliver_from: datetime | None = None
    deliver_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentPreview:
    """What a network would make of a request: `offers` for all of it (none: it does not take it), `problems` why not, or what to mind."""

    offers: tuple[FulfillmentOffer, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkStock:
    """Units of a SKU that lie with a network.

    `available` may be given to new work: what the network keeps for work that it accepted is off already. `damaged` and
    `quarantined` lie there too, and cannot be sent.
    """

    sku: str
    available: int
    damaged: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class NetworkStockPage:
    """A page of a network's stock; `cursor` continues it at once, None means that all was read.

    Work that the network accepted by `as_of` is off from `available`; of work accepted later that is not certain. `unreadable`
    holds (SKU, reason).
    """

    levels: tuple[NetworkStock, ...]
    as_of: datetime
    cursor: str | None = None
    unreadable: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class FulfillsOrders(Protocol):
    """Takes fulfilment work and says how it stands; `fetch` gives None when the network never heard of the reference."""

    async def submit(self, request: FulfillmentRequest) -> NetworkUpdate: ...
    async def fetch(self, reference: str) -> NetworkUpdate | None: ...


@runtime_checkable
class CancelsFulfillment(Protocol):
    """Asks a network to give work back, by the reference it was submitted with.

    The answer says cancelled, or that it is pending or refused; `ProviderRefused` counts as refused. Pending ends by what
    `FulfillsOrders.fetch` says later: cancelled, refused, or shipped.
    """

    async def cancel(self, reference: str, idempotency_key: str) -> NetworkUpdate: ...


@runtime_checkable
class UpdatesFulfillment(Protocol):
    """Changes work that has not shipped; the same change twice is one. `ProviderRefused`: it stays as it was."""

    async def update(self, change: FulfillmentChange) -> None: ...


@runtime_checkable
class PreviewsFulfillment(Protocol):
    """Says what a network would make of a request, without giving it any work."""

    async def preview(self, request: FulfillmentRequest) -> FulfillmentPreview: ...


@runtime_checkable
class TracksFulfillment(Protocol):
    """Says where a parcel of a request is, by our reference and the network's id of the parcel: every scan known, in any order."""

    async def track_shipment(self, reference: str, external_id: str) -> list[TrackingUpdate]: ...


@runtime_checkable
class ReportsStock(Protocol):
    """Gives the stock that lies with a network, page by page, for the location of that code."""

    async def pull_stock(self, location: str, cursor: str | None) -> NetworkStockPage: ...
