"""Confirming a pending order: its stock is allocated and its work given out, all or nothing."""

from uuid import UUID

from packhouse.events.record import record
from packhouse.ordering.commands.allocate import Shortage, WorkLine, allocate
from packhouse.ordering.commands.hold import locked_order
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.states import ORDER_STATUS, OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork


async def confirm(uow: UnitOfWork, order_id: UUID) -> UUID:
    """Confirm a pending order that nothing holds; returns its id.

    Raises:
        Refused: NOT_FOUND, ALREADY_COMPLETED, ON_HOLD, INSUFFICIENT_STOCK.
        IllegalTransition: the order is not pending.
    """
    order = await locked_order(order_id)
    if order.status == OrderStatus.COMPLETED:
        raise Refused("ALREADY_COMPLETED", f"order {order.number} is completed: nothing of it waits", "orderId")
    ORDER_STATUS.check(OrderStatus(order.status), OrderStatus.CONFIRMED)
    held = await Hold.filter(order_id=order.id, released_at=None).first()
    if held is not None:
        raise Refused("ON_HOLD", f"order {order.number} is held ({held.reason}): release the hold first", "orderId")
    await confirm_order(uow, order)
    return order.id


async def confirm_order(uow: UnitOfWork, order: Order) -> None:
    """Allocate all that is not allocated yet and confirm; the order is locked and nothing holds it."""
    ORDER_STATUS.check(OrderStatus(order.status), OrderStatus.CONFIRMED)
    at = now()
    await Order.filter(id=order.id).update(status=OrderStatus.CONFIRMED.value, confirmed_at=at, updated_at=at)
    try:
        await allocate_rest(uow, order, reason="order confirmed")
    except Shortage as shortage:
        # its field is a line of an order to place, and here nobody named any
        raise Refused(shortage.code, shortage.message) from shortage
    record(uow, EventType.ORDER_CONFIRMED, order.id, order_id=order.id, payload={"number": order.number})


async def allocate_rest(uow: UnitOfWork, order: Order, excluded: frozenset[UUID] = frozenset(), *, reason: str) -> None:
    """Give out the units of the order that nobody works on.

    Raises:
        Shortage: not everything is in stock.
    """
    work = []
    for line in await OrderLine.filter(order_id=order.id, requires_shipping=True).order_by("position"):
        open_units = line.ordered - line.allocated - line.shipped - line.cancelled
        if open_units and line.variant_id is not None:
            work.append(WorkLine(line.id, line.variant_id, line.sku, open_units))
    for item in work:
        await uow.execute(
            "UPDATE order_line SET allocated = allocated + $2, backordered = 0 WHERE id = $1",
            item.order_line_id,
            item.quantity,
        )
    country = (order.shipping_address or {}).get("country", "")
    await allocate(uow, order.id, work, country, excluded, reason=reason)
