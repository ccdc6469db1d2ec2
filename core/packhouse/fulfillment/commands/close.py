"""Closing work by itself once every unit is shipped or cancelled."""

from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.request_cancellation import refuse_cancellation
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.rules import WorkLine, is_closed
from packhouse.fulfillment.states import (
    FULFILLMENT_ORDER_STATUS,
    REQUEST_STATUS,
    FulfillmentOrderStatus,
    RequestStatus,
)
from packhouse.sdk import EventType, Refused
from packhouse.storage import UnitOfWork

_SENDABLE = {FulfillmentOrderStatus.IN_PROGRESS, FulfillmentOrderStatus.PACKED, FulfillmentOrderStatus.INCOMPLETE}


async def count_shipped(uow: UnitOfWork, work: FulfillmentOrder, units: dict[UUID, int], at: datetime) -> None:
    """Count units of locked work as shipped, by fulfillment order line, and close it with the last one.

    Raises:
        Refused: NOT_SENDABLE: not begun, or ended. NOT_FOUND: not a line of it. ALREADY_SHIPPED: more units than are left.
    """
    if work.status not in _SENDABLE:
        raise Refused("NOT_SENDABLE", f"fulfillment order {work.id} is {work.status}: nothing of it can be shipped")
    lines = {line.id: line for line in await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)}
    for line_id, quantity in units.items():
        line = lines.get(line_id)
        if line is None:
            raise Refused("NOT_FOUND", f"fulfillment order {work.id} has no line {line_id}")
        left = line.quantity - line.cancelled - line.shipped
        if quantity > left:
            raise Refused(
                "ALREADY_SHIPPED", f"{left} units of {line.sku} (line {line.id}) are left to ship, not {quantity}"
            )
        line.shipped += quantity
        # a network says only what it shipped: that was picked and packed too
        line.packed = max(line.packed, line.shipped)
        line.picked = max(line.picked, line.packed)
        await line.save(update_fields=["shipped", "packed", "picked"])
    if work.status != FulfillmentOrderStatus.INCOMPLETE and is_closed(
        WorkLine(line.id, line.quantity, line.shipped, line.cancelled) for line in lines.values()
    ):
        await _close(uow, work, at)


async def _close(uow: UnitOfWork, work: FulfillmentOrder, at: datetime) -> None:
    if work.status == FulfillmentOrderStatus.IN_PROGRESS:
        _move(work, FulfillmentOrderStatus.PACKED)
        work.packed_at = at
        payload = {"fulfillment_order_id": str(work.id), "location_id": str(work.location_id)}
        record(
            uow,
            EventType.FULFILLMENT_PACKED,
            work.id,
            at.isoformat(),
            order_id=work.order_id,
            occurred_at=at,
            payload=payload,
        )
    _move(work, FulfillmentOrderStatus.CLOSED)
    work.closed_at = at
    work.next_poll_at = None
    await close_request(uow, work)
    await work.save(update_fields=["status", "packed_at", "closed_at", "next_poll_at", "request_status"])


async def close_request(uow: UnitOfWork, work: FulfillmentOrder) -> None:
    """End the request to a network with the work; goods that left while our cancellation was open have rejected it."""
    await refuse_cancellation(uow, work, "it has shipped")
    if REQUEST_STATUS.can(RequestStatus(work.request_status), RequestStatus.CLOSED):
        _ask(work, RequestStatus.CLOSED)


def _move(work: FulfillmentOrder, to: FulfillmentOrderStatus) -> None:
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), to)
    work.status = to.value


def _ask(work: FulfillmentOrder, to: RequestStatus) -> None:
    REQUEST_STATUS.check(RequestStatus(work.request_status), to)
    work.request_status = to.value
