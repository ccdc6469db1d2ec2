"""Giving up the wait for a network that does not say yes: its work is asked for, and goes to another location."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.commands.request_cancellation import ask_back
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import (
    FULFILLMENT_ORDER_STATUS,
    REQUEST_STATUS,
    FulfillmentOrderStatus,
    RequestStatus,
    Withdrawal,
)
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class TimeOut:
    """Work that its network had to accept within a time after it was submitted."""

    fulfillment_order_id: UUID
    within: timedelta


async def time_out(uow: UnitOfWork, data: TimeOut) -> FulfillmentOrder:
    """Time the submission out if it still waits for its yes; the network is asked to give it back afterwards.

    Raises:
        Refused: NOT_FOUND.
    """
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    if work.request_status != RequestStatus.SUBMITTED or not is_late(work, data.within):
        return work
    REQUEST_STATUS.check(RequestStatus(work.request_status), RequestStatus.TIMED_OUT)
    work.request_status = RequestStatus.TIMED_OUT.value
    await work.save(update_fields=["request_status"])
    await touch_orders([work.order_id])
    record(
        uow,
        EventType.FULFILLMENT_TIMED_OUT,
        work.id,
        order_id=work.order_id,
        reason=f"{work.network} did not accept it within {data.within.total_seconds() / 3600:g} hours",
        payload={
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
            "network": work.network,
        },
    )
    return work


async def ask_timed_out(uow: UnitOfWork, fulfillment_order_id: UUID, reason: str) -> None:
    """Ask for timed-out work back; work that ended meanwhile, or was asked for, is left as it is.

    Raises:
        Refused: NOT_FOUND.
    """
    work = await locked_fulfillment_order(fulfillment_order_id)
    if work.request_status == RequestStatus.TIMED_OUT and not FULFILLMENT_ORDER_STATUS.is_final(
        FulfillmentOrderStatus(work.status)
    ):
        await ask_back(uow, work, Withdrawal.TIMED_OUT, reason)


def is_late(work: FulfillmentOrder, within: timedelta) -> bool:
    """Whether the network has had its time."""
    return work.submitted_at is not None and now() >= work.submitted_at + within
