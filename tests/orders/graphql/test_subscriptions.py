"""Following orders live: which events arrive, and that each shows the order as it then is."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.relay import to_base64

from packhouse.events.event_log import EVENTS
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.states import HoldReason
from packhouse.sdk import Event, EventType, new_id, now
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import GivenEvents
from packhouse.web.context import Context
from packhouse.web.graphql.log_cursors import write_log_cursor

FOLLOW = """
subscription ($ids: [ID!], $channels: [String!], $types: [EventType!], $after: String) {
  orderEvents(filter: {orderIds: $ids, channels: $channels, types: $types}, after: $after) {
    cursor type position actor origin reason payload order { number onHold }
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
        actor="token:shop",
        origin="api",
        payload={"n": position},
    )


async def follow(
    schema: strawberry.Schema, context: Context, events: list[Event], **variables: Any
) -> AsyncIterator[dict[str, Any]]:
    context.live = {EVENTS: GivenEvents(events)}
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
        event(2, None, EventType.STOCK_ADJUSTED),
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
    assert await positions(after=write_log_cursor(EVENTS, 3)) == ["4", str(2**40)]


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
        "cursor": write_log_cursor(EVENTS, 7),
        "type": "ORDER_CHANGED",
        "position": "7",
        "actor": "token:shop",
        "origin": "api",
        "reason": None,
        "payload": {"n": 7},
        "order": {"number": order.number, "onHold": False},
    }


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"after": ""}, "after: not a cursor of these events; take one from the `cursor` of a message"),
        ({"after": "7"}, "after: not a cursor of these events; take one from the `cursor` of a message"),
        ({"after": "²"}, "after: not a cursor of these events; take one from the `cursor` of a message"),
        (
            {"after": write_log_cursor("deliveries", 1)},
            "after: not a cursor of these events; take one from the `cursor` of a message",
        ),
        (
            {"after": write_log_cursor(EVENTS, 8)},
            "after: this cursor is behind the end of the log, so it is not of this database as it is now",
        ),
        ({"ids": ["T3JkZXI6eA=="] * 1001}, "filter.orderIds: name at most 1000 orders, not 1001"),
    ],
)
async def test_refuses_what_cannot_be_followed(
    variables: dict[str, Any], message: str, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    graphql_context.live = {EVENTS: GivenEvents([event(7, None)])}
    stream = await graphql_schema.subscribe(FOLLOW, variable_values=variables, context_value=graphql_context)
    [result] = [each async for each in stream]
    assert result.errors
    assert result.errors[0].message == message


UPDATES = """
subscription ($id: ID!, $after: String) {
  order(id: $id, after: $after) { cursor event { type cursor } order { number onHold } }
}
"""


async def updates(schema: strawberry.Schema, context: Context, **variables: Any) -> AsyncIterator[dict[str, Any]]:
    stream = await schema.subscribe(UPDATES, variable_values=variables, context_value=context)
    async for result in stream:
        assert result.errors is None
        assert result.data is not None
        yield result.data["order"]


async def test_an_order_is_told_as_it_stands_then_with_each_event(
    database: Database, by: Initiator, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    await make_shop(database)
    order, other = await make_order(database), await make_order(database, channel="pos")
    graphql_context.live = {EVENTS: GivenEvents([event(4, order.id), event(5, other.id), event(6, order.id)])}
    seen = []
    async for each in updates(graphql_schema, graphql_context, id=to_base64("Order", order.id)):
        seen.append(each)
        if len(seen) == 2:
            await database.write(by, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))
    number, cursors = order.number, [write_log_cursor(EVENTS, position) for position in (0, 4, 6)]
    assert seen == [
        {"cursor": cursors[0], "event": None, "order": {"number": number, "onHold": False}},
        {
            "cursor": cursors[1],
            "event": {"type": "ORDER_CHANGED", "cursor": cursors[1]},
            "order": {"number": number, "onHold": False},
        },
        {
            "cursor": cursors[2],
            "event": {"type": "ORDER_CHANGED", "cursor": cursors[2]},
            "order": {"number": number, "onHold": True},
        },
    ]
    resumed = updates(graphql_schema, graphql_context, id=to_base64("Order", order.id), after=cursors[1])
    assert [each["cursor"] async for each in resumed] == [cursors[2]]


@pytest.mark.usefixtures("database")
async def test_an_unknown_order_cannot_be_followed(graphql_schema: strawberry.Schema, graphql_context: Context) -> None:
    variables = {"id": to_base64("Order", new_id())}
    stream = await graphql_schema.subscribe(UPDATES, variable_values=variables, context_value=graphql_context)
    [result] = [each async for each in stream]
    assert result.errors
    assert result.errors[0].message == f"there is no order {variables['id']}"
