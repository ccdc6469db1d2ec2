"""Reading a review on its platform again: it may have been edited, answered or removed there."""

from uuid import UUID

from packhouse.feedback.commands.follow_review import follow_review, locked_review
from packhouse.feedback.incoming import storable
from packhouse.feedback.models import Review
from packhouse.feedback.rules import next_recheck
from packhouse.sdk import IncomingReview, Providers, ReadsReviews, Refused, now
from packhouse.storage import Database, Initiator, UnitOfWork


async def refresh_review(database: Database, providers: Providers, by: Initiator, review_id: UUID) -> Review:
    """Bring a review to what its platform says now.

    Raises:
        InvalidValue: the platform gives a score that is not on the scale.
        Refused: NOT_FOUND, CANNOT_READ (no loaded plugin reads single reviews there).
        ProviderError: the platform gave no answer; nothing was changed.
    """
    review = await Review.get_or_none(id=review_id)
    if review is None:
        raise Refused("NOT_FOUND", f"there is no review {review_id}", "reviewId")
    provider: object = providers.reviews.get(review.platform)
    if not isinstance(provider, ReadsReviews):
        raise Refused("CANNOT_READ", f"no loaded plugin reads single reviews of {review.platform}", "reviewId")
    await reread(database, by, review, provider)
    return await Review.get(id=review_id)


async def reread(database: Database, by: Initiator, review: Review, provider: ReadsReviews) -> bool:
    """Read one again and follow it; whether that changed anything.

    Raises:
        InvalidValue, ProviderError: as `refresh_review`.
    """
    found = await provider.read_review(review.external_id)
    given = storable(review.platform, found or _gone(review))
    return await database.write(by, lambda uow: _follow(uow, review.id, given))


async def recheck_later(uow: UnitOfWork, review_id: UUID) -> Review:
    """Plan when the review is read again by itself, for the last time where it has become old."""
    _, review = await locked_review(review_id)
    review.recheck_at = next_recheck(review.created_at, now())
    await review.save(update_fields=["recheck_at"])
    return review


async def _follow(uow: UnitOfWork, review_id: UUID, given: IncomingReview) -> bool:
    has_changed = await follow_review(uow, review_id, given)
    await recheck_later(uow, review_id)
    return has_changed


def _gone(review: Review) -> IncomingReview:
    return IncomingReview(review.external_id, "", review.score, is_removed=True)
