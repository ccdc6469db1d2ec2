"""Recording what a customer said, and that the question was answered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.commands.tie_review import line_of
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
    edited_at: datetime | None = None
    language: str = ""
    recheck_at: datetime | None = None


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
    line = await line_of(order, data.sku)
    review = await Review.create(
        order_id=order.id,
        order_line_id=line.id if line else None,
        platform=data.platform,
        external_id=external_id,
        sku=line.sku if line else "",
        score=data.score,
        title=data.title,
        body=data.body,
        language=data.language,
        created_at=data.created_at or now(),
        edited_at=data.edited_at,
        recheck_at=data.recheck_at,
    )
    await _answer(order.id, data.platform, review.created_at)
    await Order.filter(id=order.id).update(updated_at=now())
    record(
        uow,
        EventType.FEEDBACK_RECEIVED,
        review.id,
        order_id=order.id,
        payload=facts_of(review, order, line),
    )
    return review


def facts_of(review: Review, order: Order, line: OrderLine | None) -> dict[str, object]:
    """What the events about a review say of it.

    What people wrote stays in the review's own row, where it can be erased: the log is never changed.
    """
    return {
        "review_id": str(review.id),
        "order_number": order.number,
        "platform": review.platform,
        "score": review.score,
        "sku": review.sku,
        "product_title": line.title if line else "",
        "order_line_id": str(line.id) if line else None,
        "language": review.language,
    }


def check_score(score: int) -> None:
    """Let a score pass.

    Raises:
        InvalidValue: it is not on the scale.
    """
    if not LOWEST <= score <= HIGHEST:
        raise InvalidValue("score", f"{score} is not a score from {LOWEST} to {HIGHEST}")


def _check(data: RecordReview) -> None:
    check_score(data.score)
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
