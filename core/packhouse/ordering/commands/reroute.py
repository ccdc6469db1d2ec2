"""Routing again what a location could not send, without that location."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus, Withdrawal
from packhouse.ordering.commands.allocate import Shortage
from packhouse.ordering.commands.confirm import allocate_rest
from packhouse.ordering.commands.hold import locked_order, place_holds
from packhouse.orders.models import Order, OrderLine
from packhouse.orders.states import HoldReason, OrderStatus
from packhouse.sdk import now
from packhouse.storage import UnitOfWork

_FAILED = {FulfillmentOrderStatus.INCOMPLETE.value, FulfillmentOrderStatus.CANCELLED.value}
_REFUSED = {RequestStatus.REJECTED.value, RequestStatus.TIMED_OUT.value}
_OURS = {RequestStatus.UNSUBMITTED.value, RequestStatus.CANCELLATION_ACCEPTED.value}
# Work that we took back for our own reasons says nothing against its location.
_TAKEN_BACK = {Withdrawal.TAKEN_BACK.value, Withdrawal.ORDER_CANCELLED.value}


@dataclass(frozen=True, slots=True)
class Reroute:
    """The order whose units were given back by a location."""

    order_id: UUID


async def reroute(uow: UnitOfWork, data: Reroute) -> UUID:
    """Give the order's open units to other locations than those that failed; hold it as out of stock where none has them.

    Returns the order's id. Doing it again does nothing.

    Raises:
        Refused: NOT_FOUND.
    """
    order = await locked_order(data.order_id)
    if order.status != OrderStatus.CONFIRMED or order.cancel_requested_at is not None:
        return order.id
    failed = await _failed_locations(order.id)
    try:
        await allocate_rest(uow, order, failed, reason="routed again")
    except Shortage as shortage:
        await _give_back(uow, order.id)
        await place_holds(uow, order.id, [(HoldReason.OUT_OF_STOCK, shortage.message)])
    await Order.filter(id=order.id).update(updated_at=now())
    return order.id


async def _failed_locations(order_id: UUID) -> frozenset[UUID]:
    rows = await FulfillmentOrder.filter(order_id=order_id)
    return frozenset(row.location_id for row in rows if _speaks_against(row))


def _speaks_against(row: FulfillmentOrder) -> bool:
    if row.request_status in _OURS and row.withdrawn_for in _TAKEN_BACK:
        return False
    return row.status in _FAILED or row.request_status in _REFUSED


async def _give_back(uow: UnitOfWork, order_id: UUID) -> None:
    """`allocate_rest` counts units as allocated before it knows: what has no allocation is not."""
    await uow.execute(
        "UPDATE order_line SET allocated = (SELECT COALESCE(SUM(quantity), 0) FROM allocation"
        " WHERE allocation.order_line_id = order_line.id AND allocation.status = 'allocated') WHERE order_id = $1 AND NOT is_bundle",
        order_id,
    )
    bundles = await OrderLine.filter(order_id=order_id, is_bundle=True)
    await count_bundles(uow, [line.id for line in bundles])
