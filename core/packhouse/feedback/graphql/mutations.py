"""Recording what customers say by hand, answering it, and settling what waits in quarantine."""

from collections.abc import Awaitable
from datetime import datetime

import strawberry
from strawberry import relay

from packhouse.feedback import models
from packhouse.feedback.commands.record_review import BY_HAND, RecordReview, record_review
from packhouse.feedback.commands.refresh_review import refresh_review
from packhouse.feedback.commands.reply_to_review import ReplyToReview, reply_to_review
from packhouse.feedback.commands.settle_quarantined import (
    AssignQuarantinedReview,
    assign_quarantined_review,
    dismiss_quarantined_review,
    retry_quarantined_review,
)
from packhouse.feedback.graphql.types import QuarantinedReview, Review
from packhouse.orders.graphql.types import OrderType
from packhouse.payments.graphql.mutations import id_or_none, shown_order
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="What a customer said.")
class RecordReviewInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    score: int = strawberry.field(description="1 to 5, 5 is best.")
    title: str = strawberry.field(default="", description="Its heading.")
    body: str = strawberry.field(default="", description="Its text.")
    sku: str = strawberry.field(default="", description="The product it is about; empty: the order as a whole.")
    platform: str = strawberry.field(default=BY_HAND, description="Where it was written.")
    external_id: str = strawberry.field(
        default="", description="The platform's own id of it: with it, a repeat is recognised and changes nothing."
    )
    created_at: datetime | None = strawberry.field(
        default=None, description="When it was written, with time zone; now without it."
    )


@strawberry.input(description="An answer to a review, for everybody to read.")
class ReplyToReviewInput:
    review_id: relay.GlobalID = strawberry.field(description="The review.")
    text: str = strawberry.field(description="The answer.")


@strawberry.input(description="A review to read on its platform again.")
class RefreshReviewInput:
    review_id: relay.GlobalID = strawberry.field(description="The review.")


@strawberry.input(description="A review in quarantine to tie to its order again.")
class RetryQuarantinedReviewInput:
    id: relay.GlobalID = strawberry.field(description="The review in quarantine.")


@strawberry.input(description="What a review in quarantine is about.")
class AssignQuarantinedReviewInput:
    id: relay.GlobalID = strawberry.field(description="The review in quarantine.")
    order_id: relay.GlobalID = strawberry.field(description="The order that it is about.")
    sku: str | None = strawberry.field(
        default=None, description="The product in it; empty: the order as a whole; null: the one that the review names."
    )


@strawberry.input(description="A review in quarantine that is about no order of ours.")
class DismissQuarantinedReviewInput:
    id: relay.GlobalID = strawberry.field(description="The review in quarantine.")


@strawberry.type(description="The review that was recorded, answered or read again.")
class ReviewPayload:
    review: Review | None = strawberry.field(
        description="The review; null where nothing was recorded. After a reply that did not work it says how far that came."
    )
    order: OrderType | None = strawberry.field(description="Its order; null where there is no review.")
    user_errors: list[UserError] = strawberry.field(description="Why it did not work; empty when it did.")


@strawberry.type(description="The review that was put away.")
class QuarantinedReviewPayload:
    quarantined_review: QuarantinedReview | None = strawberry.field(
        description="The review; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="What customers say.")
class FeedbackMutations:
    @strawberry.mutation(description="Record what a customer said on the telephone, in the shop or elsewhere.")
    async def record_review(self, info: Info, input: RecordReviewInput) -> ReviewPayload:
        context = info.context

        async def write() -> models.Review:
            data = RecordReview(
                order_id=node_id(input.order_id, "Order", "orderId"),
                score=input.score,
                title=input.title,
                body=input.body,
                sku=input.sku,
                platform=input.platform,
                external_id=input.external_id,
                created_at=input.created_at,
            )
            return await context.write(lambda uow: record_review(uow, data))

        return await _payload(info, write())

    @strawberry.mutation(
        description="Answer a review on its platform, once and for everybody to read. In doubt (PROVIDER_IN_DOUBT): send it"
        " again, the platform is asked first."
    )
    async def reply_to_review(self, info: Info, input: ReplyToReviewInput) -> ReviewPayload:
        context = info.context

        async def reply() -> models.Review:
            data = ReplyToReview(node_id(input.review_id, "Review", "reviewId"), input.text)
            return await reply_to_review(context.database, context.providers, context.by, data)

        return await _payload(info, reply(), input.review_id)

    @strawberry.mutation(
        description="Read a review on its platform again: edited, answered or removed there, it is so here."
    )
    async def refresh_review(self, info: Info, input: RefreshReviewInput) -> ReviewPayload:
        context = info.context

        async def refresh() -> models.Review:
            review_id = node_id(input.review_id, "Review", "reviewId")
            return await refresh_review(context.database, context.providers, context.by, review_id)

        return await _payload(info, refresh(), input.review_id)

    @strawberry.mutation(
        description="Tie a review in quarantine to the order that it names, after what was wrong was mended."
    )
    async def retry_quarantined_review(self, info: Info, input: RetryQuarantinedReviewInput) -> ReviewPayload:
        context = info.context

        async def retry() -> models.Review:
            id_ = node_id(input.id, "QuarantinedReview", "id")
            return await context.write(lambda uow: retry_quarantined_review(uow, id_))

        return await _payload(info, retry())

    @strawberry.mutation(description="Say which order, and which product in it, a review in quarantine is about.")
    async def assign_quarantined_review(self, info: Info, input: AssignQuarantinedReviewInput) -> ReviewPayload:
        context = info.context

        async def assign() -> models.Review:
            data = AssignQuarantinedReview(
                node_id(input.id, "QuarantinedReview", "id"), node_id(input.order_id, "Order", "orderId"), input.sku
            )
            return await context.write(lambda uow: assign_quarantined_review(uow, data))

        return await _payload(info, assign())

    @strawberry.mutation(description="Put a review in quarantine away for good; what was written in it is erased.")
    async def dismiss_quarantined_review(
        self, info: Info, input: DismissQuarantinedReviewInput
    ) -> QuarantinedReviewPayload:
        context = info.context

        async def dismiss() -> models.QuarantinedReview:
            id_ = node_id(input.id, "QuarantinedReview", "id")
            return await context.write(lambda uow: dismiss_quarantined_review(uow, id_))

        row, errors = await attempt(dismiss())
        return QuarantinedReviewPayload(
            quarantined_review=QuarantinedReview.of(row) if row else None, user_errors=errors
        )


async def _payload(
    info: Info, work: Awaitable[models.Review], of_review: relay.GlobalID | None = None
) -> ReviewPayload:
    """`of_review` is shown where the work failed, too: what failed may have changed it."""
    row, errors = await attempt(work)
    if row is None and of_review is not None:
        review_id = id_or_none(of_review, "Review")
        row = await models.Review.get_or_none(id=review_id) if review_id else None
    return ReviewPayload(
        review=Review.of(row) if row else None,
        order=await shown_order(info, row.order_id) if row else None,
        user_errors=errors,
    )
