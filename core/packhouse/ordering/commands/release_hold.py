"""Releasing a hold; a pending order that nothing holds any more is confirmed at once."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.ordering.commands.confirm import confirm_order
from packhouse.ordering.commands.hold import locked_order
from packhouse.ordering.commands.place import CheckOrder
from packhouse.ordering.rules import objection_holds
from packhouse.orders.models import Hold, Order
from packhouse.orders.queries import order_snapshots
from packhouse.orders.states import OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """A hold to release, and why."""

    hold_id: UUID
    reason: str = ""


async def release_hold(uow: UnitOfWork, data: ReleaseHold, check: CheckOrder) -> UUID:
    """Release one hold; returns the order's id. `check` is the plugins' say.

    Raises:
        Refused: NOT_FOUND, ALREADY_RELEASED, INSUFFICIENT_STOCK (the order still cannot be allocated), or a plugin's code.
            The hold stays.
    """
    hold = await Hold.get_or_none(id=data.hold_id)
    if hold is None:
        raise Refused("NOT_FOUND", f"there is no hold {data.hold_id}", "holdId")
    order = await locked_order(hold.order_id)
    await hold.refresh_from_db()
    if hold.released_at is not None:
        raise Refused("ALREADY_RELEASED", f"hold {hold.id} was released at {hold.released_at.isoformat()}", "holdId")
    objection_holds(check((await order_snapshots([order.id]))[order.id]))
    at = now()
    await Hold.filter(id=hold.id).update(released_at=at, released_by=uow.initiator.actor)
    await Order.filter(id=order.id).update(updated_at=at)
    remaining = await Hold.filter(order_id=order.id, released_at=None).count()
    record(
        uow,
        EventType.ORDER_RELEASED,
        hold.id,
        order_id=order.id,
        reason=data.reason,
        payload={"hold_id": str(hold.id), "reason": hold.reason, "remaining": remaining},
    )
    if order.status == OrderStatus.PENDING and not remaining:
        await confirm_order(uow, order)
    return order.id
