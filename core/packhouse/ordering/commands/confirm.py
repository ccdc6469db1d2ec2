"""Confirming a pending order: its stock is allocated and its work given out, all or nothing."""

from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.ordering.commands.allocate import Shortage, allocate
from packhouse.ordering.commands.hold import locked_order
from packhouse.ordering.commands.supply import Heading, Supply
from packhouse.ordering.promising import is_promised, promise_delivery
from packhouse.ordering.work import WorkLine
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.states import ORDER_STATUS, OrderStatus
from packhouse.routing.questions import Destination
from packhouse.sdk import EventType, Refused, ShippingSpeed, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id

_OPEN_COMPONENTS = """
SELECT * FROM (
  SELECT component.variant_id, component.sku, component.quantity * $2 - (
    SELECT COALESCE(SUM(allocation.quantity), 0) FROM allocation
    WHERE allocation.order_line_id = component.order_line_id AND allocation.variant_id = component.variant_id
      AND allocation.status IN ('allocated', 'shipped')) - (
    SELECT COALESCE(SUM(backorder.quantity), 0) FROM backorder
    WHERE backorder.order_line_id = component.order_line_id AND backorder.variant_id = component.variant_id
      AND backorder.status = 'waiting') AS units
  FROM order_line_component AS component WHERE component.order_line_id = $1) AS found
WHERE units > 0 ORDER BY sku
"""


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
        supply = await allocate_rest(uow, order, reason="order confirmed")
    except Shortage as shortage:
        # its field is a line of an order to place, and here nobody named any
        raise Refused(shortage.code, shortage.message) from shortage
    record(uow, EventType.ORDER_CONFIRMED, order.id, order_id=order.id, payload={"number": order.number})
    if supply is not None and supply.timed and not await is_promised(uow, order.id):
        await promise_delivery(uow, order.id, supply, heading_of(order))


async def allocate_rest(
    uow: UnitOfWork, order: Order, excluded: frozenset[UUID] = frozenset(), *, reason: str
) -> Supply | None:
    """Give out the units of the order that nobody works on, and that do not wait; returns what was decided.

    Raises:
        Shortage: not everything is in stock or may wait.
    """
    work, waiting_bundles = [], list[UUID]()
    for line in await OrderLine.filter(order_id=order.id, requires_shipping=True).order_by("position"):
        if line.is_bundle:
            work += await _open_components(uow, line)
            # all or nothing: what is not claimed yet will be, or the caller counts again
            covered = line.ordered - line.cancelled - line.shipped
            await OrderLine.filter(id=line.id).update(allocated=covered, backordered=0)
            if line.backordered:
                waiting_bundles.append(line.id)
            continue
        open_units = line.ordered - line.allocated - line.backordered - line.shipped - line.cancelled
        if open_units and line.variant_id is not None:
            work.append(WorkLine(line.id, line.variant_id, line.sku, open_units))
            await OrderLine.filter(id=line.id).update(allocated=line.allocated + open_units)
    supply = await allocate(uow, order.id, work, heading_of(order), excluded, reason=reason)
    await count_bundles(uow, waiting_bundles)
    return supply


def heading_of(order: Order) -> Heading:
    """Where an order goes, how fast, and by whose rules."""
    address = order.shipping_address or {}
    to = Destination(address.get("country", ""), address.get("postcode", ""), address.get("city", ""))
    speed = ShippingSpeed(order.shipping_speed)
    return Heading(order.channel, to, value=(order.total, order.currency), speed=speed)


async def _open_components(uow: UnitOfWork, line: OrderLine) -> list[WorkLine]:
    """The units of a bundle's components that nobody works on."""
    rows = await uow.fetch(_OPEN_COMPONENTS, line.id, line.ordered - line.cancelled)
    return [WorkLine(line.id, read_id(row["variant_id"]), row["sku"], int(row["units"])) for row in rows]
