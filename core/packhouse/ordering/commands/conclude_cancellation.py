"""Ending a cancellation that waited for somebody else, by what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import GIVEN_AWAY, RequestStatus
from packhouse.ordering.commands.cancel import active_work, end_cancelled
from packhouse.ordering.commands.hold import locked_order, place_holds
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.orders.models import Hold, Order
from packhouse.orders.states import HoldReason, OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ConcludeCancellation:
    """The order of which somebody else gave work back, or did not."""

    order_id: UUID


async def conclude_cancellation(uow: UnitOfWork, data: ConcludeCancellation) -> bool:
    """Cancel the order once everybody gave their work back; where one did not, it goes on, held for people to see.

    Whether the order's cancellation had been asked for. Nothing happens while somebody has not answered.

    Raises:
        Refused: NOT_FOUND.
    """
    order = await locked_order(data.order_id)
    if order.cancel_requested_at is None:
        return False
    work = await active_work(order.id)
    if any(row.request_status == RequestStatus.CANCELLATION_REQUESTED for row in work):
        return True
    refusals = [row for row in work if row.request_status in GIVEN_AWAY]
    if refusals:
        await _give_up(uow, order, _words(refusals))
        return True
    try:
        await end_cancelled(uow, order)
    except (Refused, IllegalTransition) as refused:
        await _give_up(uow, order, str(refused))
    return True


def _words(refusals: Sequence[FulfillmentOrder]) -> str:
    return "; ".join(f"{row.network} goes on with it: {row.reason}" for row in refusals)


async def _give_up(uow: UnitOfWork, order: Order, why: str) -> None:
    """The order goes on. What others gave back is routed again; nothing of it begins before somebody has looked."""
    at = now()
    reason = order.cancel_reason
    await Order.filter(id=order.id).update(cancel_requested_at=None, cancel_reason="", updated_at=at)
    if order.status == OrderStatus.CONFIRMED:
        await place_holds(uow, order.id, [(HoldReason.REVIEW, f"not cancelled ({reason}): {why}")])
    await _release_waiting(uow, order.id, why)
    await reroute(uow, Reroute(order.id))


async def _release_waiting(uow: UnitOfWork, order_id: UUID, why: str) -> None:
    """The hold that waited for their answer."""
    holds = await Hold.filter(order_id=order_id, reason=HoldReason.CANCELLATION.value, released_at=None)
    for hold in holds:
        await Hold.filter(id=hold.id).update(released_at=now(), released_by=uow.initiator.actor)
        remaining = await Hold.filter(order_id=order_id, released_at=None).count()
        record(
            uow,
            EventType.ORDER_RELEASED,
            hold.id,
            order_id=order_id,
            reason=why,
            payload={"hold_id": str(hold.id), "reason": hold.reason, "remaining": remaining},
        )
