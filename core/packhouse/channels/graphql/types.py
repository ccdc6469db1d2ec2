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


@strawberry.type(description="What a listing may show, and what its channel has heard of it.")
class ListingStock:
    quantity: int = strawberry.field(description="Units that it may show, as they were counted last.")
    told_quantity: int | None = strawberry.field(description="Units that the channel was told last; null: none yet.")
    told_at: datetime | None = strawberry.field(description="When it was told.")
    due_at: datetime | None = strawberry.field(
        description="When the channel is told next, where its plugin pushes stock; null: it knows."
    )
    error: str | None = strawberry.field(description="Why the channel does not show it.")
    compared_at: datetime | None = strawberry.field(
        description="When it was last compared with what the channel shows."
    )

    @classmethod
    def of(cls, row: models.ListingStock) -> "ListingStock":
        """The numbers of a row."""
        return cls(
            quantity=row.quantity,
            told_quantity=row.told_quantity,
            told_at=row.told_at,
            due_at=row.due_at,
            error=row.error or None,
            compared_at=row.compared_at,
        )


@strawberry.type(description="A variant that a channel sells, by the channel's own SKU.")
class Listing(relay.Node):
    id: relay.NodeID[UUID]
    variant_id: strawberry.Private[UUID]
    channel_sku: str = strawberry.field(description="What the channel calls it.")
    buffer: int | None = strawberry.field(
        description="Units of it that are never sold; null: as many as the channel keeps back."
    )

    @classmethod
    def of(cls, row: models.Listing) -> "Listing":
        """The listing of a row."""
        return cls(id=row.id, variant_id=row.variant_id, channel_sku=row.channel_sku, buffer=row.buffer)

    @strawberry.field(description="What we call it.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="What it may show; null while it was not counted.")
    async def stock(self, info: Info) -> ListingStock | None:
        rows = await info.context.loaders.many(queries.stock_of_listings, self.id)
        return ListingStock.of(rows[0]) if rows else None


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
    buffer: int = strawberry.field(description="Units of each variant that are never sold there.")
    counts_networks: bool = strawberry.field(
        description="Whether stock that lies with fulfilment networks is sold there."
    )
    push_error: str | None = strawberry.field(description="Why its stock could not be told; null if it could.")
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
            buffer=row.buffer,
            counts_networks=row.counts_networks,
            push_error=row.push_error or None,
            created_at=row.created_at,
        )

    @strawberry.field(description="The variants that it sells, by its own SKUs.")
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
