"""What is told of an event of an order: Klaviyo's metrics by their common names. Pure.

Facts of the event come from its payload; the order, which may have gone on since, gives what never changes: its number, and the
titles and prices of its lines.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from packhouse.sdk import Event, EventType, Money, OrderLineSnapshot, OrderSnapshot


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a profile. `unique_id` is the same for every attempt, so Klaviyo keeps it once."""

    metric: str
    unique_id: str
    time: datetime
    value: Money | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def told(event: Event, order: OrderSnapshot) -> list[Told]:
    """What to tell of an event; nothing for one of another kind."""
    tell = _METRICS.get(event.type)
    return tell(event, order) if tell else []


def _placed(event: Event, order: OrderSnapshot) -> list[Told]:
    currency = str(event.payload["currency"])
    lines = [dict(line) for line in event.payload["lines"]]
    items = [_ordered_item(line, currency) for line in lines]
    properties = {
        **_about(order),
        "Channel": order.channel,
        "ItemNames": [item["ProductName"] for item in items],
        "Items": items,
    }
    whole = Told(
        "Placed Order",
        str(event.id),
        event.occurred_at,
        Money.from_minor(event.payload["total"], currency),
        properties,
    )
    return [whole, *(_ordered(event, order, line, currency) for line in lines)]


def _ordered(event: Event, order: OrderSnapshot, line: Mapping[str, Any], currency: str) -> Told:
    return Told(
        "Ordered Product",
        f"{event.id}:{line['order_line_id']}",
        event.occurred_at,
        Money.from_minor(line["total"], currency),
        {**_about(order), **_ordered_item(line, currency)},
    )


def _cancelled(event: Event, order: OrderSnapshot) -> list[Told]:
    properties = {**_about(order), **_given(Reason=event.reason)}
    return [Told("Cancelled Order", str(event.id), event.occurred_at, order.total, properties)]


def _dispatched(event: Event, order: OrderSnapshot) -> list[Told]:
    payload = event.payload
    units = {str(line["order_line_id"]): int(line["quantity"]) for line in payload["lines"]}
    parcel = {
        "ShipmentId": payload["shipment_id"],
        **_given(
            Carrier=payload["carrier"],
            TrackingNumber=payload["tracking_number"],
            TrackingUrl=payload.get("tracking_url"),
        ),
    }
    return [_sent("Fulfilled Order", event, order, parcel, units)]


def _delivered(event: Event, order: OrderSnapshot) -> list[Told]:
    payload = event.payload
    # what travels in a shipment never changes
    shipment = next((each for each in order.shipments if str(each.id) == payload["shipment_id"]), None)
    units = {str(line.order_line_id): line.quantity for line in shipment.lines} if shipment else {}
    parcel = {
        "ShipmentId": payload["shipment_id"],
        **_given(Carrier=payload["carrier"], TrackingNumber=payload["tracking_number"]),
    }
    return [_sent("Delivered Order", event, order, parcel, units)]


def _sent(metric: str, event: Event, order: OrderSnapshot, parcel: Mapping[str, Any], units: Mapping[str, int]) -> Told:
    lines = [line for line in order.lines if str(line.id) in units]
    items = [_sent_item(line, units[str(line.id)]) for line in lines]
    value = _sum((_share(line, units[str(line.id)]) for line in lines), order.currency)
    properties = {**_about(order), **parcel, "ItemNames": [item["ProductName"] for item in items], "Items": items}
    return Told(metric, str(event.id), event.occurred_at, value, properties)


def _return_requested(event: Event, order: OrderSnapshot) -> list[Told]:
    return [_return("Requested Return", event, order, {})]


def _return_received(event: Event, order: OrderSnapshot) -> list[Told]:
    return [_return("Returned Order", event, order, {"IsComplete": bool(event.payload.get("is_complete"))})]


def _return(metric: str, event: Event, order: OrderSnapshot, more: Mapping[str, Any]) -> Told:
    items = [
        {"SKU": line["sku"], "Quantity": line["quantity"], **_given(Reason=line.get("reason"))}
        for line in event.payload["lines"]
    ]
    properties = {**_about(order), "ReturnNumber": event.payload["number"], **more, "Items": items}
    return Told(metric, str(event.id), event.occurred_at, None, properties)


def _refunded(event: Event, order: OrderSnapshot) -> list[Told]:
    amount = Money.from_minor(event.payload["amount"], str(event.payload["currency"]))
    return [Told("Refunded Order", str(event.id), event.occurred_at, amount, _about(order))]


def _reviewed(event: Event, order: OrderSnapshot) -> list[Told]:
    payload = event.payload
    properties = {
        **_about(order),
        "Score": payload["score"],
        **_given(SKU=payload.get("sku"), Platform=payload.get("platform")),
    }
    return [Told("Submitted Review", str(event.id), event.occurred_at, None, properties)]


_METRICS: Mapping[EventType, Callable[[Event, OrderSnapshot], list[Told]]] = {
    EventType.ORDER_PLACED: _placed,
    EventType.ORDER_CANCELLED: _cancelled,
    EventType.SHIPMENT_DISPATCHED: _dispatched,
    EventType.SHIPMENT_DELIVERED: _delivered,
    EventType.RETURN_REQUESTED: _return_requested,
    EventType.RETURN_RECEIVED: _return_received,
    EventType.REFUND_MADE: _refunded,
    EventType.FEEDBACK_RECEIVED: _reviewed,
}
TOLD_TYPES = frozenset(_METRICS)
# What a customer has to hear of an order; a review is about the customer, and is told with consent only.
TRANSACTIONAL = TOLD_TYPES - {EventType.FEEDBACK_RECEIVED}


def _about(order: OrderSnapshot) -> dict[str, Any]:
    return {"OrderId": order.number}


def _ordered_item(line: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "ProductID": line["sku"],
        "SKU": line["sku"],
        "ProductName": line["title"],
        "Quantity": line["quantity"],
        "ItemPrice": Money.from_minor(line["unit_price"], currency),
        "RowTotal": Money.from_minor(line["total"], currency),
    }


def _sent_item(line: OrderLineSnapshot, quantity: int) -> dict[str, Any]:
    return {
        "ProductID": line.sku,
        "SKU": line.sku,
        "ProductName": line.title,
        "Quantity": quantity,
        "ItemPrice": line.unit_price,
    }


def _share(line: OrderLineSnapshot, quantity: int) -> Money:
    """What so many units of a line are worth, by the line's total."""
    return Money.rounded(line.total.amount * quantity / max(line.ordered, 1), line.total.currency)


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money(Decimal(0), currency))


def _given(**values: object) -> dict[str, object]:
    """Only what is there."""
    return {name: value for name, value in values.items() if value}
