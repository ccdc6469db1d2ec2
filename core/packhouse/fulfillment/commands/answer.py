"""What a fulfilment network answered about work that was given to it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.close import close_request
from packhouse.fulfillment.commands.fail import fail_work
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.commands.request_cancellation import refuse_cancellation
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import (
    FULFILLMENT_ORDER_STATUS,
    REQUEST_STATUS,
    FulfillmentOrderStatus,
    RejectionReason,
    RequestStatus,
)
from packhouse.sdk import EventType, NetworkStatus, now
from packhouse.storage import UnitOfWork

_ENDED = {
    FulfillmentOrderStatus.CLOSED.value,
    FulfillmentOrderStatus.CANCELLED.value,
    FulfillmentOrderStatus.INCOMPLETE.value,
}
_REQUEST_FIELDS = [
    "status",
    "request_status",
    "external_id",
    "submitted_at",
    "accepted_at",
    "started_at",
    "next_poll_at",
]


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """Where the network says that a request stands; ask again after `poll_again`."""

    fulfillment_order_id: UUID
    status: NetworkStatus
    external_id: str = ""
    reason: str = ""
    poll_again: timedelta = timedelta()


async def record_answer(uow: UnitOfWork, data: NetworkAnswer) -> FulfillmentOrder:
    """Put the request forward: submitted, accepted (the work is in progress there), failed with their reason, or a
    cancellation that we asked for granted or refused.

    An answer that says nothing new changes nothing; shipments are recorded by the shipping room.

    Raises:
        Refused: NOT_FOUND.
    """
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    if work.status in _ENDED:
        return work
    work.external_id = data.external_id[:128] or work.external_id
    work.next_poll_at = now() + data.poll_again
    if work.request_status == RequestStatus.UNSUBMITTED:
        _ask(work, RequestStatus.SUBMITTED)
        work.submitted_at = now()
        _tell(uow, work, EventType.FULFILLMENT_SUBMITTED)
    if data.status in {NetworkStatus.ACCEPTED, NetworkStatus.SHIPPED}:
        await _accept(uow, work)
    await work.save(update_fields=_REQUEST_FIELDS)
    if data.status in {NetworkStatus.REJECTED, NetworkStatus.CANCELLED}:
        await _fail(uow, work, data)
    if data.status is NetworkStatus.CANCELLATION_REFUSED:
        await refuse_cancellation(uow, work, data.reason)
    return work


async def _accept(uow: UnitOfWork, work: FulfillmentOrder) -> None:
    """A yes that comes while we ask for the work back, or after their no to that, begins the work all the same."""
    if work.request_status == RequestStatus.SUBMITTED:
        _ask(work, RequestStatus.ACCEPTED)
    if work.status != FulfillmentOrderStatus.OPEN:
        return
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), FulfillmentOrderStatus.IN_PROGRESS)
    work.status = FulfillmentOrderStatus.IN_PROGRESS.value
    work.accepted_at = work.started_at = now()
    await touch_orders([work.order_id])
    _tell(uow, work, EventType.FULFILLMENT_ACCEPTED)


def _tell(uow: UnitOfWork, work: FulfillmentOrder, event_type: EventType) -> None:
    record(
        uow,
        event_type,
        work.id,
        order_id=work.order_id,
        payload={
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
            "network": work.network,
            "external_id": work.external_id,
        },
    )


async def _fail(uow: UnitOfWork, work: FulfillmentOrder, data: NetworkAnswer) -> None:
    """Their no ends the request: a rejection before they accepted, the end of accepted work, or our cancellation granted."""
    reason, note = RejectionReason.REFUSED_BY_NETWORK, data.reason
    if work.request_status == RequestStatus.SUBMITTED:
        _ask(work, RequestStatus.REJECTED)
    elif work.request_status == RequestStatus.CANCELLATION_REQUESTED:
        _ask(work, RequestStatus.CANCELLATION_ACCEPTED)
        reason, note = RejectionReason.WITHDRAWN, work.reason
    else:
        await close_request(uow, work)
    await work.save(update_fields=["request_status"])
    await fail_work(uow, work, reason, note)


def _ask(work: FulfillmentOrder, to: RequestStatus) -> None:
    REQUEST_STATUS.check(RequestStatus(work.request_status), to)
    work.request_status = to.value
