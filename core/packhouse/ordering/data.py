"""What is asked for when an order is placed."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from packhouse.sdk import Address, Money, ShippingSpeed, new_id


class OnShortage(StrEnum):
    """What to do when not everything is in stock: refuse (our own checkout), or keep the order and hold it (already sold elsewhere)."""

    REFUSE = "refuse"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A line to order. Without `unit_price` the price list's price is taken; `discount` and `tax` are for the whole line;
    `cancelled` units were taken back on the channel before we heard of them.
    """

    sku: str
    quantity: int
    unit_price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    external_id: str = ""
    title: str = ""
    cancelled: int = 0
    requires_shipping: bool | None = None


@dataclass(frozen=True, slots=True)
class PlacePayment:
    """Money that is known of when the order is placed. `kind`: authorization or charge."""

    kind: str
    amount: Money
    external_id: str = ""
    provider: str = ""
    method: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """An order to place on a channel.

    `price_is_final`: the channel sold at the unit prices given (they are not compared with the price list);
    `tax`, `discount`, `total`: what the channel says of the whole order, kept as it is; without it the lines are summed;
    `reservation_id`: the reservation that holds the units for this buyer: it is consumed;
    `priority`: the higher, the sooner it is served among orders that wait for the same;
    `cancelled_at`: it was cancelled on the channel before we heard of it: recorded, and nothing is given out.
    """

    channel: str
    currency: str
    lines: tuple[PlaceLine, ...]
    order_id: UUID = field(default_factory=new_id)
    email: str = ""
    customer_name: str = ""
    customer_phone: str = ""
    customer_external_id: str = ""
    locale: str = ""
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    tax_included: bool = False
    total: Money | None = None
    external_id: str = ""
    number: str = ""
    payments: tuple[PlacePayment, ...] = ()
    promised_by: datetime | None = None
    shipping_speed: ShippingSpeed = ShippingSpeed.STANDARD
    priority: int = 0
    placed_at: datetime | None = None
    channel_updated_at: datetime | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    price_is_final: bool = False
    on_shortage: OnShortage = OnShortage.REFUSE
    hold_if_unpaid: bool = False
    reservation_id: UUID | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    is_demo: bool = False
