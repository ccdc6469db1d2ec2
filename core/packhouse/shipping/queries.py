"""Reads of shipments, labels, tracking and promises."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from packhouse.inventory.queries import locations_by_id
from packhouse.orders import queries as orders
from packhouse.sdk import OrderLineSnapshot, OrderSnapshot, ShipmentLineSnapshot, ShipmentSnapshot
from packhouse.shipping.models import DeliveryPromise, Label, Shipment, ShipmentLine, TrackingEvent
from packhouse.storage.batches import by_id, children

shipments_by_id = by_id(Shipment)
shipment_lines_by_id = by_id(ShipmentLine)
tracking_events_by_id = by_id(TrackingEvent)
promises_by_id = by_id(DeliveryPromise)
shipments_of_orders = children(Shipment, "order_id", "created_at")
lines_of_shipments = children(ShipmentLine, "shipment_id")
tracking_of_shipments = children(TrackingEvent, "shipment_id", "occurred_at")
labels_of_shipments = children(Label, "shipment_id")
promises_of_orders = children(DeliveryPromise, "order_id", "made_at")


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
        lines=tuple(_shipment_line_snapshot(line, of_order[line.order_line_id]) for line in lines),
        handed_over_at=row.handed_over_at,
        delivered_at=row.delivered_at,
    )


def _shipment_line_snapshot(line: ShipmentLine, order_line: OrderLineSnapshot) -> ShipmentLineSnapshot:
    return ShipmentLineSnapshot(
        order_line_id=order_line.id, sku=order_line.sku, quantity=line.quantity, external_line_id=order_line.external_id
    )
