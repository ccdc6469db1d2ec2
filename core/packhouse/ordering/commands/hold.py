"""Holding an order: nothing of it is picked or shipped until the hold is released."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.orders.models import Hold, Order
from packhouse.orders.states import HoldReason, OrderStatus
from packhouse.sdk import EventType, Refused, new_id, now
from packhouse.storage import UnitOfWork

_EVER = datetime.min.replace(tzinfo=UTC)
_ENDED = {OrderStatus.CANCELLED, OrderStatus.COMPLETED, OrderStatus.EXPIRED}


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """An order to hold, and why."""

    order_id: UUID
    reason: HoldReason
    note: str = ""


async def hold(uow: UnitOfWork, data: HoldOrder) -> UUID:
    """Place a hold; an order can have several at once. Returns the order's id.

    Raises:
        Refused: NOT_FOUND, ORDER_ENDED.
    """
    order = await locked_order(data.order_id)
    if order.status in _ENDED:
        raise Refused(
            "ORDER_ENDED", f"order {order.number} is {order.status}: there is nothing left to hold", "orderId"
        )
    await place_holds(uow, order.id, [(data.reason, data.note)])
    await Order.filter(id=order.id).update(updated_at=now())
    return order.id


async def hold_for(uow: UnitOfWork, order_id: UUID, reason: HoldReason, note: str, since: datetime = _EVER) -> None:
    """Hold an order that has not ended, once for each reason and note `since` then, also if it was released meanwhile."""
    order = await locked_order(order_id)
    known = Hold.filter(order_id=order_id, reason=reason.value, note=note[:255], placed_at__gte=since)
    if order.status not in _ENDED and not await known.exists():
        await place_holds(uow, order_id, [(reason, note)])


async def place_holds(uow: UnitOfWork, order_id: UUID, holds: Sequence[tuple[HoldReason, str]]) -> None:
    """Put holds on an order: each a row with its reason and who placed it."""
    placed_at = now()
    rows = [
        {
            "id": new_id(),
            "order_id": order_id,
            "reason": reason.value,
            "note": note[:255],
            "placed_by": uow.initiator.actor,
            "placed_at": placed_at,
            "released_by": "",
            "released_at": None,
        }
        for reason, note in holds
    ]
    await uow.insert("hold", rows)
    for row in rows:
        payload = {"hold_id": str(row["id"]), "reason": row["reason"], "note": row["note"]}
        record(uow, EventType.ORDER_HELD, row["id"], order_id=order_id, reason=str(row["note"]), payload=payload)


async def locked_order(order_id: UUID, field: str = "orderId") -> Order:
    """The order, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    order = await Order.filter(id=order_id).select_for_update().first()
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {order_id}", field)
    return order
