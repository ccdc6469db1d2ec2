"""Following orders live: which events arrive, and that each shows the order as it then is."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.relay import to_base64

from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.states import HoldReason
from packhouse.sdk import Event, EventType, new_id, now
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import GivenEvents
from packhouse.web.context import Context

FOLLOW = """
subscription ($ids: [ID!], $channels: [String!], $types: [EventType!], $after: String) {
  orderEvents(orderIds: $ids, channels: $channels, types: $types, after: $after) {
    type position actor origin reason payload order { number onHold }
  }
}
"""


def event(position: int, order_id: UUID | None, kind: EventType = EventType.ORDER_CHANGED) -> Event:
    return Event(
        id=new_id(),
        type=kind,
        position=position,
        occurred_at=now(),
        order_id=order_id,
        actor="admin",
        origin="api",
        payload={"n": position},
    )


async def follow(
    schema: strawberry.Schema, context: Context, events: list[Event], **variables: Any
) -> AsyncIterator[dict[str, Any]]:
    context.live = GivenEvents(events)
    stream = await schema.subscribe(FOLLOW, variable_values=variables, context_value=context)
    assert not hasattr(stream, "errors"), stream
    async for result in stream:
        assert result.errors is None
        assert result.data is not None
        yield result.data["orderEvents"]


async def test_delivers_the_events_asked_for(
    database: Database, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    await make_shop(database)
    web, pos = await make_order(database), await make_order(database, channel="pos")
    events = [
        event(1, web.id, EventType.ORDER_PLACED),
        event(2, None, EventType.STOCK_CHANGED),
        event(3, pos.id),
        event(4, web.id),
        event(2**40, web.id),
    ]

    async def positions(**variables: Any) -> list[str]:
        return [each["position"] async for each in follow(graphql_schema, graphql_context, events, **variables)]

    assert await positions() == ["1", "3", "4", str(2**40)]
    assert await positions(ids=[to_base64("Order", pos.id)]) == ["3"]
    assert await positions(ids=[]) == []
    assert await positions(channels=["web"]) == ["1", "4", str(2**40)]
    assert await positions(types=["ORDER_PLACED"]) == ["1"]
    assert await positions(after="3") == ["4", str(2**40)]


async def test_shows_the_order_as_it_is_at_each_event(
    database: Database, by: Initiator, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    await make_shop(database)
    order = await make_order(database)
    events = [event(1, order.id), event(2, order.id)]
    seen = []
    async for each in follow(graphql_schema, graphql_context, events):
        seen.append(each["order"]["onHold"])
        if len(seen) == 1:
            await database.write(by, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))
    assert seen == [False, True]


async def test_shows_who_did_it(
    database: Database, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    await make_shop(database)
    order = await make_order(database)
    [found] = [each async for each in follow(graphql_schema, graphql_context, [event(7, order.id)])]
    assert found == {
        "type": "ORDER_CHANGED",
        "position": "7",
        "actor": "admin",
        "origin": "api",
        "reason": None,
        "payload": {"n": 7},
        "order": {"number": order.number, "onHold": False},
    }


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"after": "-1"}, "after: '-1' is not a position of an event"),
        ({"after": "²"}, "after: '²' is not a position of an event"),
        ({"after": "9" * 30}, f"after: '{'9' * 30}' is not a position of an event"),
        ({"ids": ["T3JkZXI6eA=="] * 1001}, "orderIds: name at most 1000 orders, not 1001"),
    ],
)
async def test_refuses_what_cannot_be_followed(
    variables: dict[str, Any], message: str, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    stream = await graphql_schema.subscribe(FOLLOW, variable_values=variables, context_value=graphql_context)
    [result] = [each async for each in stream]
    assert result.errors
    assert result.errors[0].message == message
