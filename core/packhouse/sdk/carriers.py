"""Carriers: what they quote, sell and track. See `providers` for the rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from packhouse.sdk.values import Address, Money, Parcel


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
