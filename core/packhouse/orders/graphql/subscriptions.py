"""Following orders live."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID
from strawberry.scalars import JSON

from packhouse.events.event_log import EVENTS, EventSelection
from packhouse.events.graphql.following import AFTER, follow, span_of
from packhouse.events.graphql.types import Event  # noqa: F401  (its module makes EventType known)
from packhouse.orders import queries
from packhouse.orders.graphql.inputs import OrderEventFilter
from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.sdk import Event as SdkEvent
from packhouse.sdk import EventType, Refused
from packhouse.web.context import Info
from packhouse.web.feeds import Place
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.streams.operation import follows


@strawberry.type(description="Something that happened to an order, told as soon as it was committed.")
class OrderEvent:
    cursor: str = strawberry.field(description="Its place in the log: give it as `after` to go on from here, anywhere.")
    type: EventType = strawberry.field(description="What happened.")
    position: str = strawberry.field(
        description="Its place in commit order, a whole number as text: later events have greater ones."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who or what did it: token:shop, customer, plugin:ups, system.")
    origin: str = strawberry.field(description="Where the change came from: api, channel:shopify, import, job.")
    reason: str | None = strawberry.field(description="Why.")
    payload: JSON = strawberry.field(description="The facts: ids as text, money as minor units with a currency.")
    order_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: SdkEvent, order_id: UUID) -> "OrderEvent":
        """An event of the log that belongs to an order."""
        return cls(
            cursor=write_log_cursor(EVENTS, event.position),
            type=event.type,
            position=str(event.position),
            occurred_at=event.occurred_at,
            actor=event.actor,
            origin=event.origin,
            reason=event.reason or None,
            payload=JSON(dict(event.payload)),
            order_id=order_id,
        )

    @strawberry.field(description="The order as it stands now, which may be later than the event.")
    async def order(self, info: Info) -> OrderType | None:
        return await _order(info, self.order_id)


@strawberry.type(
    description="An order as it stands, told first when the subscription begins, then with each event of it."
)
class OrderUpdate:
    cursor: str = strawberry.field(description="Its place in the log: give it as `after` to go on from here, anywhere.")
    event: OrderEvent | None = strawberry.field(description="What happened; null for the state at the beginning.")
    order_id: strawberry.Private[UUID]

    @strawberry.field(description="The order as it stands now, which may be later than the event.")
    async def order(self, info: Info) -> OrderType | None:
        return await _order(info, self.order_id)


@strawberry.type
class OrdersSubscriptions:
    @strawberry.subscription(
        description="Every event of orders as it is committed, in that order. Without arguments: of all orders from now on.",
        metadata=follows(EVENTS),
    )
    async def order_events(
        self,
        info: Info,
        filter: Annotated[
            OrderEventFilter | None, strawberry.argument(description="Which events; all without it.")
        ] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> AsyncIterator[OrderEvent]:
        chosen = filter or OrderEventFilter()
        selection = chosen.selection()
        wanted = None if chosen.channels is None else frozenset(chosen.channels)
        async for event in follow(info, EVENTS, await span_of(info, EVENTS, after), selection):
            if event.order_id is not None and await _is_of(info, event.order_id, wanted):
                yield OrderEvent.of(event, event.order_id)

    @strawberry.subscription(
        description="One order: as it stands now, then again with each event of it. With `after`: with the events after it.",
        metadata=follows(EVENTS, begins_with_state=True),
    )
    async def order(
        self,
        info: Info,
        id: Annotated[GlobalID, strawberry.argument(description="Its global id.")],
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> AsyncIterator[OrderUpdate]:
        order_id = node_id(id, "Order", "id")
        if await info.context.loaders.one(queries.orders_by_id, order_id) is None:
            raise Refused("NOT_FOUND", f"there is no order {id}", "id")
        span = await span_of(info, EVENTS, after)
        if span.is_first:
            info.context.forget()
            info.context.place = Place(EVENTS, span.after)
            yield OrderUpdate(cursor=write_log_cursor(EVENTS, span.after), event=None, order_id=order_id)
        async for event in follow(info, EVENTS, span, EventSelection(order_ids=frozenset({order_id}))):
            told = OrderEvent.of(event, order_id)
            yield OrderUpdate(cursor=told.cursor, event=told, order_id=order_id)


async def _order(info: Info, order_id: UUID) -> OrderType | None:
    row = await info.context.loaders.one(queries.orders_by_id, order_id)
    return None if row is None else order_object(row)


async def _is_of(info: Info, order_id: UUID, channels: frozenset[str] | None) -> bool:
    if channels is None:
        return True
    row = await info.context.loaders.one(queries.orders_by_id, order_id)
    return row is not None and row.channel in channels
