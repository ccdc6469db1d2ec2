"""Reading what customers said, and what waits in quarantine."""

from datetime import datetime
from typing import Annotated

import strawberry

from packhouse.feedback import models, queries
from packhouse.feedback.graphql.types import QuarantinedReview, Review, ReviewRequest
from packhouse.feedback.states import ReplyStatus
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.filters import given
from packhouse.web.graphql.nodes import reader

NODES = {
    "Review": reader(queries.reviews_by_id, Review.of),
    "ReviewRequest": reader(queries.review_requests_by_id, ReviewRequest.of),
    "QuarantinedReview": reader(queries.quarantined_reviews_by_id, QuarantinedReview.of),
}
_NEWEST = Ordering("CREATED_AT", "created_at", datetime, descending=True)
_OLDEST = Ordering("RECEIVED_AT", "received_at", datetime)


@strawberry.input(description="Which reviews: all conditions hold.")
class ReviewFilter:
    platform: str | None = strawberry.field(default=None, description="On this platform.")
    reply_status: ReplyStatus | None = strawberry.field(default=None, description="Whose answer has come this far.")
    sku: str | None = strawberry.field(default=None, description="Of this product.")


@strawberry.input(description="Which reviews in quarantine: all conditions hold.")
class QuarantinedReviewFilter:
    platform: str | None = strawberry.field(default=None, description="From this platform.")
    dismissed: bool = strawberry.field(default=False, description="Those that somebody put away, or those that wait.")


@strawberry.type
class FeedbackQueries:
    @strawberry.field(description="What customers said, newest first.")
    async def reviews(
        self,
        filter: Annotated[ReviewFilter | None, strawberry.argument(description="Which ones; all without it.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Review]:
        chosen = filter or ReviewFilter()
        status = None if chosen.reply_status is None else chosen.reply_status.value
        rows = models.Review.filter(**given(platform=chosen.platform, reply_status=status, sku=chosen.sku))
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(rows), page, _NEWEST, Review.of)

    @strawberry.field(description="Reviews that could not be tied to an order, or not be read, oldest first.")
    async def quarantined_reviews(
        self,
        filter: Annotated[
            QuarantinedReviewFilter | None, strawberry.argument(description="Which ones; those that wait without it.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[QuarantinedReview]:
        chosen = filter or QuarantinedReviewFilter()
        rows = models.QuarantinedReview.filter(
            dismissed_at__isnull=not chosen.dismissed, **given(platform=chosen.platform)
        )
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(rows), page, _OLDEST, QuarantinedReview.of)
