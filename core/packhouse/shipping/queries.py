"""Reads of shipments, labels, tracking and promises."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from packhouse.fulfillment.queries import fulfillment_orders_of_orders
from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.inventory.queries import locations_by_id
from packhouse.orders import queries as orders
from packhouse.orders.models import Order, OrderLine
from packhouse.orders.rules import phase
from packhouse.orders.states import OrderStatus
from packhouse.sdk import OrderLineSnapshot, OrderSnapshot, ShipmentLineSnapshot, ShipmentSnapshot
from packhouse.shipping.models import DeliveryPromise, Label, Shipment, ShipmentLine, TrackingEvent
from packhouse.shipping.states import ShipmentStatus, TrackingStatus
from packhouse.storage.batches import by_id, children
from packhouse.web.tracking_view import TrackingLine, TrackingParcel, TrackingScan, TrackingStep, TrackingView

shipments_by_id = by_id(Shipment)
shipment_lines_by_id = by_id(ShipmentLine)
tracking_events_by_id = by_id(TrackingEvent)
promises_by_id = by_id(DeliveryPromise)
shipments_of_orders = children(Shipment, "order_id", "created_at")
lines_of_shipments = children(ShipmentLine, "shipment_id")
tracking_of_shipments = children(TrackingEvent, "shipment_id", "occurred_at")
labels_of_shipments = children(Label, "shipment_id")
promises_of_orders = children(DeliveryPromise, "order_id", "made_at")

_FAILED = frozenset({ShipmentStatus.LOST.value, ShipmentStatus.RETURNED_TO_SENDER.value})
_FAILED_TRACKING = frozenset({TrackingStatus.DELIVERY_FAILED.value, TrackingStatus.RETURN_TO_SENDER.value})
# A customer sees neither what is still being prepared nor what was taken back.
_HIDDEN = frozenset({ShipmentStatus.DRAFT.value, ShipmentStatus.VOIDED.value})


def order_units(line: ShipmentLine) -> int:
    """Units of its order line that a shipment's line brings: of a bundle, those that left whole with it."""
    return line.quantity if line.bundles is None else line.bundles


def has_failed(row: Shipment) -> bool:
    """Whether a parcel is not on its way any more and was not delivered."""
    return row.status in _FAILED or (
        row.status == ShipmentStatus.HANDED_OVER.value and row.tracking_status in _FAILED_TRACKING
    )


async def order_snapshots(ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
    """Orders with their shipments as plugins see them, in a constant number of statements; unknown ids are left out."""
    snapshots = await orders.order_snapshots(ids)
    shipments = await shipments_of_orders(ids)
    rows = [row for of_order in shipments.values() for row in of_order]
    if not rows:
        return snapshots
    lines = await lines_of_shipments([row.id for row in rows])
    locations = await locations_by_id([row.location_id for row in rows if row.location_id is not None])
    codes = {id_: location.code for id_, location in locations.items()}
    return {
        id_: replace(
            snapshot,
            shipments=tuple(
                _shipment_snapshot(row, codes.get(row.location_id or id_, ""), lines.get(row.id, []), snapshot.lines)
                for row in shipments.get(id_, [])
            ),
        )
        for id_, snapshot in snapshots.items()
    }


async def order_snapshot(id_: UUID) -> OrderSnapshot | None:
    """One order with its shipments as plugins see it; None where there is none."""
    return (await order_snapshots([id_])).get(id_)


def _shipment_snapshot(
    row: Shipment, location: str, lines: Sequence[ShipmentLine], order_lines: Sequence[OrderLineSnapshot]
) -> ShipmentSnapshot:
    of_order = {line.id: line for line in order_lines}
    return ShipmentSnapshot(
        id=row.id,
        status=row.status,
        carrier=row.carrier,
        service=row.service,
        tracking_number=row.tracking_number,
        tracking_url=row.tracking_url,
        location=location,
        lines=tuple(_shipment_line_snapshot(line, of_order[line.order_line_id]) for line in lines if order_units(line)),
        handed_over_at=row.handed_over_at,
        delivered_at=row.delivered_at,
    )


def _shipment_line_snapshot(line: ShipmentLine, order_line: OrderLineSnapshot) -> ShipmentLineSnapshot:
    return ShipmentLineSnapshot(
        order_line_id=order_line.id,
        sku=order_line.sku,
        quantity=order_units(line),
        external_line_id=order_line.external_id,
    )


async def tracking_view(order_id: UUID) -> TrackingView | None:
    """An order's progress as its customer sees it; None where there is no such order."""
    order = await Order.get_or_none(id=order_id)
    if order is None:
        return None
    ids = [order_id]
    lines = (await orders.lines_of_orders(ids)).get(order_id, [])
    shipments = (await shipments_of_orders(ids)).get(order_id, [])
    scans = await tracking_of_shipments([row.id for row in shipments])
    promises = (await promises_of_orders(ids)).get(order_id, [])
    return TrackingView(
        number=order.number,
        phase=await _phase_for_people(order, lines, shipments),
        placed_at=order.placed_at,
        promised_by=promises[-1].promised_by if promises else None,
        steps=await _steps(order, lines, shipments),
        parcels=[_tracking_parcel(row, scans.get(row.id, [])) for row in shipments if row.status not in _HIDDEN],
        lines=[TrackingLine(line.title, line.ordered - line.cancelled, line.shipped) for line in lines],
    )


async def _phase_for_people(order: Order, lines: Sequence[OrderLine], shipments: Sequence[Shipment]) -> str:
    failed = await lines_of_shipments([row.id for row in shipments if has_failed(row)])
    holds = (await orders.holds_of_orders([order.id])).get(order.id, [])
    found = phase(
        OrderStatus(order.status),
        [orders.counters(line) for line in lines if line.requires_shipping],
        failed_units=sum(order_units(line) for of_shipment in failed.values() for line in of_shipment),
        open_holds=sum(hold.released_at is None for hold in holds),
    )
    return found.value.replace("_", " ")


async def _steps(order: Order, lines: Sequence[OrderLine], shipments: Sequence[Shipment]) -> list[TrackingStep]:
    """A step that only a part of the order has reached is still to come, except leaving, which the first parcel does."""
    placed = TrackingStep("Placed", order.placed_at)
    if order.cancelled_at is not None:
        return [placed, TrackingStep("Cancelled", order.cancelled_at)]
    left = [row.handed_over_at for row in shipments if row.handed_over_at is not None]
    arrived = [row.delivered_at for row in shipments if row.delivered_at is not None]
    to_deliver = [line for line in lines if line.requires_shipping]
    all_there = all(line.delivered >= line.ordered - line.cancelled for line in to_deliver)
    packed_at = await _packed_at(order.id)
    steps = [
        placed,
        TrackingStep("Confirmed", order.confirmed_at),
        TrackingStep("Packed", packed_at),
        TrackingStep("On its way", min(left, default=None)),
        TrackingStep("Delivered", max(arrived) if arrived and all_there else None),
    ]
    # others who pack for us seldom say when: what is on its way is packed
    return [step for step in steps if step.title != "Packed" or packed_at or not left]


async def _packed_at(order_id: UUID) -> datetime | None:
    """When the last location had packed its part; None while one has not."""
    rows = (await fulfillment_orders_of_orders([order_id])).get(order_id, [])
    moments = [row.packed_at for row in rows if row.status != FulfillmentOrderStatus.CANCELLED]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def _tracking_parcel(row: Shipment, scans: Sequence[TrackingEvent]) -> TrackingParcel:
    return TrackingParcel(
        carrier=row.carrier,
        number=row.tracking_number,
        status=row.tracking_status.replace("_", " "),
        url=row.tracking_url,
        scans=[TrackingScan(scan.occurred_at, scan.description, scan.place) for scan in scans],
    )
