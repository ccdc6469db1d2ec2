"""Saying which orders go first among those that wait for the same."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.ordering.commands.hold import locked_order
from packhouse.ordering.pricing import check_priority
from packhouse.orders.models import Order
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetPriority:
    """An order and its priority: the higher, the sooner it is served among waiting orders of one promised day."""

    order_id: UUID
    priority: int


async def set_priority(uow: UnitOfWork, data: SetPriority) -> UUID:
    """Set the priority; returns the order's id. What was given out already stays.

    Raises:
        InvalidValue: a number that is none.
        Refused: NOT_FOUND.
    """
    check_priority(data.priority)
    order = await locked_order(data.order_id)
    if order.priority != data.priority:
        await Order.filter(id=order.id).update(priority=data.priority, updated_at=now())
        payload = {"changed": ["priority"], "priority": data.priority, "was": order.priority}
        record(uow, EventType.ORDER_CHANGED, new_id(), order_id=order.id, payload=payload)
    return order.id
