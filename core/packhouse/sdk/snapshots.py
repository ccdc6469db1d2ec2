"""What a plugin sees of an order or a customer: a frozen copy, never a database row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from packhouse.sdk.consents import Consent, ConsentPurpose
from packhouse.sdk.values import Address, Money


@dataclass(frozen=True, slots=True)
class OrderLineSnapshot:
    """One line with its counters in units."""

    id: UUID
    sku: str
    title: str
    ordered: int
    allocated: int
    shipped: int
    delivered: int
    returned: int
    cancelled: int
    unit_price: Money
    total: Money
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentLineSnapshot:
    """Units of an order line that travel in a shipment."""

    order_line_id: UUID
    sku: str
    quantity: int
    external_line_id: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentSnapshot:
    """A shipment of the order: who carries it, under which number, and where it is."""

    id: UUID
    status: str
    carrier: str
    service: str
    tracking_number: str
    tracking_url: str
    location: str
    lines: tuple[ShipmentLineSnapshot, ...] = ()
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """An order as it stands when a hook is called (which may be later than the event).

    `consents` holds its customer's word in force by purpose; a purpose that is not there was never asked about.
    """

    id: UUID
    number: str
    channel: str
    external_id: str
    status: str
    currency: str
    total: Money
    placed_at: datetime
    email: str = ""
    customer_id: UUID | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    lines: tuple[OrderLineSnapshot, ...] = ()
    shipments: tuple[ShipmentSnapshot, ...] = ()
    on_hold: bool = False
    is_demo: bool = False
    tags: tuple[str, ...] = field(default=())
    consents: Mapping[ConsentPurpose, Consent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A customer as it stands when a hook is called. `email` is in lower case; `channel` knows the buyer as `external_id`.

    `consents` holds the word in force by purpose; a purpose that is not there was never asked about.
    """

    id: UUID
    email: str = ""
    name: str = ""
    phone: str = ""
    channel: str = ""
    external_id: str = ""
    is_demo: bool = False
    consents: Mapping[ConsentPurpose, Consent] = field(default_factory=dict)
