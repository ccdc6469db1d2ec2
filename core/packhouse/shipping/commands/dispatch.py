"""Dispatching: what becomes of counters, claims and stock when goods leave the house. One transaction, stock last."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.close import count_shipped
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.fulfillment.commands.load import touch_orders
from packhouse.fulfillment.commands.take_picked import take_picked
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.commands.settle import Settled, settle_claims
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.orders.models import OrderLine
from packhouse.sdk import EventType, now
from packhouse.shipping.models import Shipment, ShipmentLine
from packhouse.shipping.queries import order_units
from packhouse.shipping.states import SHIPMENT_STATUS, ShipmentStatus
from packhouse.storage import UnitOfWork


async def dispatch(
    uow: UnitOfWork, shipment: Shipment, work: FulfillmentOrder, lines: Sequence[ShipmentLine], at: datetime
) -> None:
    """Hand a locked shipment of locked work over: its units are shipped, their own claims consumed, the stock gone.

    Raises:
        IllegalTransition: it was handed over already, or voided.
        Refused: NOT_SENDABLE, ALREADY_SHIPPED, NOT_ALLOCATED, NOT_SELLABLE (of a lot that is recalled or expired).
    """
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.HANDED_OVER)
    units: dict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.fulfillment_order_line_id is not None:
            units[line.fulfillment_order_line_id] += line.quantity
    await count_shipped(uow, work, units, at)
    order_lines = await _ship_order_lines(lines)
    claims = await settle_claims(units, AllocationStatus.SHIPPED)
    picked = await take_picked(units)
    await _ship_bundles(uow, order_lines, lines)
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
                {
                    "order_line_id": str(line.order_line_id),
                    "sku": order_lines[line.order_line_id].sku,
                    "quantity": order_units(line),
                }
                for line in lines
                if order_units(line)
            ],
        },
    )
    await apply_movements(uow, _movements(shipment, claims, picked))


def _movements(
    shipment: Shipment, claims: Sequence[Settled], picked: Mapping[UUID, Sequence[Placed]]
) -> list[Movement]:
    """What leaves: the units that were picked by bin and lot from there, the others from wherever the level has them."""
    left = {line_id: list(placed) for line_id, placed in picked.items()}
    movements = []
    for each in claims:
        placed, units = _part(left.get(each.fulfillment_order_line_id, []), each.quantity)
        for quantity, where in ((units, tuple(placed)), (each.quantity - units, ())):
            if quantity:
                movements.append(
                    Movement(
                        each.variant_id,
                        each.location_id,
                        MovementKind.SHIP,
                        "handed over",
                        on_hand=-quantity,
                        allocated=-quantity,
                        order_id=shipment.order_id,
                        reference=str(shipment.id),
                        placed=where,
                    )
                )
    return movements


def _part(placed: list[Placed], units: int) -> tuple[list[Placed], int]:
    """So many of the units, taken from the list, and how many they are: a line's claim may have ended in several rows."""
    taken: list[Placed] = []
    wanted = units
    while placed and wanted:
        first = placed.pop(0)
        part = min(wanted, -first.on_hand)
        taken.append(replace(first, on_hand=-part))
        if -first.on_hand > part:
            placed.insert(0, replace(first, on_hand=first.on_hand + part))
        wanted -= part
    return taken, units - wanted


async def _ship_order_lines(lines: Sequence[ShipmentLine]) -> dict[UUID, OrderLine]:
    """Count the units on their order lines; gives those by id. Bundles are counted when their claims have ended."""
    units: dict[UUID, int] = defaultdict(int)
    for line in lines:
        units[line.order_line_id] += line.quantity
    rows = await OrderLine.filter(id__in=sorted(units)).order_by("id").select_for_update()
    for row in rows:
        if not row.is_bundle:
            row.shipped += units[row.id]
            row.allocated -= units[row.id]
            await row.save(update_fields=["shipped", "allocated"])
    return {row.id: row for row in rows}


async def _ship_bundles(uow: UnitOfWork, order_lines: Mapping[UUID, OrderLine], lines: Sequence[ShipmentLine]) -> None:
    """Count the bundles that left whole, on their order lines and on the first line of each in the shipment."""
    left = dict(await count_bundles(uow, [row.id for row in order_lines.values() if row.is_bundle]))
    for line in lines:
        if whole := left.pop(line.order_line_id, 0):
            line.bundles = whole
            await line.save(update_fields=["bundles"])
