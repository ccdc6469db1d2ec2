"""Looking for another place for what waits: stock that is somewhere else now, or a location with room."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, Withdrawal
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.commands.settle import settle_claims
from packhouse.inventory.models import Allocation, Backorder
from packhouse.inventory.states import AllocationStatus, BackorderStatus, MovementKind
from packhouse.ordering.commands.allocate import Shortage
from packhouse.ordering.commands.confirm import allocate_rest
from packhouse.ordering.commands.hold import locked_order
from packhouse.ordering.commands.let_wait import stop_waiting
from packhouse.orders.models import Order
from packhouse.orders.states import OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork

_WAITING = [FulfillmentOrderStatus.BACKORDERED.value, FulfillmentOrderStatus.SCHEDULED.value]
_REASON = "routed again"


@dataclass(frozen=True, slots=True)
class RerouteWaiting:
    """The order of which units wait."""

    order_id: UUID


async def reroute_waiting(uow: UnitOfWork, data: RerouteWaiting) -> UUID:
    """Route all work of the order that waits as if it were ordered now; returns the order's id.

    What it was promised, and its turn, stay. What it had of stock where it waited goes to whose turn it is there.

    Raises:
        Refused: NOT_FOUND, NOTHING_WAITS, INSUFFICIENT_STOCK (no place for all of it: it waits on where it did).
    """
    order = await locked_order(data.order_id)
    work = await FulfillmentOrder.filter(order_id=order.id, status__in=_WAITING).order_by("id").select_for_update()
    if order.status != OrderStatus.CONFIRMED or order.cancel_requested_at is not None or not work:
        raise Refused("NOTHING_WAITS", f"nothing of order {order.number} waits for stock", "orderId")
    turns = await _turns(order.id)
    await apply_movements(uow, await _give_up(uow, order, work))
    try:
        await allocate_rest(uow, order, reason=_REASON)
    except Shortage as shortage:
        raise Refused(shortage.code, shortage.message, "orderId") from shortage
    await _keep_turns(order.id, turns)
    await Order.filter(id=order.id).update(updated_at=now())
    return order.id


async def _turns(order_id: UUID) -> list[Backorder]:
    return await Backorder.filter(order_id=order_id, status=BackorderStatus.WAITING.value).order_by("id")


async def _give_up(uow: UnitOfWork, order: Order, work: Sequence[FulfillmentOrder]) -> list[Movement]:
    """End the work, with its claims and what it waits for; the movements that free them."""
    at = now()
    for row in work:
        await _end(uow, row, at)
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id__in=[row.id for row in work]).order_by("id")
    for line in lines:
        await FulfillmentOrderLine.filter(id=line.id).update(cancelled=line.quantity)
    claimed: Counter[UUID] = Counter()
    for claim in await Allocation.filter(
        fulfillment_order_line_id__in=[line.id for line in lines], status=AllocationStatus.ALLOCATED.value
    ):
        claimed[claim.fulfillment_order_line_id] += claim.quantity
    settled = await settle_claims(claimed, AllocationStatus.RELEASED)
    movements = await stop_waiting(uow, order.id, _REASON)
    for line in lines:
        waited = line.quantity - line.cancelled - claimed[line.id]
        await uow.execute(
            "UPDATE order_line SET allocated = allocated - $2, backordered = backordered - $3"
            " WHERE id = $1 AND NOT is_bundle",
            line.order_line_id,
            claimed[line.id],
            waited,
        )
    await count_bundles(uow, {line.order_line_id for line in lines})
    return movements + [
        Movement(
            claim.variant_id,
            claim.location_id,
            MovementKind.RELEASE,
            _REASON,
            allocated=-claim.quantity,
            order_id=order.id,
            reference=str(claim.fulfillment_order_line_id),
        )
        for claim in settled
    ]


async def _end(uow: UnitOfWork, work: FulfillmentOrder, at: datetime) -> None:
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), FulfillmentOrderStatus.CANCELLED)
    # taken back: it says nothing against the location
    await FulfillmentOrder.filter(id=work.id).update(
        status=FulfillmentOrderStatus.CANCELLED.value,
        withdrawn_for=Withdrawal.TAKEN_BACK.value,
        reason=_REASON,
        closed_at=at,
    )
    payload = {"fulfillment_order_id": str(work.id), "location_id": str(work.location_id)}
    record(uow, EventType.FULFILLMENT_CANCELLED, work.id, order_id=work.order_id, reason=_REASON, payload=payload)


async def _keep_turns(order_id: UUID, before: Sequence[Backorder]) -> None:
    """The earliest date and day that each article had, for what waits of it now."""
    for row in await _turns(order_id):
        same = [each for each in before if each.variant_id == row.variant_id]
        if not same:
            continue
        dates = [each.promised_at for each in (*same, row) if each.promised_at is not None]
        await Backorder.filter(id=row.id).update(
            promised_at=min(dates, default=None), rank_on=min(each.rank_on for each in (*same, row))
        )
