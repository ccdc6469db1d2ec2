"""Taking in a review that a platform gave: tied to its order by number, or kept in quarantine with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.models import QuarantinedReview, Review, ReviewRequest
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, InvalidValue, Refused, fact_id, now
from packhouse.storage import UnitOfWork

_LONGEST_ID = 128
_LONGEST_TITLE = 255
_LONGEST_SKU = 100
_LARGEST = 2**63 - 1


class TakenIn(StrEnum):
    """What became of an incoming review."""

    RECORDED = "recorded"
    KNOWN = "known"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class TakeInReview:
    """A review as a platform gave it."""

    platform: str
    review: IncomingReview


async def take_in_review(uow: UnitOfWork, data: TakeInReview) -> TakenIn:
    """Record a review for its order; one that cannot be placed or read waits in quarantine, and leaves it once it can."""
    review = _storable(data)
    quarantined = await QuarantinedReview.get_or_none(platform=data.platform, external_id=review.external_id)
    try:
        order = await _order_of(data.platform, review)
        known = await Review.exists(order_id=order.id, platform=data.platform, external_id=review.external_id)
        await record_review(
            uow,
            RecordReview(
                order_id=order.id,
                score=review.score,
                title=review.title,
                body=review.body,
                sku=review.sku,
                platform=data.platform,
                external_id=review.external_id,
                created_at=review.created_at,
            ),
        )
    except (Refused, InvalidValue) as error:  # both come before anything is written
        await _quarantine(data.platform, review, quarantined, str(error))
        return TakenIn.QUARANTINED
    if quarantined is not None:
        await quarantined.delete()
    return TakenIn.KNOWN if known else TakenIn.RECORDED


async def _order_of(platform: str, review: IncomingReview) -> Order:
    """The order that a review is about: numbers are unique in a channel only, so the one that was asked about there wins."""
    orders = await Order.filter(number=review.order_number)
    if len(orders) > 1:
        asked = await ReviewRequest.filter(order_id__in=[order.id for order in orders], platform=platform)
        chosen = {request.order_id for request in asked}
        if len(chosen) == 1:
            orders = [order for order in orders if order.id in chosen]
    if len(orders) == 1:
        return orders[0]
    if not orders:
        raise Refused("NOT_FOUND", f"there is no order with number {review.order_number!r}")
    raise Refused("AMBIGUOUS_ORDER", f"{len(orders)} orders have the number {review.order_number!r}")


async def _quarantine(
    platform: str, review: IncomingReview, quarantined: QuarantinedReview | None, reason: str
) -> None:
    if quarantined is not None:
        await QuarantinedReview.filter(id=quarantined.id).update(reason=reason[:255])
        return
    await QuarantinedReview.create(
        platform=platform,
        external_id=review.external_id,
        order_number=review.order_number,
        sku=review.sku,
        score=review.score,
        title=review.title,
        body=review.body,
        created_at=review.created_at or now(),
        reason=reason[:255],
        received_at=now(),
    )


def _storable(data: TakeInReview) -> IncomingReview:
    """The review as the database can hold it, whatever a plugin made of its platform's answer.

    No zero bytes, a heading that fits, a score that is a number (0 where it is none, which no scale has), and an id that
    stays the same for the same review.
    """
    review = data.review
    external_id, body = _text(review.external_id), _text(review.body)
    if not 0 < len(external_id) <= _LONGEST_ID:
        external_id = str(fact_id("review", data.platform, external_id, review.order_number, review.sku, body))
    return IncomingReview(
        external_id=external_id,
        order_number=_text(review.order_number)[:_LONGEST_ID],
        score=_score(review.score),
        title=_text(review.title)[:_LONGEST_TITLE],
        body=body,
        sku=_text(review.sku)[:_LONGEST_SKU],
        created_at=_time(review.created_at),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "")


def _score(value: object) -> int:
    return value if isinstance(value, int) and abs(value) <= _LARGEST else 0


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None
