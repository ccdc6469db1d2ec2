"""Dispatching: what becomes of counters, claims and stock when goods leave the house. One transaction, stock last."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.close import count_shipped
from packhouse.fulfillment.commands.load import touch_orders
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.commands.settle import settle_claims
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.orders.models import OrderLine
from packhouse.sdk import EventType, now
from packhouse.shipping.models import Shipment, ShipmentLine
from packhouse.shipping.states import SHIPMENT_STATUS, ShipmentStatus
from packhouse.storage import UnitOfWork


async def dispatch(
    uow: UnitOfWork, shipment: Shipment, work: FulfillmentOrder, lines: Sequence[ShipmentLine], at: datetime
) -> None:
    """Hand a locked shipment of locked work over: its units are shipped, their own claims consumed, the stock gone.

    Raises:
        IllegalTransition: it was handed over already, or voided.
        Refused: NOT_SENDABLE, ALREADY_SHIPPED, NOT_ALLOCATED.
    """
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.HANDED_OVER)
    units: dict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.fulfillment_order_line_id is not None:
            units[line.fulfillment_order_line_id] += line.quantity
    await count_shipped(uow, work, units, at)
    skus = await _ship_order_lines(lines)
    shipment.status = ShipmentStatus.HANDED_OVER.value
    shipment.handed_over_at = at
    # a network may know where its parcel is without the carrier's number
    can_be_tracked = (shipment.carrier and shipment.tracking_number) or (work.network and shipment.external_id)
    shipment.next_poll_at = now() if can_be_tracked else None
    await shipment.save(
        update_fields=["status", "handed_over_at", "next_poll_at", "carrier", "tracking_number", "tracking_url"]
    )
    await touch_orders([shipment.order_id])
    record(
        uow,
        EventType.SHIPMENT_DISPATCHED,
        shipment.id,
        order_id=shipment.order_id,
        occurred_at=at,
        payload={
            "shipment_id": str(shipment.id),
            "fulfillment_order_id": str(work.id),
            "fulfillment_order_status": work.status,
            "location_id": str(work.location_id),
            "carrier": shipment.carrier,
            "service": shipment.service,
            "tracking_number": shipment.tracking_number,
            "tracking_url": shipment.tracking_url,
            "lines": [
                {"order_line_id": str(line.order_line_id), "sku": skus[line.order_line_id], "quantity": line.quantity}
                for line in lines
            ],
        },
    )
    claims = await settle_claims(units, AllocationStatus.SHIPPED)
    await apply_movements(
        uow,
        [
            Movement(
                claim.variant_id,
                claim.location_id,
                MovementKind.SHIP,
                "handed over",
                on_hand=-claim.quantity,
                allocated=-claim.quantity,
                order_id=shipment.order_id,
                reference=str(shipment.id),
            )
            for claim in claims
        ],
    )


async def _ship_order_lines(lines: Sequence[ShipmentLine]) -> dict[UUID, str]:
    """Count the units on their order lines; gives the SKUs by order line."""
    units: dict[UUID, int] = defaultdict(int)
    for line in lines:
        units[line.order_line_id] += line.quantity
    rows = await OrderLine.filter(id__in=sorted(units)).order_by("id").select_for_update()
    for row in rows:
        row.shipped += units[row.id]
        row.allocated -= units[row.id]
        await row.save(update_fields=["shipped", "allocated"])
    return {row.id: row.sku for row in rows}
