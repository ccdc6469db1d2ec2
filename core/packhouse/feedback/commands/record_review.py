"""Recording what a customer said, and that the question was answered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.models import Review, ReviewRequest
from packhouse.feedback.states import REVIEW_REQUEST_STATUS, ReviewRequestStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork

BY_HAND = "manual"
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class RecordReview:
    """A review of an order, or with `sku` of a product in it. `score` is 1 to 5, `external_id` the platform's own id."""

    order_id: UUID
    score: int
    title: str = ""
    body: str = ""
    sku: str = ""
    platform: str = BY_HAND
    external_id: str = ""
    created_at: datetime | None = None


async def record_review(uow: UnitOfWork, data: RecordReview) -> Review:
    """Keep a review; one that is known by its platform's id changes nothing.

    A customer who was asked there has answered; one who was still to be asked there is not asked any more.

    Raises:
        InvalidValue: a score outside 1 to 5, a text that is too long, or a time without a time zone.
        Refused: NOT_FOUND, UNKNOWN_SKU (the order has no such line).
    """
    _check(data)
    order = await Order.filter(id=data.order_id).select_for_update().first()
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {data.order_id}", "orderId")
    external_id = data.external_id or str(new_id())
    known = await Review.get_or_none(order_id=order.id, platform=data.platform, external_id=external_id)
    if known is not None:
        return known
    if data.sku and not await OrderLine.exists(order_id=order.id, sku=data.sku):
        raise Refused("UNKNOWN_SKU", f"order {order.number} has no line with SKU {data.sku}", "sku")
    review = await Review.create(
        order_id=order.id,
        platform=data.platform,
        external_id=external_id,
        sku=data.sku,
        score=data.score,
        title=data.title,
        body=data.body,
        created_at=data.created_at or now(),
    )
    await _answer(order.id, data.platform, review.created_at)
    await Order.filter(id=order.id).update(updated_at=now())
    # What people wrote stays in its own row, where it can be erased: the log is never changed.
    record(
        uow,
        EventType.FEEDBACK_RECEIVED,
        review.id,
        order_id=order.id,
        payload={
            "review_id": str(review.id),
            "order_number": order.number,
            "platform": review.platform,
            "score": review.score,
            "sku": review.sku,
        },
    )
    return review


def _check(data: RecordReview) -> None:
    if not LOWEST <= data.score <= HIGHEST:
        raise InvalidValue("score", f"{data.score} is not a score from {LOWEST} to {HIGHEST}")
    if not data.platform.strip():
        raise InvalidValue("platform", "name the platform")
    if data.created_at is not None and data.created_at.tzinfo is None:
        raise InvalidValue("createdAt", "a time needs its offset from UTC, as in 2026-01-31T12:00:00Z")
    for field, text, longest in (
        ("title", data.title, 255),
        ("sku", data.sku, 100),
        ("platform", data.platform, 64),
        ("externalId", data.external_id, 128),
    ):
        if len(text) > longest:
            raise InvalidValue(field, f"longer than {longest} characters")


async def _answer(order_id: UUID, platform: str, answered_at: datetime) -> None:
    request = await ReviewRequest.get_or_none(order_id=order_id, platform=platform)
    if request is None:
        return
    status = ReviewRequestStatus(request.status)
    if status is ReviewRequestStatus.SENT:
        REVIEW_REQUEST_STATUS.check(status, ReviewRequestStatus.ANSWERED)
        await ReviewRequest.filter(id=request.id).update(
            status=ReviewRequestStatus.ANSWERED.value, answered_at=answered_at
        )
    elif status is ReviewRequestStatus.SCHEDULED:
        REVIEW_REQUEST_STATUS.check(status, ReviewRequestStatus.SKIPPED)
        await ReviewRequest.filter(id=request.id).update(
            status=ReviewRequestStatus.SKIPPED.value, reason="the customer has reviewed it already", due_at=None
        )
