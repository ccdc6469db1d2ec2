"""Cancelling an order while nothing of it has shipped: its claims on stock are given back."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.picks import drop_picks
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, RequestStatus
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import Allocation
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.ordering.commands.hold import locked_order
from packhouse.ordering.commands.place import CheckOrder
from packhouse.ordering.rules import objection_holds
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.queries import order_snapshots
from packhouse.orders.states import ORDER_STATUS, OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork

_GIVEN_AWAY = {
    RequestStatus.SUBMITTED.value,
    RequestStatus.ACCEPTED.value,
    RequestStatus.CANCELLATION_REQUESTED.value,
    RequestStatus.CANCELLATION_REJECTED.value,
    RequestStatus.TIMED_OUT.value,
}
_ENDED = {FulfillmentOrderStatus.CLOSED, FulfillmentOrderStatus.CANCELLED, FulfillmentOrderStatus.INCOMPLETE}


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """An order to cancel, and why."""

    order_id: UUID
    reason: str


async def cancel(uow: UnitOfWork, data: CancelOrder, check: CheckOrder) -> UUID:
    """Cancel a whole order; returns its id. `check` is the plugins' say.

    Raises:
        Refused: NOT_FOUND, ALREADY_SHIPPED, WORK_GIVEN_AWAY (a network has accepted it: ask them first), or a plugin's code.
        IllegalTransition: the order has ended, or a fulfillment order is packed (unpack it first).
    """
    order = await locked_order(data.order_id)
    ORDER_STATUS.check(OrderStatus(order.status), OrderStatus.CANCELLED)
    lines = await OrderLine.filter(order_id=order.id)
    if any(line.shipped for line in lines if line.requires_shipping):
        raise Refused(
            "ALREADY_SHIPPED", f"parts of order {order.number} have shipped: take them back as a return", "orderId"
        )
    objection_holds(check((await order_snapshots([order.id]))[order.id]))
    work = [row for row in await FulfillmentOrder.filter(order_id=order.id) if row.status not in _ENDED]
    for row in work:
        _check_work(order, row)
    await _end(order, data.reason)
    for row in work:
        await _cancel_work(uow, row, data.reason)
    await _release_stock(uow, order.id, [line.id for line in lines])
    record(
        uow,
        EventType.ORDER_CANCELLED,
        order.id,
        order_id=order.id,
        reason=data.reason,
        payload={"number": order.number},
    )
    return order.id


def _check_work(order: Order, work: FulfillmentOrder) -> None:
    if work.request_status in _GIVEN_AWAY:
        raise Refused(
            "WORK_GIVEN_AWAY",
            f"{work.network} works on order {order.number} (fulfillment order {work.id}): ask them to cancel first",
            "orderId",
        )
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), FulfillmentOrderStatus.CANCELLED)


async def _end(order: Order, reason: str) -> None:
    at = now()
    await Order.filter(id=order.id).update(
        status=OrderStatus.CANCELLED.value, cancelled_at=at, updated_at=at, cancel_reason=reason[:255]
    )
    await Hold.filter(order_id=order.id, released_at=None).update(released_at=at, released_by="cancelled")
    for line in await OrderLine.filter(order_id=order.id):
        await OrderLine.filter(id=line.id).update(
            allocated=0, backordered=0, shipped=0, delivered=0, cancelled=line.ordered
        )


async def _cancel_work(uow: UnitOfWork, work: FulfillmentOrder, reason: str) -> None:
    await FulfillmentOrder.filter(id=work.id).update(
        status=FulfillmentOrderStatus.CANCELLED.value, closed_at=now(), reason=reason[:255]
    )
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)
    for line in lines:
        await FulfillmentOrderLine.filter(id=line.id).update(cancelled=line.quantity - line.shipped)
    await drop_picks([line.id for line in lines])
    record(
        uow,
        EventType.FULFILLMENT_CANCELLED,
        work.id,
        order_id=work.order_id,
        reason=reason,
        payload={"fulfillment_order_id": str(work.id), "location_id": str(work.location_id)},
    )


async def _release_stock(uow: UnitOfWork, order_id: UUID, line_ids: list[UUID]) -> None:
    claims = await Allocation.filter(order_line_id__in=line_ids, status=AllocationStatus.ALLOCATED.value)
    await Allocation.filter(id__in=[claim.id for claim in claims]).update(status=AllocationStatus.RELEASED.value)
    await apply_movements(
        uow,
        [
            Movement(
                claim.variant_id,
                claim.location_id,
                MovementKind.RELEASE,
                "order cancelled",
                allocated=-claim.quantity,
                order_id=order_id,
                reference=str(claim.fulfillment_order_line_id),
            )
            for claim in claims
        ],
    )
