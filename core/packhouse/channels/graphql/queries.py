"""Reading channels and the messages they sent."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.channels import models, queries
from packhouse.channels.graphql.types import Channel, InboundMessage, Listing
from packhouse.channels.states import MessageStatus
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
from packhouse.web.graphql.nodes import reader

NODES = {
    "Channel": reader(queries.channels_by_id, Channel.of),
    "Listing": reader(queries.listings_by_id, Listing.of),
    "InboundMessage": reader(queries.inbound_messages_by_id, InboundMessage.of),
}
_BY_CODE = Ordering("CODE", "code", str)
_BY_ID = Ordering("ID", "id", UUID)
_OLDEST = Ordering("RECEIVED_AT", "received_at", datetime)


@strawberry.type
class ChannelsQueries:
    @strawberry.field(description="Places where orders are placed, by code.")
    async def channels(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Channel]:
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(models.Channel.all()), page, _BY_CODE, Channel.of)

    @strawberry.field(description="A channel by its code; null where there is none.")
    async def channel(
        self, code: Annotated[str, strawberry.argument(description="The channel's own code.")]
    ) -> Channel | None:
        row = await models.Channel.get_or_none(code=code)
        return None if row is None else Channel.of(row)

    @strawberry.field(description="Messages that channels sent, oldest first.")
    async def inbound_messages(
        self,
        status: Annotated[
            MessageStatus | None, strawberry.argument(description="Messages that have come this far.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[InboundMessage]:
        page = PageArguments.of(first, after, last, before)
        if status is None:
            return await paginate(QuerySetSource(models.InboundMessage.all()), page, _BY_ID, InboundMessage.of)
        source = QuerySetSource(models.InboundMessage.filter(status=status.value))
        return await paginate(source, page, _OLDEST, InboundMessage.of)
