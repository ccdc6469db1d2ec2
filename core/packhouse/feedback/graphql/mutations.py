"""Recording what customers say by hand."""

from datetime import datetime

import strawberry
from strawberry import relay

from packhouse.feedback import models
from packhouse.feedback.commands.record_review import BY_HAND, RecordReview, record_review
from packhouse.feedback.graphql.types import Review
from packhouse.orders.graphql.types import OrderType
from packhouse.payments.graphql.mutations import shown_order
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


@strawberry.type(description="The review that was recorded.")
class ReviewPayload:
    review: Review | None = strawberry.field(description="The review; null where nothing was changed.")
    order: OrderType | None = strawberry.field(description="Its order; null where nothing was changed.")
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

        row, errors = await attempt(write())
        return ReviewPayload(
            review=Review.of(row) if row else None,
            order=await shown_order(info, row.order_id) if row else None,
            user_errors=errors,
        )
