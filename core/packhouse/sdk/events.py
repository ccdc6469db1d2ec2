"""The events of everything that changes, and what one looks like to a plugin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventType(StrEnum):
    """Every kind of event; each is also the name of the hook that a plugin implements to react to it."""

    ORDER_PLACED = "order_placed"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_CHANGED = "order_changed"
    ORDER_HELD = "order_held"
    ORDER_RELEASED = "order_released"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_COMPLETED = "order_completed"
    ORDER_BACKORDERED = "order_backordered"
    STOCK_ASSIGNED = "stock_assigned"
    BACKORDER_RESCHEDULED = "backorder_rescheduled"
    PAYMENT_RECORDED = "payment_recorded"
    STOCK_ADJUSTED = "stock_adjusted"
    STOCK_MOVED = "stock_moved"
    STOCK_CHANGED = "stock_changed"
    AWAITED_STOCK_CHANGED = "awaited_stock_changed"
    STOCK_COUNT_CHANGED = "stock_count_changed"
    LOT_CHANGED = "lot_changed"
    LOT_RECALLED = "lot_recalled"
    STOCK_TERMS_CHANGED = "stock_terms_changed"
    RESERVATION_EXTENDED = "reservation_extended"
    INBOUND_RESCHEDULED = "inbound_rescheduled"
    FULFILLMENT_REQUESTED = "fulfillment_requested"
    FULFILLMENT_SUBMITTED = "fulfillment_submitted"
    FULFILLMENT_ACCEPTED = "fulfillment_accepted"
    FULFILLMENT_STARTED = "fulfillment_started"
    FULFILLMENT_PICKED = "fulfillment_picked"
    FULFILLMENT_PACKED = "fulfillment_packed"
    FULFILLMENT_FAILED = "fulfillment_failed"
    FULFILLMENT_CANCELLED = "fulfillment_cancelled"
    FULFILLMENT_TIMED_OUT = "fulfillment_timed_out"
    FULFILLMENT_CANCELLATION_REQUESTED = "fulfillment_cancellation_requested"
    FULFILLMENT_CANCELLATION_REJECTED = "fulfillment_cancellation_rejected"
    FULFILLMENT_CHANGE_REFUSED = "fulfillment_change_refused"
    PARCEL_PACKED = "parcel_packed"
    PARCEL_UNPACKED = "parcel_unpacked"
    SHIPMENT_CREATED = "shipment_created"
    LABEL_PURCHASED = "label_purchased"
    LABEL_VOIDED = "label_voided"
    SHIPMENT_DISPATCHED = "shipment_dispatched"
    TRACKING_UPDATED = "tracking_updated"
    SHIPMENT_DELIVERED = "shipment_delivered"
    RETURN_REQUESTED = "return_requested"
    RETURN_APPROVED = "return_approved"
    RETURN_DECLINED = "return_declined"
    RETURN_CANCELLED = "return_cancelled"
    RETURN_RECEIVED = "return_received"
    RETURN_INSPECTED = "return_inspected"
    RETURN_CLOSED = "return_closed"
    REFUND_MADE = "refund_made"
    REFUND_DENIED = "refund_denied"
    REVIEW_REQUESTED = "review_requested"
    FEEDBACK_RECEIVED = "feedback_received"
    FEEDBACK_CHANGED = "feedback_changed"
    FEEDBACK_REMOVED = "feedback_removed"
    FEEDBACK_DISMISSED = "feedback_dismissed"
    REVIEW_REPLIED = "review_replied"
    CONSENT_CHANGED = "consent_changed"
    VARIANT_CHANGED = "variant_changed"
    PRICE_CHANGED = "price_changed"
    LOCATION_CHANGED = "location_changed"
    CHANNEL_CHANGED = "channel_changed"
    ROUTING_CHANGED = "routing_changed"
    PLUGIN_CHANGED = "plugin_changed"
    ACCESS_TOKEN_CREATED = "access_token_created"  # noqa: S105  (the type of an event, as the two below)
    ACCESS_TOKEN_CHANGED = "access_token_changed"  # noqa: S105
    ACCESS_TOKEN_REVOKED = "access_token_revoked"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that was committed.

    `id` is derived from the fact, so it is the idempotency key of whatever a plugin does about it; `position` is its place
    in commit order; `actor` did it ("token:shop", "plugin:demo"), `origin` is where the change came from ("api", "channel:shopify");
    `correlation_id` groups what one request caused. An event belongs to an order, to a customer, or to neither. `payload` is JSON: ids as text, money as minor units with a currency.
    """

    id: UUID
    type: EventType
    position: int
    occurred_at: datetime
    order_id: UUID | None = None
    actor: str = ""
    origin: str = ""
    reason: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    schema_version: int = 1
    payload: Mapping[str, Any] = field(default_factory=dict)
    customer_id: UUID | None = None
