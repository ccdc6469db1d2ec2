"""Following orders live."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID
from strawberry.scalars import JSON

from packhouse.events.graphql.types import Event  # noqa: F401  (its module makes EventType known)
from packhouse.orders import queries
from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.sdk import Event as SdkEvent
from packhouse.sdk import EventType
from packhouse.web.context import Info
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.ids import node_id

_MOST_ORDERS = 1000


@strawberry.type(description="Something that happened to an order, told as soon as it was committed.")
class OrderEvent:
    type: EventType = strawberry.field(description="What happened.")
    position: str = strawberry.field(
        description="Its place in commit order, a whole number as text: give it as `after` to go on from here."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who or what did it: admin, customer, plugin:ups, system.")
    origin: str = strawberry.field(description="Where the change came from: api, channel:shopify, import, job.")
    reason: str | None = strawberry.field(description="Why.")
    payload: JSON = strawberry.field(description="The facts: ids as text, money as minor units with a currency.")
    order_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, event: SdkEvent, order_id: UUID) -> "OrderEvent":
        """An event of the log that belongs to an order."""
        return cls(
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
        row = await info.context.loaders.one(queries.orders_by_id, self.order_id)
        return None if row is None else order_object(row)


@strawberry.type
class OrdersSubscriptions:
    @strawberry.subscription(
        description="Every event of orders as it is committed, in that order. Without arguments: of all orders from now on."
    )
    async def order_events(
        self,
        info: Info,
        order_ids: Annotated[
            list[GlobalID] | None, strawberry.argument(description="Only events of these orders, 1000 at most.")
        ] = None,
        channels: Annotated[
            list[str] | None, strawberry.argument(description="Only events of orders of channels with these codes.")
        ] = None,
        types: Annotated[list[EventType] | None, strawberry.argument(description="Only these kinds of events.")] = None,
        after: Annotated[
            str | None,
            strawberry.argument(description="A `position`: begin with the events after it. Null: from now on."),
        ] = None,
    ) -> AsyncIterator[OrderEvent]:
        feed = info.context.live.subscribe(
            after=_position(after),
            order_ids=_ids(order_ids),
            types=None if types is None else frozenset(types),
        )
        wanted = None if channels is None else frozenset(channels)
        async for event in feed:
            if event.order_id is None:
                continue
            # what was loaded for an earlier event is of that time
            info.context.forget()
            if await _is_of(info, event.order_id, wanted):
                yield OrderEvent.of(event, event.order_id)


async def _is_of(info: Info, order_id: UUID, channels: frozenset[str] | None) -> bool:
    if channels is None:
        return True
    row = await info.context.loaders.one(queries.orders_by_id, order_id)
    return row is not None and row.channel in channels


def _position(after: str | None) -> int | None:
    if after is None:
        return None
    if not (after.isascii() and after.isdigit()) or len(after) > len(str(2**63)) - 1:
        raise BadUserInput("after", f"{after!r} is not a position of an event")
    return int(after)


def _ids(order_ids: list[GlobalID] | None) -> frozenset[UUID] | None:
    if order_ids is None:
        return None
    if len(order_ids) > _MOST_ORDERS:
        raise BadUserInput("orderIds", f"name at most {_MOST_ORDERS} orders, not {len(order_ids)}")
    return frozenset(node_id(each, "Order", "orderIds") for each in order_ids)
