"""What a person does with a review in quarantine: try it again, say what it is about, or put it away."""

from dataclasses import dataclass, replace
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.commands.record_review import check_score
from packhouse.feedback.commands.take_in_review import TakeInReview, TakenIn, record_incoming, take_in_review
from packhouse.feedback.models import QuarantinedReview, Review
from packhouse.orders.models import Order
from packhouse.sdk import EventType, IncomingReview, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class AssignQuarantinedReview:
    """A review in quarantine and the order that it is about. `sku` None leaves the one that it names, "" makes it one of the
    whole order.
    """

    quarantined_id: UUID
    order_id: UUID
    sku: str | None = None


async def retry_quarantined_review(uow: UnitOfWork, quarantined_id: UUID) -> Review:
    """Tie a review to its order by its number, now.

    Raises:
        Refused: NOT_FOUND, DISMISSED, STILL_QUARANTINED (with the reason).
    """
    row = await _open(quarantined_id)
    if await take_in_review(uow, TakeInReview(row.platform, incoming_of(row))) is TakenIn.QUARANTINED:
        still = await QuarantinedReview.get(id=row.id)
        raise Refused("STILL_QUARANTINED", f"review {row.external_id} stays in quarantine: {still.reason}", "id")
    (review, *_) = await Review.filter(platform=row.platform, external_id=row.external_id).limit(1)
    return review


async def assign_quarantined_review(uow: UnitOfWork, data: AssignQuarantinedReview) -> Review:
    """Record a review for the order that a person chose.

    Raises:
        InvalidValue: its score is not on the scale.
        Refused: NOT_FOUND, DISMISSED, SAY_WHICH_PRODUCT (its platform did not), UNKNOWN_SKU.
    """
    row = await _open(data.quarantined_id)
    if row.problem and data.sku is None:
        raise Refused("SAY_WHICH_PRODUCT", f"name the SKU, or an empty one for the whole order: {row.problem}", "sku")
    order = await Order.get_or_none(id=data.order_id)
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {data.order_id}", "orderId")
    check_score(row.score)
    given = incoming_of(row)
    review = replace(given, sku=given.sku if data.sku is None else data.sku, problem="")
    recorded = await record_incoming(uow, order, TakeInReview(row.platform, review))
    await row.delete()
    return recorded


async def dismiss_quarantined_review(uow: UnitOfWork, quarantined_id: UUID) -> QuarantinedReview:
    """Put a review away that is about no order of ours. What was written in it is erased.

    Raises:
        Refused: NOT_FOUND, DISMISSED.
    """
    row = await _open(quarantined_id)
    row.title = row.body = ""
    row.due_at = None
    row.dismissed_at = now()
    await row.save(update_fields=["title", "body", "due_at", "dismissed_at"])
    payload = {"quarantined_review_id": str(row.id), "platform": row.platform}
    record(uow, EventType.FEEDBACK_DISMISSED, row.id, payload=payload)
    return row


def incoming_of(row: QuarantinedReview) -> IncomingReview:
    """The review as it came."""
    return IncomingReview(
        external_id=row.external_id,
        order_number=row.order_number,
        score=row.score,
        title=row.title,
        body=row.body,
        sku=row.sku,
        created_at=row.created_at,
        edited_at=row.edited_at,
        language=row.language,
        problem=row.problem,
    )


async def _open(quarantined_id: UUID) -> QuarantinedReview:
    row = await QuarantinedReview.filter(id=quarantined_id).select_for_update().first()
    if row is None:
        raise Refused("NOT_FOUND", f"there is no review {quarantined_id} in quarantine", "id")
    if row.dismissed_at is not None:
        raise Refused("DISMISSED", f"review {row.external_id} was dismissed", "id")
    return row
