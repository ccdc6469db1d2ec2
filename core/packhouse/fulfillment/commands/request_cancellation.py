"""Asking somebody else to give work back: that we ask, and that they said no. The question itself is put after the commit."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import (
    FULFILLMENT_ORDER_STATUS,
    GIVEN_AWAY,
    REQUEST_STATUS,
    FulfillmentOrderStatus,
    RequestStatus,
    Withdrawal,
)
from packhouse.sdk import EventType, Refused, new_id
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class RequestCancellation:
    """Work that somebody else shall give back, and why; `reason` is for people."""

    fulfillment_order_id: UUID
    withdrawal: Withdrawal
    reason: str


async def request_cancellation(uow: UnitOfWork, data: RequestCancellation) -> FulfillmentOrder:
    """Ask whoever works on it to give it back; what they answer ends the question, until then they may go on.

    Raises:
        Refused: NOT_FOUND, NOT_GIVEN_AWAY (nobody else works on it), CANCELLATION_REQUESTED (they were asked already).
    """
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    if work.request_status == RequestStatus.CANCELLATION_REQUESTED:
        raise Refused(
            "CANCELLATION_REQUESTED",
            f"{work.network} was asked to give back fulfillment order {work.id}: wait for the answer",
            "fulfillmentOrderId",
        )
    if work.request_status not in GIVEN_AWAY or FULFILLMENT_ORDER_STATUS.is_final(FulfillmentOrderStatus(work.status)):
        raise Refused(
            "NOT_GIVEN_AWAY",
            f"nobody else works on fulfillment order {work.id} ({work.status}, {work.request_status}):"
            " reject it, or cancel the order",
            "fulfillmentOrderId",
        )
    await ask_back(uow, work, data.withdrawal, data.reason)
    return work


async def ask_back(uow: UnitOfWork, work: FulfillmentOrder, withdrawal: Withdrawal, reason: str) -> None:
    """Put locked work that was given away, or may have been, into the state of being asked for."""
    if work.request_status == RequestStatus.UNSUBMITTED:
        # a submission is on its way, or got no answer: they may have it
        _move(work, RequestStatus.SUBMITTED)
    _move(work, RequestStatus.CANCELLATION_REQUESTED)
    work.withdrawn_for = withdrawal.value
    work.reason = reason[:255]
    await work.save(update_fields=["request_status", "withdrawn_for", "reason"])
    await touch_orders([work.order_id])
    record(
        uow,
        EventType.FULFILLMENT_CANCELLATION_REQUESTED,
        work.id,
        # they can be asked again after a no
        new_id(),
        order_id=work.order_id,
        reason=reason,
        payload=_payload(work),
    )


async def refuse_cancellation(uow: UnitOfWork, work: FulfillmentOrder, reason: str) -> None:
    """They go on with locked work that was asked for; anything else stays as it is."""
    if work.request_status != RequestStatus.CANCELLATION_REQUESTED:
        return
    _move(work, RequestStatus.CANCELLATION_REJECTED)
    work.reason = reason[:255]
    await work.save(update_fields=["request_status", "reason"])
    await touch_orders([work.order_id])
    record(
        uow,
        EventType.FULFILLMENT_CANCELLATION_REJECTED,
        work.id,
        new_id(),
        order_id=work.order_id,
        reason=reason,
        payload=_payload(work),
    )


def _payload(work: FulfillmentOrder) -> dict[str, str]:
    return {
        "fulfillment_order_id": str(work.id),
        "location_id": str(work.location_id),
        "network": work.network,
        "withdrawn_for": work.withdrawn_for,
    }


def _move(work: FulfillmentOrder, to: RequestStatus) -> None:
    REQUEST_STATUS.check(RequestStatus(work.request_status), to)
    work.request_status = to.value
