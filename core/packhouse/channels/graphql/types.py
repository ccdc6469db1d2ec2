"""Channels, what they call our variants, and the messages they sent."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantType, variant_of
from packhouse.channels import models, queries
from packhouse.channels.states import MessageStatus
from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.orders.queries import orders_by_id
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(MessageStatus)


@strawberry.type(description="A channel's own SKU for one of our variants.")
class Listing(relay.Node):
    id: relay.NodeID[UUID]
    variant_id: strawberry.Private[UUID]
    channel_sku: str = strawberry.field(description="What the channel calls it.")

    @classmethod
    def of(cls, row: models.Listing) -> "Listing":
        """The listing of a row."""
        return cls(id=row.id, variant_id=row.variant_id, channel_sku=row.channel_sku)

    @strawberry.field(description="What we call it.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)


@strawberry.type(description="A place where orders are placed.")
class Channel(relay.Node):
    id: relay.NodeID[UUID]
    code: str = strawberry.field(description="The channel's own code, unique.")
    name: str = strawberry.field(description="The name for people.")
    provider: str | None = strawberry.field(description="Code of the plugin behind it; null: the API itself.")
    is_active: bool = strawberry.field(description="Whether orders are taken from it.")
    is_demo: bool = strawberry.field(description="Whether it was made by the demo.")
    pulled_until: datetime | None = strawberry.field(description="Up to when its orders were pulled.")
    last_error: str | None = strawberry.field(description="Why the last pull did not work; null if it did.")
    created_at: datetime = strawberry.field(description="When it was created.")

    @classmethod
    def of(cls, row: models.Channel) -> "Channel":
        """The channel of a row."""
        return cls(
            id=row.id,
            code=row.code,
            name=row.name,
            provider=row.provider or None,
            is_active=row.is_active,
            is_demo=row.is_demo,
            pulled_until=row.pulled_until,
            last_error=row.last_error or None,
            created_at=row.created_at,
        )

    @strawberry.field(description="Its own SKUs for our variants, where the two differ.")
    async def listings(self, info: Info) -> list[Listing]:
        return [Listing.of(row) for row in await info.context.loaders.many(queries.listings_of_channels, self.id)]


@strawberry.type(description="A message that a channel sent, kept before it is read.")
class InboundMessage(relay.Node):
    id: relay.NodeID[UUID]
    row: strawberry.Private[models.InboundMessage]
    message_id: str = strawberry.field(description="The channel's own id of it: the same message twice is kept once.")
    topic: str = strawberry.field(description="What it is about, in the channel's words.")
    status: MessageStatus = strawberry.field(description="How far it has come.")
    reason: str | None = strawberry.field(description="Why it could not be used.")
    field: str | None = strawberry.field(description="The part of it that is wrong.")
    attempts: int = strawberry.field(description="How often it was tried.")
    received_at: datetime = strawberry.field(description="When it came in.")
    due_at: datetime | None = strawberry.field(description="When it is tried next.")
    finished_at: datetime | None = strawberry.field(description="When it was done with.")

    @classmethod
    def of(cls, row: models.InboundMessage) -> "InboundMessage":
        """The message of a row."""
        return cls(
            id=row.id,
            row=row,
            message_id=row.message_id,
            topic=row.topic,
            status=MessageStatus(row.status),
            reason=row.reason or None,
            field=row.field or None,
            attempts=row.attempts,
            received_at=row.received_at,
            due_at=row.due_at,
            finished_at=row.finished_at,
        )

    @strawberry.field(description="Where it came from.")
    async def channel(self, info: Info) -> Channel:
        row = await info.context.loaders.one(queries.channels_by_id, self.row.channel_id)
        if row is None:
            raise InvalidValue("channel", f"message {self.id} has no channel")
        return Channel.of(row)

    @strawberry.field(description="The order that it made or changed.")
    async def order(self, info: Info) -> OrderType | None:
        if self.row.order_id is None:
            return None
        row = await info.context.loaders.one(orders_by_id, self.row.order_id)
        return None if row is None else order_object(row)

    @strawberry.field(description="The message itself, as text.")
    def body(self) -> str:
        return bytes(self.row.body).decode(errors="replace")
