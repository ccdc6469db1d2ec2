"""Entries of the event log."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from packhouse.events import queries
from packhouse.events.models import EventRow
from packhouse.events.seeing import may_see
from packhouse.sdk import EventType
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(EventType)


@strawberry.type(description="Something that happened: an entry of the append-only log.")
class Event(relay.Node):
    id: relay.NodeID[UUID]
    type: EventType = strawberry.field(description="What happened.")
    position: str | None = strawberry.field(
        description="Its place in commit order, a whole number as text; null for a moment after the commit."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(description="When it was written down.")
    actor: str = strawberry.field(description="Who or what did it: token:shop, customer, plugin:ups, system.")
    origin: str = strawberry.field(description="Where the change came from: api, channel:shopify, import, job.")
    reason: str | None = strawberry.field(description="Why.")
    correlation_id: str | None = strawberry.field(description="Shared by everything that one request caused.")
    payload: JSON = strawberry.field(description="The facts: ids as text, money as minor units with a currency.")

    @classmethod
    def of(cls, row: EventRow) -> "Event":
        """The entry of a row."""
        return cls(
            id=row.id,
            type=EventType(row.type),
            position=None if row.position is None else str(row.position),
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            actor=row.actor,
            origin=row.origin,
            reason=row.reason or None,
            correlation_id=row.correlation_id or None,
            payload=JSON(row.payload),
        )


async def read_event(info: Info, id_: UUID) -> Event | None:
    """The entry of an id; None where there is none, and where whoever asks may not see it."""
    row = await info.context.loaders.one(queries.events_by_id, id_)
    return None if row is None or not may_see(info.context, EventType(row.type)) else Event.of(row)
