"""Following the work of locations live."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID

from packhouse.events.event_log import EVENTS, EventSelection
from packhouse.events.graphql.following import AFTER, follow, span_of
from packhouse.events.graphql.types import Event  # noqa: F401  (its module makes EventType known)
from packhouse.fulfillment import queries
from packhouse.fulfillment.graphql.types import FulfillmentOrder
from packhouse.sdk import Event as SdkEvent
from packhouse.sdk import EventType
from packhouse.web.context import Info
from packhouse.web.graphql.filters import optional_id
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.streams.operation import follows

# what changes a location's work: it is given out, done, given up, and leaves
WORK = frozenset(each for each in EventType if each.value.startswith("fulfillment_")) | {
    EventType.PARCEL_PACKED,
    EventType.PARCEL_UNPACKED,
    EventType.SHIPMENT_DISPATCHED,
}


@strawberry.type(description="Something that happened to a location's work, told as soon as it was committed.")
class FulfillmentWorkEvent:
    cursor: str = strawberry.field(description="Its place in the log: give it as `after` to go on from here, anywhere.")
    type: EventType = strawberry.field(description="What happened.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who or what did it: token:shop, customer, plugin:ups, system.")
    origin: str = strawberry.field(description="Where the change came from: api, channel:shopify, import, job.")
    reason: str | None = strawberry.field(description="Why.")
    fulfillment_order_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: SdkEvent) -> "FulfillmentWorkEvent":
        """An event of the log that belongs to a fulfillment order."""
        return cls(
            cursor=write_log_cursor(EVENTS, event.position),
            type=event.type,
            occurred_at=event.occurred_at,
            actor=event.actor,
            origin=event.origin,
            reason=event.reason or None,
            fulfillment_order_id=UUID(event.payload["fulfillment_order_id"]),
        )

    @strawberry.field(description="The work as it stands now, which may be later than the event.")
    async def fulfillment_order(self, info: Info) -> FulfillmentOrder | None:
        row = await info.context.loaders.one(queries.fulfillment_orders_by_id, self.fulfillment_order_id)
        return None if row is None else FulfillmentOrder.of(row)


@strawberry.type
class FulfillmentSubscriptions:
    @strawberry.subscription(
        description="Work as it is given out, started, packed, sent, given up or withdrawn, at a location or at all of them.",
        metadata=follows(EVENTS),
    )
    async def fulfillment_work(
        self,
        info: Info,
        location_id: Annotated[
            GlobalID | None, strawberry.argument(description="Work of this location; of all without it.")
        ] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> AsyncIterator[FulfillmentWorkEvent]:
        wanted = optional_id(location_id, "Location", "locationId")
        async for event in follow(info, EVENTS, await span_of(info, EVENTS, after), EventSelection(types=WORK)):
            if wanted is None or event.payload["location_id"] == str(wanted):
                yield FulfillmentWorkEvent.of(event)
