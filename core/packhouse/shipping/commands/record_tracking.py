"""Recording what a carrier says: in any order, any number of times."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import touch_orders
from packhouse.orders.models import Order, OrderLine
from packhouse.orders.rules import LineCounters, complete_sets, is_completed
from packhouse.orders.states import OrderStatus
from packhouse.sdk import EventType, InvalidValue, Refused, TrackingUpdate, fact_id, now
from packhouse.shipping.commands.load import locked_shipment
from packhouse.shipping.models import Shipment, ShipmentLine, TrackingEvent
from packhouse.shipping.rules import Scan, newest, outcome
from packhouse.shipping.states import ShipmentStatus, TrackingStatus
from packhouse.storage import UnitOfWork

_ON_ITS_WAY = {
    ShipmentStatus.HANDED_OVER,
    ShipmentStatus.LOST,
    ShipmentStatus.DELIVERED,
    ShipmentStatus.RETURNED_TO_SENDER,
}
_STILL_TRACKED = {ShipmentStatus.HANDED_OVER, ShipmentStatus.LOST}
_ID_LENGTH = 128
_DELIVERED_COMPONENTS = """
SELECT component.quantity, (
  SELECT COALESCE(SUM(shipment_line.quantity), 0) FROM shipment_line
  JOIN shipment ON shipment.id = shipment_line.shipment_id
  JOIN fulfillment_order_line ON fulfillment_order_line.id = shipment_line.fulfillment_order_line_id
  WHERE shipment_line.order_line_id = component.order_line_id
    AND fulfillment_order_line.variant_id = component.variant_id
    AND (shipment.status = 'delivered' OR shipment.id = $2)) AS units
FROM order_line_component AS component WHERE component.order_line_id = $1
"""


@dataclass(frozen=True, slots=True)
class RecordTracking:
    """A carrier's scans of a shipment, and when to ask the carrier again (None leaves that as it is)."""

    shipment_id: UUID
    updates: tuple[TrackingUpdate, ...]
    next_poll_at: datetime | None = None


async def record_tracking(uow: UnitOfWork, data: RecordTracking) -> Shipment:
    """Append the scans that are new; the newest by the carrier's time says where the shipment is.

    A scan known already changes nothing. The first delivery completes the order when everything wanted has arrived.

    Raises:
        InvalidValue: a scan's time has no time zone, or it has no id.
        Refused: NOT_FOUND, NOT_HANDED_OVER.
    """
    _check(data.updates)
    shipment = await locked_shipment(data.shipment_id)
    if shipment.status not in _ON_ITS_WAY:
        raise Refused(
            "NOT_HANDED_OVER", f"shipment {shipment.id} is {shipment.status}: hand it over first", "shipmentId"
        )
    if data.next_poll_at is not None:
        shipment.next_poll_at = data.next_poll_at
    if await _append(uow, shipment, data.updates):
        await _conclude(uow, shipment)
        await touch_orders([shipment.order_id])
    if shipment.status not in _STILL_TRACKED:
        shipment.next_poll_at = None
    await shipment.save(update_fields=["status", "tracking_status", "incident", "delivered_at", "next_poll_at"])
    return shipment


def _check(updates: Sequence[TrackingUpdate]) -> None:
    for index, update in enumerate(updates):
        if update.occurred_at.tzinfo is None:
            raise InvalidValue(f"updates.{index}.occurredAt", "a scan's time needs a time zone")
        if not update.external_id:
            raise InvalidValue(f"updates.{index}.externalId", "a scan needs an id that never changes")


async def _append(uow: UnitOfWork, shipment: Shipment, updates: Sequence[TrackingUpdate]) -> bool:
    """Write the scans that are not known yet; whether there were any."""
    known = {row.external_id for row in await TrackingEvent.filter(shipment_id=shipment.id)}
    recorded_at = now()
    fresh: dict[str, TrackingUpdate] = {}
    for update in updates:
        external_id = _fitting(update.external_id)
        if external_id not in known:
            fresh.setdefault(external_id, update)
    for external_id, update in fresh.items():
        await TrackingEvent.create(
            shipment_id=shipment.id,
            external_id=external_id,
            status=update.status.value,
            incident=update.incident[:32],
            description=update.description[:255],
            place=update.place[:255],
            occurred_at=update.occurred_at,
            recorded_at=recorded_at,
        )
        _record_scan(uow, shipment, external_id, update)
    return bool(fresh)


def _fitting(external_id: str) -> str:
    """An id that fits the column; two long ones stay two."""
    return external_id if len(external_id) <= _ID_LENGTH else str(fact_id("scan", external_id))


def _record_scan(uow: UnitOfWork, shipment: Shipment, external_id: str, update: TrackingUpdate) -> None:
    record(
        uow,
        EventType.TRACKING_UPDATED,
        shipment.id,
        external_id,
        order_id=shipment.order_id,
        occurred_at=update.occurred_at,
        payload={
            "shipment_id": str(shipment.id),
            "status": update.status.value,
            "incident": update.incident,
            "description": update.description,
            "place": update.place,
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
        },
    )


async def _conclude(uow: UnitOfWork, shipment: Shipment) -> None:
    rows = await TrackingEvent.filter(shipment_id=shipment.id)
    scans = [Scan(TrackingStatus(row.status), row.occurred_at, row.incident) for row in rows]
    latest = newest(scans)
    if latest is not None:
        shipment.tracking_status = latest.status.value
        shipment.incident = latest.incident
    end = outcome(ShipmentStatus(shipment.status), scans)
    if end is None:
        return
    status, at = end
    shipment.status = status.value
    if status is ShipmentStatus.DELIVERED:
        shipment.delivered_at = at
        await _deliver(uow, shipment, at)


async def _deliver(uow: UnitOfWork, shipment: Shipment, at: datetime) -> None:
    units: dict[UUID, int] = defaultdict(int)
    for line in await ShipmentLine.filter(shipment_id=shipment.id):
        units[line.order_line_id] += line.quantity
    rows = await OrderLine.filter(order_id=shipment.order_id).order_by("id").select_for_update()
    for row in rows:
        if row.id in units:
            row.delivered = (
                await _delivered_bundles(uow, row, shipment) if row.is_bundle else row.delivered + units[row.id]
            )
            await row.save(update_fields=["delivered"])
    record(
        uow,
        EventType.SHIPMENT_DELIVERED,
        shipment.id,
        order_id=shipment.order_id,
        occurred_at=at,
        payload={
            "shipment_id": str(shipment.id),
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
            "delivered_at": at.isoformat(),
        },
    )
    await _complete(uow, shipment, rows, at)


async def _delivered_bundles(uow: UnitOfWork, line: OrderLine, arrived: Shipment) -> int:
    """The bundles of which every component has arrived, `arrived` and all earlier shipments together."""
    rows = await uow.fetch(_DELIVERED_COMPONENTS, line.id, arrived.id)
    return complete_sets((int(row["units"]), row["quantity"]) for row in rows)


async def _complete(uow: UnitOfWork, shipment: Shipment, rows: Sequence[OrderLine], at: datetime) -> None:
    order = await Order.get(id=shipment.order_id)
    if order.status != OrderStatus.CONFIRMED or not is_completed(
        _counters(row) for row in rows if row.requires_shipping
    ):
        return
    await Order.filter(id=order.id).update(status=OrderStatus.COMPLETED.value, completed_at=at)
    record(
        uow,
        EventType.ORDER_COMPLETED,
        order.id,
        # an order can be completed again after it was reopened, each time by another shipment
        shipment.id,
        order_id=order.id,
        occurred_at=at,
        payload={"number": order.number},
    )


def _counters(row: OrderLine) -> LineCounters:
    return LineCounters(
        row.ordered, row.allocated, row.backordered, row.shipped, row.delivered, row.returned, row.cancelled
    )
