"""Following stock live."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID

from packhouse.events.event_log import EVENTS, EventSelection
from packhouse.events.graphql.following import AFTER, follow, span_of
from packhouse.inventory import models, queries
from packhouse.inventory.graphql.stock import StockLevel
from packhouse.sdk import Event, EventType
from packhouse.web.context import Info
from packhouse.web.graphql.filters import optional_id
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.streams.operation import follows

_CHANGES = EventSelection(types=frozenset({EventType.STOCK_ADJUSTED}))


@strawberry.input(
    description="Which changes of stock to tell; what is left out does not narrow, all that is given must hold."
)
class StockEventFilter:
    sku: str | None = strawberry.field(default=None, description="Of the variant with this SKU.")
    location_id: GlobalID | None = strawberry.field(default=None, description="At this location.")


@strawberry.type(description="Stock at a location that became more or less, told as soon as it was committed.")
class StockEvent:
    cursor: str = strawberry.field(description="Its place in the log: give it as `after` to go on from here, anywhere.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who or what did it: token:shop, customer, plugin:ups, system.")
    origin: str = strawberry.field(description="Where the change came from: api, channel:shopify, import, job.")
    reason: str | None = strawberry.field(description="Why.")
    delta: int = strawberry.field(description="Change of the units on hand.")
    on_hand: int = strawberry.field(description="Units on hand after it.")
    key: strawberry.Private[queries.ShelfKey]

    @classmethod
    def of(cls, event: Event) -> "StockEvent":
        """A change of stock in the log."""
        return cls(
            cursor=write_log_cursor(EVENTS, event.position),
            occurred_at=event.occurred_at,
            actor=event.actor,
            origin=event.origin,
            reason=event.reason or None,
            delta=event.payload["delta"],
            on_hand=event.payload["on_hand"],
            key=_key(event),
        )

    @strawberry.field(description="The balances as they stand now, which may be later than the event.")
    async def stock_level(self, info: Info) -> StockLevel | None:
        row = await _level(info, self.key)
        return None if row is None else StockLevel.of(row)


@strawberry.type
class InventorySubscriptions:
    @strawberry.subscription(
        description="Stock received, counted, damaged, returned or corrected. What orders claim and ship is told by orderEvents.",
        metadata=follows(EVENTS),
    )
    async def stock_events(
        self,
        info: Info,
        filter: Annotated[
            StockEventFilter | None, strawberry.argument(description="Which changes; all without it.")
        ] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> AsyncIterator[StockEvent]:
        chosen = filter or StockEventFilter()
        location_id = optional_id(chosen.location_id, "Location", "filter.locationId")
        async for event in follow(info, EVENTS, await span_of(info, EVENTS, after), _CHANGES):
            key = _key(event)
            if location_id in (None, key.location_id) and await _is_of(info, key, chosen.sku):
                yield StockEvent.of(event)


def _key(event: Event) -> queries.ShelfKey:
    """The variant is named by its SKU or by its id, as whoever recorded the event knew it."""
    payload = event.payload
    return queries.ShelfKey(payload.get("sku") or payload["variant_id"], UUID(payload["location_id"]))


async def _level(info: Info, key: queries.ShelfKey) -> models.StockLevel | None:
    return await info.context.loaders.one(queries.stock_levels_by_key, key)


async def _is_of(info: Info, key: queries.ShelfKey, sku: str | None) -> bool:
    if sku in (None, key.variant):
        return True
    row = await _level(info, key)
    return row is not None and row.variant.sku == sku
