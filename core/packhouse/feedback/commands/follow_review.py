"""Following what happens to a review on its platform: edited, removed, put back, answered there."""

from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.commands.record_review import check_score, facts_of
from packhouse.feedback.models import Review
from packhouse.feedback.rules import ReviewContent, content_of, is_news, says_other
from packhouse.feedback.states import REPLY_STATUS, ReplyStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import EventType, IncomingReview, ReviewReply, now
from packhouse.storage import UnitOfWork


async def follow_review(uow: UnitOfWork, review_id: UUID, given: IncomingReview) -> bool:
    """Bring a kept review to what its platform says now; whether that changed anything. What it is tied to stays.

    Raises:
        InvalidValue: the score is not on the scale.
    """
    order, review = await locked_review(review_id)
    if not is_news(kept_content(review), review.edited_at, given):
        return False
    if given.is_removed:
        await _remove(uow, order, review)
        return True
    check_score(given.score)
    if review.removed_at is not None or says_other(kept_content(review), content_of(given)):
        await _change(uow, order, review, given)
    if given.reply is not None:
        await take_reply(uow, order, review, given.reply)
    return True


async def take_reply(uow: UnitOfWork, order: Order, review: Review, reply: ReviewReply, replied_by: str = "") -> None:
    """Keep the answer that stands on the platform. `replied_by` is who gave it, where it was given through us."""
    was_done = review.reply_status == ReplyStatus.DONE
    if was_done and review.reply == reply.text:
        return
    if not was_done:
        REPLY_STATUS.check(ReplyStatus(review.reply_status), ReplyStatus.DONE)
        review.replied_by = replied_by
    review.reply_status = ReplyStatus.DONE.value
    review.reply = reply.text
    review.reply_error = ""
    review.answered_at = reply.replied_at or now()
    await review.save(update_fields=["reply_status", "reply", "reply_error", "replied_by", "answered_at"])
    await _touch(order)
    if not was_done:
        record(
            uow,
            EventType.REVIEW_REPLIED,
            review.id,
            order_id=order.id,
            payload=facts_of(review, order, await _line(review)),
        )


async def locked_review(review_id: UUID) -> tuple[Order, Review]:
    """The order first, as everywhere, then its review as it stands under that lock."""
    found = await Review.get(id=review_id)
    order = await Order.filter(id=found.order_id).select_for_update().get()
    return order, await Review.get(id=review_id)


def kept_content(review: Review) -> ReviewContent:
    """What is kept of a review that may change."""
    is_answered = review.reply_status == ReplyStatus.DONE
    return ReviewContent(
        score=review.score,
        title=review.title,
        body=review.body,
        language=review.language,
        is_removed=review.removed_at is not None,
        reply=review.reply if is_answered else "",
    )


async def _remove(uow: UnitOfWork, order: Order, review: Review) -> None:
    """What the customer took back is erased here, too; its score stays, and counts no more."""
    review.removed_at = now()
    review.title = review.body = ""
    await review.save(update_fields=["removed_at", "title", "body"])
    await _touch(order)
    payload = facts_of(review, order, await _line(review))
    _record(uow, EventType.FEEDBACK_REMOVED, review, review.removed_at, payload)


async def _change(uow: UnitOfWork, order: Order, review: Review, given: IncomingReview) -> None:
    previous, at = review.score, now()
    review.score, review.title, review.body = given.score, given.title, given.body
    review.language = given.language
    review.edited_at = given.edited_at or at
    review.removed_at = None
    await review.save(update_fields=["score", "title", "body", "language", "edited_at", "removed_at"])
    await _touch(order)
    payload = {**facts_of(review, order, await _line(review)), "previous_score": previous}
    _record(uow, EventType.FEEDBACK_CHANGED, review, at, payload)


def _record(uow: UnitOfWork, event: EventType, review: Review, at: datetime, payload: dict[str, object]) -> None:
    record(uow, event, review.id, at.isoformat(), order_id=review.order_id, payload=payload, occurred_at=at)


async def _line(review: Review) -> OrderLine | None:
    return await OrderLine.get(id=review.order_line_id) if review.order_line_id else None


async def _touch(order: Order) -> None:
    await Order.filter(id=order.id).update(updated_at=now())
