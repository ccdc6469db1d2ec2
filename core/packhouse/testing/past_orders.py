"""Orders with a past, written straight into the tables: for tests that need times of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator, UnitOfWork

# a Monday
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BY = Initiator("tester", "test")

Moment = datetime | None


@dataclass(frozen=True)
class ShipmentRow:
    """A parcel."""

    handed_over_at: Moment = None
    delivered_at: Moment = None
    status: str = "handed_over"
    carrier: str = ""
    location_id: UUID | None = None
    work_id: UUID | None = None


@dataclass(frozen=True)
class WorkRow:
    """A fulfillment order."""

    location_id: UUID
    created_at: datetime
    started_at: Moment = None
    packed_at: Moment = None
    closed_at: Moment = None
    status: str = "closed"
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True)
class OrderRow:
    """An order and everything that belongs to it."""

    placed_at: datetime = START
    confirmed_at: Moment = None
    channel: str = "web"
    status: str = "confirmed"
    currency: str = "GBP"
    total: int = 1000
    is_demo: bool = False
    is_imported: bool = False
    # ordered, shipped, cancelled
    lines: Sequence[tuple[int, int, int]] = ()
    work: Sequence[WorkRow] = ()
    shipments: Sequence[ShipmentRow] = ()
    # promised by, made at
    promises: Sequence[tuple[datetime, datetime]] = ()
    # score, created at
    reviews: Sequence[tuple[int, datetime]] = ()
    id: UUID = field(default_factory=new_id)


def after(**passed: float) -> datetime:
    """A moment some time (days=…, hours=…) after START."""
    return START + timedelta(**passed)


async def save_orders(database: Database, *orders: OrderRow) -> None:
    """Write orders as they are, without any command or event."""

    async def work(uow: UnitOfWork) -> None:
        await uow.insert("orders", [_order(order) for order in orders])
        await uow.insert("order_line", [row for order in orders for row in _lines(order)])
        await uow.insert("fulfillment_order", [row for order in orders for row in _work(order)])
        await uow.insert("shipment", [row for order in orders for row in _shipments(order)])
        await uow.insert("delivery_promise", [row for order in orders for row in _promises(order)])
        await uow.insert("review", [row for order in orders for row in _reviews(order)])

    await database.write(BY, work)


async def save_location(database: Database, code: str) -> UUID:
    """Write a warehouse; returns its id."""
    id_ = new_id()
    row = {
        "id": id_,
        "code": code,
        "name": code,
        "kind": "warehouse",
        "network": "",
        "address": {},
        "priority": 1,
        "group": "",
        "is_active": True,
        "is_demo": False,
        "created_at": START,
    }

    async def work(uow: UnitOfWork) -> None:
        await uow.insert("location", [row])

    await database.write(BY, work)
    return id_


def _order(order: OrderRow) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": str(order.id),
        "channel": order.channel,
        "external_id": "",
        "status": order.status,
        "email": "",
        "currency": order.currency,
        "subtotal": order.total,
        "discount": 0,
        "shipping": 0,
        "tax": 0,
        "total": order.total,
        "tax_included": False,
        "note": "",
        "tags": [],
        "shipping_speed": "standard",
        "cancel_reason": "",
        "is_imported": order.is_imported,
        "is_demo": order.is_demo,
        "placed_at": order.placed_at,
        "confirmed_at": order.confirmed_at,
        "updated_at": order.placed_at,
    }


def _lines(order: OrderRow) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "order_id": order.id,
            "position": position,
            "external_id": "",
            "sku": "MUG",
            "title": "Mug",
            "requires_shipping": True,
            "ordered": ordered,
            "allocated": 0,
            "backordered": 0,
            "shipped": shipped,
            "delivered": 0,
            "returned": 0,
            "cancelled": cancelled,
            "unit_price": 0,
            "discount": 0,
            "tax": 0,
            "total": 0,
        }
        for position, (ordered, shipped, cancelled) in enumerate(order.lines, 1)
    ]


def _work(order: OrderRow) -> list[dict[str, Any]]:
    return [
        {
            "id": work.id,
            "order_id": order.id,
            "location_id": work.location_id,
            "status": work.status,
            "request_status": "unsubmitted",
            "network": "",
            "external_id": "",
            "withdrawn_for": "",
            "reason": "",
            "created_at": work.created_at,
            "started_at": work.started_at,
            "packed_at": work.packed_at,
            "closed_at": work.closed_at,
        }
        for work in order.work
    ]


def _shipments(order: OrderRow) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "order_id": order.id,
            "fulfillment_order_id": shipment.work_id,
            "location_id": shipment.location_id,
            "status": shipment.status,
            "tracking_status": "unknown",
            "incident": "",
            "carrier": shipment.carrier,
            "service": "",
            "tracking_number": "",
            "tracking_url": "",
            "external_id": "",
            "price_currency": "",
            "created_at": order.placed_at,
            "handed_over_at": shipment.handed_over_at,
            "delivered_at": shipment.delivered_at,
        }
        for shipment in order.shipments
    ]


def _promises(order: OrderRow) -> list[dict[str, Any]]:
    return [
        {"id": new_id(), "order_id": order.id, "promised_by": promised_by, "source": "checkout", "made_at": made_at}
        for promised_by, made_at in order.promises
    ]


def _reviews(order: OrderRow) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "order_id": order.id,
            "platform": "test",
            "external_id": str(number),
            "sku": "",
            "score": score,
            "title": "",
            "body": "",
            "created_at": created_at,
        }
        for number, (score, created_at) in enumerate(order.reviews)
    ]
