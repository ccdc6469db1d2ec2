"""Reviews asked for, and reviews that came back."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.feedback import models, queries
from packhouse.feedback.states import ReviewRequestStatus
from packhouse.orders.graphql.types import OrderRecord, OrderType, order_of
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(ReviewRequestStatus)


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


@strawberry.type(description="What a customer said.")
class Review(relay.Node):
    id: relay.NodeID[UUID]
    order_id: strawberry.Private[UUID]
    platform: str = strawberry.field(description="Code of the review platform.")
    external_id: str = strawberry.field(description="The platform's own id of it.")
    sku: str | None = strawberry.field(description="The product it is about; null: the order as a whole.")
    score: int = strawberry.field(description="1 to 5, 5 is best.")
    title: str | None = strawberry.field(description="Its heading.")
    body: str | None = strawberry.field(description="Its text.")
    created_at: datetime = strawberry.field(description="When it was written.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")

    @classmethod
    def of(cls, row: models.Review) -> "Review":
        """The review of a row."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            platform=row.platform,
            external_id=row.external_id,
            sku=row.sku or None,
            score=row.score,
            title=row.title or None,
            body=row.body or None,
            created_at=row.created_at,
            answered_at=row.answered_at,
        )

    @strawberry.field(description="The order it is about.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.order_id)


@strawberry.type(description="What feedback adds to an order.")
class OrderFeedback(OrderRecord):
    @strawberry.field(description="What the customer said, oldest first.")
    async def reviews(self, info: Info) -> list[Review]:
        return [Review.of(row) for row in await info.context.loaders.many(queries.reviews_of_orders, self.id)]

    @strawberry.field(description="When and where the customer is asked for a review.")
    async def review_requests(self, info: Info) -> list[ReviewRequest]:
        rows = await info.context.loaders.many(queries.review_requests_of_orders, self.id)
        return [ReviewRequest.of(row) for row in rows]
