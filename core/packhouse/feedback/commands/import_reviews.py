"""Keeping the reviews of imported orders: they were given somewhere else, nobody was asked and nobody is told."""

from collections.abc import Mapping
from uuid import UUID

from packhouse.events.record import record
from packhouse.feedback.states import ReplyStatus
from packhouse.sdk import EventType, HistoryOrder, HistoryReview, new_id
from packhouse.storage import UnitOfWork


async def import_reviews(uow: UnitOfWork, platform: str, orders: Mapping[UUID, HistoryOrder]) -> None:
    """Write the reviews of orders that were just imported, by the orders' new ids."""
    kept = [(new_id(), order_id, review) for order_id, order in orders.items() for review in order.reviews]
    await uow.insert("review", [_row(own_id, order_id, platform, review) for own_id, order_id, review in kept])
    for own_id, order_id, review in kept:
        record(
            uow,
            EventType.FEEDBACK_RECEIVED,
            own_id,
            order_id=order_id,
            payload={"platform": platform, "score": review.score, "sku": review.sku},
            occurred_at=review.created_at,
            deliver=False,
        )


def _row(own_id: UUID, order_id: UUID, platform: str, review: HistoryReview) -> dict[str, object]:
    return {
        "id": own_id,
        "order_id": order_id,
        "platform": platform,
        "external_id": review.external_id,
        "sku": review.sku[:100],
        "score": review.score,
        "title": review.title[:255],
        "body": review.body,
        "created_at": review.created_at,
        "reply_status": (ReplyStatus.DONE if review.answered_at else ReplyStatus.NONE).value,
        "answered_at": review.answered_at,
    }
