"""Reviews asked for, and reviews that came back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.feedback import models, queries
from packhouse.feedback.commands.reply_to_review import objection_to_reply
from packhouse.feedback.states import ReplyStatus, ReviewRequestStatus
from packhouse.orders.graphql.types import OrderLine, OrderRecord, OrderType, order_line_of, order_of
from packhouse.sdk import ReadsReviews
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(ReviewRequestStatus)
expose(ReplyStatus)


class ReviewAction(StrEnum):
    """What may be done with a review: answer it in public, or read it on its platform again."""

    REPLY = "reply"
    REFRESH = "refresh"


expose(ReviewAction)


@strawberry.type(description="A customer is asked for a review of an order.")
class ReviewRequest(relay.Node):
    id: relay.NodeID[UUID]
    order_id: strawberry.Private[UUID]
    platform: str = strawberry.field(description="Code of the review platform.")
    status: ReviewRequestStatus = strawberry.field(description="How far it has come.")
    reason: str | None = strawberry.field(description="Why the customer was not asked.")
    send_at: datetime = strawberry.field(description="When the customer shall be asked.")
    sent_at: datetime | None = strawberry.field(description="When the customer was asked.")
    answered_at: datetime | None = strawberry.field(description="When the review came.")

    @classmethod
    def of(cls, row: models.ReviewRequest) -> "ReviewRequest":
        """The request of a row."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            platform=row.platform,
            status=ReviewRequestStatus(row.status),
            reason=row.reason or None,
            send_at=row.send_at,
            sent_at=row.sent_at,
            answered_at=row.answered_at,
        )

    @strawberry.field(description="The order it is about.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.order_id)


@strawberry.type(description="Something that may be done with the review, or the reason why not.")
class AvailableReviewAction:
    action: ReviewAction = strawberry.field(description="What could be done.")
    allowed: bool = strawberry.field(description="Whether it may be done now.")
    reason: str | None = strawberry.field(description="Why it may not be done.")


@strawberry.type(description="What a customer said.")
class Review(relay.Node):
    id: relay.NodeID[UUID]
    row: strawberry.Private[models.Review]
    platform: str = strawberry.field(description="Code of the review platform.")
    external_id: str = strawberry.field(description="The platform's own id of it.")
    sku: str | None = strawberry.field(description="The product it is about; null: the order as a whole.")
    score: int = strawberry.field(description="1 to 5, 5 is best.")
    title: str | None = strawberry.field(description="Its heading.")
    body: str | None = strawberry.field(description="Its text.")
    language: str | None = strawberry.field(description="The language that it is written in.")
    created_at: datetime = strawberry.field(description="When it was written.")
    edited_at: datetime | None = strawberry.field(description="When the customer last changed it.")
    removed_at: datetime | None = strawberry.field(
        description="When it was found to be gone from its platform; it counts no more, and its text is erased."
    )
    reply_status: ReplyStatus = strawberry.field(description="How far our answer to it has come.")
    reply: str | None = strawberry.field(description="Our answer; with DONE, as everybody can read it on the platform.")
    reply_error: str | None = strawberry.field(description="Why the answer was not posted, or may not have been.")
    replied_by: str | None = strawberry.field(description="Who answered it; null: somebody on the platform itself.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")

    @classmethod
    def of(cls, row: models.Review) -> "Review":
        """The review of a row."""
        return cls(
            id=row.id,
            row=row,
            platform=row.platform,
            external_id=row.external_id,
            sku=row.sku or None,
            score=row.score,
            title=row.title or None,
            body=row.body or None,
            language=row.language or None,
            created_at=row.created_at,
            edited_at=row.edited_at,
            removed_at=row.removed_at,
            reply_status=ReplyStatus(row.reply_status),
            reply=row.reply or None,
            reply_error=row.reply_error or None,
            replied_by=row.replied_by or None,
            answered_at=row.answered_at,
        )

    @strawberry.field(description="The order it is about.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.row.order_id)

    @strawberry.field(description="The line that it is about; null: the order as a whole.")
    async def order_line(self, info: Info) -> OrderLine | None:
        return None if self.row.order_line_id is None else await order_line_of(info, self.row.order_line_id)

    @strawberry.field(description="What may be done with it now, and why not where not.")
    def available_actions(self, info: Info) -> list[AvailableReviewAction]:
        providers = info.context.providers
        objection = objection_to_reply(self.row, providers)
        reads = isinstance(providers.reviews.get(self.platform), ReadsReviews)
        return [
            AvailableReviewAction(
                action=ReviewAction.REPLY,
                allowed=objection is None,
                reason=None if objection is None else objection.message,
            ),
            AvailableReviewAction(
                action=ReviewAction.REFRESH,
                allowed=reads,
                reason=None if reads else f"no loaded plugin reads single reviews of {self.platform}",
            ),
        ]


@strawberry.type(description="A review that could not be tied to an order, or not be read.")
class QuarantinedReview(relay.Node):
    id: relay.NodeID[UUID]
    platform: str = strawberry.field(description="Code of the review platform.")
    external_id: str = strawberry.field(description="The platform's own id of it.")
    reason: str = strawberry.field(description="Why it is here.")
    order_number: str | None = strawberry.field(description="The order that it names.")
    sku: str | None = strawberry.field(description="The product that it names.")
    score: int = strawberry.field(description="As the platform gave it; 0: none.")
    title: str | None = strawberry.field(description="Its heading.")
    body: str | None = strawberry.field(description="Its text.")
    language: str | None = strawberry.field(description="The language that it is written in.")
    created_at: datetime = strawberry.field(description="When it was written.")
    received_at: datetime = strawberry.field(description="When it came.")
    attempts: int = strawberry.field(description="How often it was tried again.")
    due_at: datetime | None = strawberry.field(description="When it is tried again; null: only somebody can settle it.")
    dismissed_at: datetime | None = strawberry.field(description="When somebody put it away.")

    @classmethod
    def of(cls, row: models.QuarantinedReview) -> "QuarantinedReview":
        """The quarantined review of a row."""
        return cls(
            id=row.id,
            platform=row.platform,
            external_id=row.external_id,
            reason=row.reason,
            order_number=row.order_number or None,
            sku=row.sku or None,
            score=max(-_LARGEST_INT, min(_LARGEST_INT, row.score)),
            title=row.title or None,
            body=row.body or None,
            language=row.language or None,
            created_at=row.created_at,
            received_at=row.received_at,
            attempts=row.attempts,
            due_at=row.due_at,
            dismissed_at=row.dismissed_at,
        )


# GraphQL's Int has 32 bits; a platform may give anything.
_LARGEST_INT = 2**31 - 1


@strawberry.type(description="What feedback adds to an order.")
class OrderFeedback(OrderRecord):
    @strawberry.field(description="What the customer said, oldest first.")
    async def reviews(self, info: Info) -> list[Review]:
        return [Review.of(row) for row in await info.context.loaders.many(queries.reviews_of_orders, self.id)]

    @strawberry.field(description="When and where the customer is asked for a review.")
    async def review_requests(self, info: Info) -> list[ReviewRequest]:
        rows = await info.context.loaders.many(queries.review_requests_of_orders, self.id)
        return [ReviewRequest.of(row) for row in rows]
