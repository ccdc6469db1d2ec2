"""What became of a planned review request: sent, put off, skipped for good, or without occasion."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.models import ReviewRequest
from packhouse.feedback.states import REVIEW_REQUEST_STATUS, ReviewRequestStatus
from packhouse.orders.models import Order
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork


async def request_sent(uow: UnitOfWork, request_id: UUID, external_id: str, skus: Sequence[str] = ()) -> ReviewRequest:
    """The customer was asked, about these products."""
    order, request = await _locked(request_id)
    _move(request, ReviewRequestStatus.SENT)
    request.external_id = external_id[:128]
    request.sent_at = now()
    request.due_at = None
    request.reason = ""
    await request.save()
    record(
        uow,
        EventType.REVIEW_REQUESTED,
        request.id,
        order_id=request.order_id,
        payload={
            "review_request_id": str(request.id),
            "platform": request.platform,
            "order_number": order.number,
            "skus": list(skus),
        },
    )
    return request


async def request_put_off(uow: UnitOfWork, request_id: UUID, due_at: datetime, reason: str) -> ReviewRequest:
    """It did not work now: try again at `due_at`. One that has ended meanwhile stays as it is."""
    _, request = await _locked(request_id)
    if request.status == ReviewRequestStatus.SCHEDULED:
        request.attempts += 1
        request.due_at = due_at
        request.reason = reason[:255]
        await request.save()
    return request


async def request_skipped(uow: UnitOfWork, request_id: UUID, reason: str) -> ReviewRequest:
    """The customer will not be asked, and why. One that has ended meanwhile stays as it is."""
    return await _ended(request_id, ReviewRequestStatus.SKIPPED, reason)


async def request_cancelled(uow: UnitOfWork, request_id: UUID, reason: str) -> ReviewRequest:
    """There is nothing left to ask about, and why. One that has ended meanwhile stays as it is."""
    return await _ended(request_id, ReviewRequestStatus.CANCELLED, reason)


async def _ended(request_id: UUID, status: ReviewRequestStatus, reason: str) -> ReviewRequest:
    _, request = await _locked(request_id)
    if request.status == ReviewRequestStatus.SCHEDULED:
        _move(request, status)
        request.due_at = None
        request.reason = reason[:255]
        await request.save()
    return request


async def _locked(request_id: UUID) -> tuple[Order, ReviewRequest]:
    """The order first, as everywhere, then the request as it stands under that lock."""
    found = await ReviewRequest.get(id=request_id)
    order = await Order.filter(id=found.order_id).select_for_update().get()
    return order, await ReviewRequest.get(id=request_id)


def _move(request: ReviewRequest, to: ReviewRequestStatus) -> None:
    REVIEW_REQUEST_STATUS.check(ReviewRequestStatus(request.status), to)
    request.status = to.value
