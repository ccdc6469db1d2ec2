"""Cancelling an order while nothing of it has shipped: its claims on stock are given back.

Work that somebody else has is asked for first: the order waits, held, and `conclude_cancellation` ends it by their answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import given_away
from packhouse.fulfillment.commands.picks import drop_picks
from packhouse.fulfillment.commands.request_cancellation import ask_back
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, RequestStatus, Withdrawal
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import Allocation
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.ordering.commands.hold import locked_order, place_holds
from packhouse.ordering.commands.let_wait import stop_waiting
from packhouse.ordering.commands.place import CheckOrder
from packhouse.ordering.rules import objection_holds
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.orders.queries import order_snapshots
from packhouse.orders.states import ORDER_STATUS, HoldReason, OrderStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """An order to cancel, and why."""

    order_id: UUID
    reason: str


async def cancel(uow: UnitOfWork, data: CancelOrder, check: CheckOrder) -> UUID:
    """Cancel a whole order, or ask those who work on it first; returns its id. `check` is the plugins' say.

    Raises:
        Refused: NOT_FOUND, ALREADY_SHIPPED, CANCELLATION_REQUESTED (somebody else was asked already), or a plugin's code.
        IllegalTransition: the order has ended, or a fulfillment order is packed (unpack it first).
    """
    order = await locked_order(data.order_id)
    work = await _cancellable_work(order)
    objection_holds(check((await order_snapshots([order.id]))[order.id]))
    if order.cancel_requested_at is not None:
        raise Refused(
            "CANCELLATION_REQUESTED", f"order {order.number} waits for somebody else to give it back", "orderId"
        )
    theirs = await given_away(work)
    if theirs:
        await _ask(uow, order, theirs, data.reason)
    else:
        await _end_all(uow, order, work, data.reason)
    return order.id


async def end_cancelled(uow: UnitOfWork, order: Order) -> None:
    """Cancel a locked order that nobody else works on any more, as it was asked for.

    Raises:
        Refused: ALREADY_SHIPPED.
        IllegalTransition: the order has ended, or a fulfillment order is packed.
    """
    await _end_all(uow, order, await _cancellable_work(order), order.cancel_reason)


async def active_work(order_id: UUID) -> list[FulfillmentOrder]:
    """The work of an order that has not ended, locked."""
    rows = await FulfillmentOrder.filter(order_id=order_id).order_by("id").select_for_update()
    return [row for row in rows if not FULFILLMENT_ORDER_STATUS.is_final(FulfillmentOrderStatus(row.status))]


async def _cancellable_work(order: Order) -> list[FulfillmentOrder]:
    """The order's active work, if the whole order can be cancelled."""
    ORDER_STATUS.check(OrderStatus(order.status), OrderStatus.CANCELLED)
    # a bundle counts as shipped with its last component: some may have left before
    if await OrderLine.exists(order_id=order.id, shipped__gt=0, requires_shipping=True) or (
        await FulfillmentOrderLine.exists(order_line__order_id=order.id, shipped__gt=0)
    ):
        raise Refused(
            "ALREADY_SHIPPED", f"parts of order {order.number} have shipped: take them back as a return", "orderId"
        )
    work = await active_work(order.id)
    for row in work:
        FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(row.status), FulfillmentOrderStatus.CANCELLED)
    return work


async def _ask(uow: UnitOfWork, order: Order, theirs: Sequence[FulfillmentOrder], reason: str) -> None:
    """Ask everybody who has some of it, and hold the order: our own people do not begin what may be cancelled."""
    at = now()
    await Order.filter(id=order.id).update(cancel_requested_at=at, cancel_reason=reason[:255], updated_at=at)
    for row in theirs:
        if row.request_status != RequestStatus.CANCELLATION_REQUESTED:
            await ask_back(uow, row, Withdrawal.ORDER_CANCELLED, reason)
    networks = ", ".join(sorted({row.network for row in theirs}))
    await place_holds(uow, order.id, [(HoldReason.CANCELLATION, f"waits for {networks} to cancel")])


async def _end_all(uow: UnitOfWork, order: Order, work: Sequence[FulfillmentOrder], reason: str) -> None:
    await _end(order, reason)
    for row in work:
        await _cancel_work(uow, row, reason)
    await _release_stock(uow, order.id)
    record(uow, EventType.ORDER_CANCELLED, order.id, order_id=order.id, reason=reason, payload={"number": order.number})


async def _end(order: Order, reason: str) -> None:
    at = now()
    await Order.filter(id=order.id).update(
        status=OrderStatus.CANCELLED.value,
        cancelled_at=at,
        cancel_requested_at=None,
        updated_at=at,
        cancel_reason=reason[:255],
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


async def _release_stock(uow: UnitOfWork, order_id: UUID) -> None:
    line_ids = await OrderLine.filter(order_id=order_id).values_list("id", flat=True)
    claims = await Allocation.filter(order_line_id__in=list(line_ids), status=AllocationStatus.ALLOCATED.value)
    await Allocation.filter(id__in=[claim.id for claim in claims]).update(status=AllocationStatus.RELEASED.value)
    waiting = await stop_waiting(uow, order_id, "order cancelled")
    await apply_movements(
        uow,
        [
            *waiting,
            *(
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
            ),
        ],
    )
