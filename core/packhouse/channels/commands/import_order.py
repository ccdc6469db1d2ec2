"""The rows of one order of the past: as far as it had come, with its own times, and with no effect on anything else."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.channels.commands.import_references import References
from packhouse.channels.history import Amounts, amounts, digest, minor
from packhouse.events.record import record
from packhouse.orders.states import OrderStatus
from packhouse.payments.states import PaymentOutcome
from packhouse.sdk import (
    EventType,
    HistoryLine,
    HistoryOrder,
    HistoryPayment,
    HistoryShipment,
    HistoryStatus,
    ShippingSpeed,
    new_id,
    now,
)
from packhouse.shipping.states import ShipmentStatus, TrackingStatus
from packhouse.storage import UnitOfWork

UNKNOWN_TIME = "the source names no time for it"
PROMISE_SOURCE = "import"

_STATUS = {
    HistoryStatus.PENDING: OrderStatus.PENDING,
    HistoryStatus.CONFIRMED: OrderStatus.CONFIRMED,
    HistoryStatus.SHIPPED: OrderStatus.CONFIRMED,
    HistoryStatus.DELIVERED: OrderStatus.COMPLETED,
    HistoryStatus.CANCELLED: OrderStatus.CANCELLED,
}
# Tables in the order in which their rows may be inserted.
_TABLES = ("orders", "order_line", "payment_event", "delivery_promise", "shipment", "shipment_line")


class HistoryRows:
    """Rows of many orders, inserted together: one statement a table. Events are for the log alone, no plugin hears them."""

    def __init__(self, uow: UnitOfWork, channel: str, references: References) -> None:
        self._uow = uow
        self._channel = channel
        self._references = references
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    async def insert(self) -> None:
        """Write everything that was added."""
        for table in _TABLES:
            await self._uow.insert(table, self._rows[table])

    def add(self, order: HistoryOrder) -> UUID:
        """Take an order in; returns its new id."""
        order_id = new_id()
        sums = amounts(order)
        self._add_order(order, order_id, sums)
        timeline = _Timeline(self._uow, order, order_id)
        timeline.placed(self._channel, sums)
        for payment in order.payments:
            self._add_payment(order, order_id, payment, timeline)
        timeline.confirmed()
        line_ids = self._add_lines(order, order_id)
        if order.promised_by is not None:
            self._add_promise(order, order_id, order.promised_by)
        for shipment in order.shipments:
            self._add_shipment(order, order_id, shipment, line_ids, timeline)
        timeline.ended()
        return order_id

    def _add_order(self, order: HistoryOrder, order_id: UUID, sums: Amounts) -> None:
        address = asdict(order.shipping_address) if order.shipping_address is not None else None
        self._rows["orders"].append(
            {
                "id": order_id,
                "number": order.number,
                "channel": self._channel,
                "external_id": order.external_id,
                "status": _STATUS[order.status].value,
                "customer_id": self._references.customer_of(order),
                "email": order.email.strip().lower(),
                "currency": order.currency,
                **asdict(sums),
                "tax_included": order.tax_included,
                "shipping_address": address,
                "billing_address": None,
                "note": order.note,
                "tags": [],
                "shipping_speed": ShippingSpeed.STANDARD.value,
                "cancel_reason": order.cancel_reason[:255],
                "is_imported": True,
                "is_demo": False,
                "channel_updated_at": None,
                "placed_at": order.placed_at,
                "confirmed_at": order.confirmed_at,
                "completed_at": completed_at(order),
                "cancel_requested_at": None,
                "cancelled_at": order.cancelled_at,
                "updated_at": now(),
            }
        )

    def _add_lines(self, order: HistoryOrder, order_id: UUID) -> Mapping[str, UUID]:
        """Lines with their counters; returns their ids by their own ids. What left stays shipped, even if cancelled later."""
        shipped = _units(order.shipments)
        delivered = _units(tuple(each for each in order.shipments if each.is_delivered))
        is_cancelled = order.status is HistoryStatus.CANCELLED
        ids = {line.external_id: new_id() for line in order.lines}
        for position, line in enumerate(order.lines, 1):
            sent = shipped[line.external_id]
            self._rows["order_line"].append(
                {
                    "id": ids[line.external_id],
                    "order_id": order_id,
                    "position": position,
                    "external_id": line.external_id,
                    "variant_id": self._references.variants.get(line.sku),
                    "sku": line.sku,
                    "title": (line.title or line.sku)[:255],
                    "requires_shipping": line.requires_shipping,
                    "ordered": line.quantity,
                    "allocated": 0,
                    "backordered": 0,
                    "shipped": sent,
                    "delivered": delivered[line.external_id],
                    "returned": 0,
                    "cancelled": line.quantity - sent if is_cancelled else 0,
                    "unit_price": line.unit_price.minor,
                    "discount": minor(line.discount),
                    "tax": minor(line.tax),
                    "total": _line_total(order, line),
                }
            )
        return ids

    def _add_payment(self, order: HistoryOrder, order_id: UUID, payment: HistoryPayment, timeline: "_Timeline") -> None:
        at = payment.paid_at or order.placed_at
        outcome = PaymentOutcome.SUCCESS if payment.paid_at is not None else PaymentOutcome.REQUEST
        row = {
            "id": new_id(),
            "order_id": order_id,
            "kind": payment.kind,
            "outcome": outcome.value,
            "amount": payment.amount.minor,
            "provider": "",
            "method": payment.method[:64],
            "external_id": payment.external_id,
            "note": "",
            "occurred_at": at,
        }
        self._rows["payment_event"].append(row)
        told = {name: row[name] for name in ("kind", "outcome", "amount", "method")}
        timeline.tell(EventType.PAYMENT_RECORDED, row["id"], at, {**told, "currency": order.currency})

    def _add_promise(self, order: HistoryOrder, order_id: UUID, promised_by: datetime) -> None:
        promise = {
            "id": new_id(),
            "order_id": order_id,
            "promised_by": promised_by,
            "source": PROMISE_SOURCE,
            "made_at": order.placed_at,
        }
        self._rows["delivery_promise"].append(promise)

    def _add_shipment(
        self,
        order: HistoryOrder,
        order_id: UUID,
        shipment: HistoryShipment,
        line_ids: Mapping[str, UUID],
        timeline: "_Timeline",
    ) -> None:
        location_id = self._references.locations[shipment.location.code] if shipment.location is not None else None
        shipment_id = new_id()
        self._rows["shipment"].append(
            {
                "id": shipment_id,
                "order_id": order_id,
                "fulfillment_order_id": None,
                "location_id": location_id,
                "parcel_id": None,
                "status": _shipment_status(shipment).value,
                "tracking_status": _tracking_status(order, shipment).value,
                "incident": "",
                "carrier": shipment.carrier[:64],
                "service": shipment.service[:64],
                "tracking_number": shipment.tracking_number[:64],
                "tracking_url": "",
                "external_id": "",
                "price": None,
                "price_currency": "",
                "created_at": shipment.handed_over_at or shipment.delivered_at or order.confirmed_at or order.placed_at,
                "label_purchased_at": None,
                "handed_over_at": shipment.handed_over_at,
                "delivered_at": shipment.delivered_at,
                # nobody is asked where it is: it is history
                "next_poll_at": None,
            }
        )
        self._rows["shipment_line"] += [
            {
                "id": new_id(),
                "shipment_id": shipment_id,
                "order_line_id": line_ids[line],
                "fulfillment_order_line_id": None,
                "quantity": units,
            }
            for line, units in shipment.lines
        ]
        timeline.shipped(shipment, shipment_id, location_id)


def completed_at(order: HistoryOrder) -> datetime | None:
    """When the order was done: its own time, else the last delivery's; None where it is not done or nobody knows."""
    if order.status is not HistoryStatus.DELIVERED or order.completed_at is not None:
        return order.completed_at
    return max((each.delivered_at for each in order.shipments if each.delivered_at is not None), default=None)


class _Timeline:
    """Records an order's events with their own times; one whose time nobody knows stands where it happened at the latest."""

    def __init__(self, uow: UnitOfWork, order: HistoryOrder, order_id: UUID) -> None:
        self._uow = uow
        self._order = order
        self._order_id = order_id
        self._latest = order.placed_at

    def tell(
        self, kind: EventType, fact: object, at: datetime | None, payload: Mapping[str, Any], reason: str = ""
    ) -> None:
        """Record an event."""
        self._latest = max(self._latest, at or self._latest)
        record(
            self._uow,
            kind,
            fact,
            order_id=self._order_id,
            payload=payload,
            reason=reason if at is not None else "; ".join(filter(None, (reason, UNKNOWN_TIME))),
            occurred_at=at or self._latest,
            deliver=False,
        )

    def placed(self, channel: str, sums: Amounts) -> None:
        """The order was placed; this event keeps what the source said, so that the same order is recognised again."""
        order = self._order
        payload = {
            "number": order.number,
            "channel": channel,
            "total": sums.total,
            "currency": order.currency,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
            "imported_from": order.source.file,
            "line": order.source.line,
            "digest": digest(order),
        }
        self.tell(EventType.ORDER_PLACED, self._order_id, order.placed_at, payload)

    def confirmed(self) -> None:
        """The order was confirmed, if it was."""
        if self._order.confirmed_at is not None:
            payload = {"number": self._order.number}
            self.tell(EventType.ORDER_CONFIRMED, self._order_id, self._order.confirmed_at, payload)

    def shipped(self, shipment: HistoryShipment, shipment_id: UUID, location_id: UUID | None) -> None:
        """A parcel left, and perhaps arrived."""
        payload = {
            "shipment_id": str(shipment_id),
            "location_id": str(location_id) if location_id is not None else None,
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
        }
        self.tell(EventType.SHIPMENT_DISPATCHED, shipment_id, shipment.handed_over_at, payload)
        if shipment.is_delivered:
            self.tell(EventType.SHIPMENT_DELIVERED, shipment_id, shipment.delivered_at, payload)

    def ended(self) -> None:
        """The order was completed or cancelled, if it was."""
        order, payload = self._order, {"number": self._order.number}
        if order.status is HistoryStatus.DELIVERED:
            self.tell(EventType.ORDER_COMPLETED, self._order_id, completed_at(order), payload)
        if order.status is HistoryStatus.CANCELLED:
            self.tell(EventType.ORDER_CANCELLED, self._order_id, order.cancelled_at, payload, order.cancel_reason)


def _units(shipments: tuple[HistoryShipment, ...]) -> Counter[str]:
    units: Counter[str] = Counter()
    for shipment in shipments:
        units.update(dict(shipment.lines))
    return units


def _line_total(order: HistoryOrder, line: HistoryLine) -> int:
    tax = 0 if order.tax_included else minor(line.tax)
    return line.unit_price.minor * line.quantity - minor(line.discount) + tax


def _shipment_status(shipment: HistoryShipment) -> ShipmentStatus:
    return ShipmentStatus.DELIVERED if shipment.is_delivered else ShipmentStatus.HANDED_OVER


def _tracking_status(order: HistoryOrder, shipment: HistoryShipment) -> TrackingStatus:
    """Of a parcel whose order was cancelled after it had left, nobody knows where it went."""
    if shipment.is_delivered:
        return TrackingStatus.DELIVERED
    return TrackingStatus.UNKNOWN if order.status is HistoryStatus.CANCELLED else TrackingStatus.IN_TRANSIT
