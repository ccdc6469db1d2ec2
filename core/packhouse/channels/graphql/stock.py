"""What channels may sell, and what is kept back from them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.catalog.graphql.types import VariantRecord, VariantType, variant_of
from packhouse.channels import models, queries
from packhouse.channels.commands.push_stock import push_stock
from packhouse.channels.commands.set_buffer import (
    SetChannelBuffer,
    SetListingBuffer,
    set_channel_buffer,
    set_listing_buffer,
)
from packhouse.channels.commands.set_serving_locations import SetServingLocations, set_serving_locations
from packhouse.channels.graphql.mutations import ChannelPayload, ListingPayload
from packhouse.channels.graphql.types import Channel, Listing
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
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
from packhouse.web.graphql.payloads import attempt

_BY_ID = Ordering("ID", "id", UUID)


@strawberry.type(
    description="What a channel may sell of a variant: available to promise at the locations that serve it, less its buffer."
)
class ChannelAvailability:
    channel_id: strawberry.Private[UUID]
    variant_id: strawberry.Private[UUID]
    available: int = strawberry.field(description="Units that it may sell, as they were counted last.")
    changed_at: datetime = strawberry.field(description="Since when it is this number.")

    @classmethod
    def of(cls, row: models.ChannelStock) -> "ChannelAvailability":
        """The number of a row."""
        return cls(
            channel_id=row.channel_id, variant_id=row.variant_id, available=row.available, changed_at=row.changed_at
        )

    @strawberry.field(description="The channel.")
    async def channel(self, info: Info) -> Channel:
        row = await info.context.loaders.one(queries.channels_by_id, self.channel_id)
        if row is None:
            raise InvalidValue("channel", f"there is no channel {self.channel_id}")
        return Channel.of(row)

    @strawberry.field(description="What is sold.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="What the channel calls it; each may keep other units back than the channel.")
    async def listings(self, info: Info) -> list[Listing]:
        rows = await info.context.loaders.many(queries.listings_of_variants, self.variant_id)
        return [Listing.of(row) for row in rows if row.channel_id == self.channel_id]


@strawberry.type(description="What channels add to a variant.")
class VariantChannels(VariantRecord):
    @strawberry.field(description="What each channel that lists it may sell of it.")
    async def channel_availability(self, info: Info) -> list[ChannelAvailability]:
        rows = await info.context.loaders.many(queries.availability_of_variants, self.id)
        return [ChannelAvailability.of(row) for row in rows]


@strawberry.type
class ChannelStockQueries:
    @strawberry.field(
        description="What a channel may sell of each variant that it lists, what was listed first comes first."
    )
    async def channel_availability(
        self,
        channel: Annotated[str, strawberry.argument(description="The channel's own code.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ChannelAvailability]:
        page = PageArguments.of(first, after, last, before)
        row = await models.Channel.get_or_none(code=channel)
        source = QuerySetSource(models.ChannelStock.filter(channel_id=None if row is None else row.id))
        return await paginate(source, page, _BY_ID, ChannelAvailability.of)


@strawberry.input(description="Units to keep back from a channel.")
class SetChannelBufferInput:
    channel: str = strawberry.field(description="Code of the channel.")
    units: int = strawberry.field(description="Units of each variant that it never sells.")


@strawberry.input(description="Units to keep back from one listing.")
class SetListingBufferInput:
    channel: str = strawberry.field(description="Code of the channel.")
    channel_sku: str = strawberry.field(description="What the channel calls it.")
    units: int | None = strawberry.field(
        default=None, description="Units that it never sells; null: what the channel keeps back."
    )


@strawberry.input(description="Where a channel's stock is.")
class SetServingLocationsInput:
    channel: str = strawberry.field(description="Code of the channel.")
    locations: list[str] = strawberry.field(
        default_factory=list, description="Codes of the locations whose stock it sells; none: of all that are active."
    )
    networks: bool = strawberry.field(
        default=True, description="Whether stock that lies with fulfilment networks is sold, too."
    )


@strawberry.input(description="A channel to tell its stock again.")
class PushStockInput:
    channel: str = strawberry.field(description="Code of the channel.")


@strawberry.type(description="Changes of what channels may sell.")
class ChannelStockMutations:
    @strawberry.mutation(description="Keep units of every variant back from a channel.")
    async def set_channel_buffer(self, info: Info, input: SetChannelBufferInput) -> ChannelPayload:
        data = SetChannelBuffer(input.channel, input.units)
        context = info.context
        row, errors = await attempt(context.write(lambda uow: set_channel_buffer(uow, data)))
        return ChannelPayload(channel=Channel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Keep other units back from one listing than its channel does.")
    async def set_listing_buffer(self, info: Info, input: SetListingBufferInput) -> ListingPayload:
        data = SetListingBuffer(input.channel, input.channel_sku, input.units)
        context = info.context
        row, errors = await attempt(context.write(lambda uow: set_listing_buffer(uow, data)))
        return ListingPayload(listing=Listing.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Say which locations' stock a channel sells.")
    async def set_serving_locations(self, info: Info, input: SetServingLocationsInput) -> ChannelPayload:
        data = SetServingLocations(input.channel, tuple(input.locations), input.networks)
        context = info.context
        row, errors = await attempt(context.write(lambda uow: set_serving_locations(uow, data)))
        return ChannelPayload(channel=Channel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Count everything that a channel sells, and tell it all numbers again.")
    async def push_stock(self, info: Info, input: PushStockInput) -> ChannelPayload:
        context = info.context
        row, errors = await attempt(context.write(lambda uow: push_stock(uow, context.providers, input.channel)))
        return ChannelPayload(channel=Channel.of(row) if row else None, user_errors=errors)
