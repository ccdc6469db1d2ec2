"""Taking in a review that a platform gave: tied to its order and line, or kept in quarantine with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packhouse.feedback.commands.follow_review import follow_review, locked_review, take_reply
from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.commands.tie_review import order_of
from packhouse.feedback.models import QuarantinedReview, Review
from packhouse.feedback.rules import next_recheck, next_retry
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, InvalidValue, Refused, now
from packhouse.storage import UnitOfWork


class TakenIn(StrEnum):
    """What became of an incoming review."""

    RECORDED = "recorded"
    CHANGED = "changed"
    KNOWN = "known"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class TakeInReview:
    """A review as a platform gave it, made `storable`."""

    platform: str
    review: IncomingReview


async def take_in_review(uow: UnitOfWork, data: TakeInReview) -> TakenIn:
    """Record a review for its order, or follow one that is kept; one that cannot be placed or read waits in quarantine, and
    leaves it once it can. One that somebody dismissed stays away.
    """
    review = data.review
    quarantined = await QuarantinedReview.get_or_none(platform=data.platform, external_id=review.external_id)
    if quarantined is not None and quarantined.dismissed_at is not None:
        return TakenIn.KNOWN
    try:
        outcome = await _place(uow, data)
    except (Refused, InvalidValue) as error:  # both come before anything is written
        await _quarantine(data.platform, review, quarantined, str(error))
        return TakenIn.QUARANTINED
    if quarantined is not None:
        await quarantined.delete()
    return outcome


async def record_incoming(uow: UnitOfWork, order: Order, data: TakeInReview) -> Review:
    """Keep a review of an order, with the answer that it has.

    Raises:
        InvalidValue, Refused: as `record_review`.
    """
    given, at = data.review, now()
    created_at = given.created_at or at
    review = await record_review(
        uow,
        RecordReview(
            order_id=order.id,
            score=given.score,
            title=given.title,
            body=given.body,
            sku=given.sku,
            platform=data.platform,
            external_id=given.external_id,
            created_at=created_at,
            edited_at=given.edited_at,
            language=given.language,
            recheck_at=next_recheck(created_at, at),
        ),
    )
    if given.reply is not None:
        order, review = await locked_review(review.id)
        await take_reply(uow, order, review, given.reply)
    return review


async def _place(uow: UnitOfWork, data: TakeInReview) -> TakenIn:
    given = data.review
    if given.problem:
        raise Refused("UNUSABLE", given.problem)
    kept = await Review.filter(platform=data.platform, external_id=given.external_id).limit(2)
    if len(kept) == 1:
        return TakenIn.CHANGED if await follow_review(uow, kept[0].id, given) else TakenIn.KNOWN
    if given.is_removed:
        return TakenIn.KNOWN  # nobody here has ever heard of it
    order = await order_of(data.platform, given)
    if kept and await Review.exists(order_id=order.id, platform=data.platform, external_id=given.external_id):
        return TakenIn.KNOWN  # imported history: one text about several orders
    await record_incoming(uow, order, data)
    return TakenIn.RECORDED


async def _quarantine(
    platform: str, review: IncomingReview, quarantined: QuarantinedReview | None, reason: str
) -> None:
    at = now()
    attempts = 0 if quarantined is None else quarantined.attempts + 1
    row = quarantined or QuarantinedReview(platform=platform, external_id=review.external_id, received_at=at)
    row.update_from_dict(
        {
            "order_number": review.order_number,
            "sku": review.sku,
            "score": review.score,
            "title": review.title,
            "body": review.body,
            "language": review.language,
            "created_at": review.created_at or (at if quarantined is None else quarantined.created_at),
            "edited_at": review.edited_at,
            "problem": review.problem[:255],
            "reason": reason[:255],
            "attempts": attempts,
            "due_at": _retry_at(review, attempts, at),
        }
    )
    await row.save()


def _retry_at(review: IncomingReview, attempts: int, at: datetime) -> datetime | None:
    """Only one whose order may still come is tried again; the others need somebody to look."""
    return None if review.problem or not review.order_number else next_retry(attempts, at)
