"""Following a location's work: what is told, and that it shows the work as it then is."""

from typing import Any

import pytest
import strawberry
from strawberry.relay import to_base64

from packhouse.events.event_log import EVENTS, EventLog
from packhouse.events.positions import assign_positions
from packhouse.fulfillment.graphql.subscriptions import WORK
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.models import Location
from packhouse.sdk import EventType, new_id
from packhouse.storage import Database
from packhouse.testing.factories import make_location, make_order, make_shipped, make_shop, make_stock
from packhouse.testing.graphql import KeptLog
from packhouse.web.context import Context
from packhouse.web.graphql.log_cursors import write_log_cursor

FOLLOW = """
subscription ($location: ID, $after: String) {
  fulfillmentWork(locationId: $location, after: $after) {
    cursor type actor origin reason
    fulfillmentOrder { id status location { code } order { number } lines { sku quantity } }
  }
}
"""


async def follow(
    schema: strawberry.Schema, context: Context, database: Database, **variables: Any
) -> list[dict[str, Any]]:
    await assign_positions(database)
    context.live = {EVENTS: KeptLog(EventLog(database))}
    found = []
    stream = await schema.subscribe(FOLLOW, variable_values=variables, context_value=context)
    async for result in stream:
        assert result.errors is None
        assert result.data is not None
        found.append(result.data["fulfillmentWork"])
    return found


async def test_work_is_told_from_being_given_out_to_leaving(
    database: Database, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    await make_shop(database)
    order = await make_order(database)
    await make_shipped(database, order)
    found = await follow(graphql_schema, graphql_context, database)
    assert [each["type"] for each in found] == [
        "FULFILLMENT_REQUESTED",
        "FULFILLMENT_STARTED",
        "FULFILLMENT_PICKED",
        "PARCEL_PACKED",
        "FULFILLMENT_PACKED",
        "SHIPMENT_DISPATCHED",
    ]
    work = await FulfillmentOrder.get(order_id=order.id)
    assert found[0]["fulfillmentOrder"] == {
        "id": to_base64("FulfillmentOrder", work.id),
        "status": "CLOSED",
        "location": {"code": "london"},
        "order": {"number": order.number},
        "lines": [{"sku": "MUG", "quantity": 1}],
    }
    assert (found[0]["actor"], found[0]["reason"]) == ("tester", None)
    rest = await follow(graphql_schema, graphql_context, database, after=found[1]["cursor"])
    assert [each["type"] for each in rest] == [
        "FULFILLMENT_PICKED",
        "PARCEL_PACKED",
        "FULFILLMENT_PACKED",
        "SHIPMENT_DISPATCHED",
    ]


async def test_only_the_work_of_the_location_asked_for(
    database: Database, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    london = await make_shop(database, units=1)
    leeds = await make_location(database, "leeds")
    await make_stock(database, "MUG", leeds, 1)
    await make_order(database)
    await make_order(database)

    async def codes(location: Location) -> list[str]:
        variables = {"location": to_base64("Location", location.id)}
        found = await follow(graphql_schema, graphql_context, database, **variables)
        return [each["fulfillmentOrder"]["location"]["code"] for each in found]

    assert await codes(london) == ["london"]
    assert await codes(leeds) == ["leeds"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"location": to_base64("Order", new_id())}, "is not the id of a Location"),
        ({"after": "x"}, "after: not a cursor of these events; take one from the `cursor` of a message"),
        (
            {"after": write_log_cursor("deliveries", 0)},
            "after: not a cursor of these events; take one from the `cursor` of a message",
        ),
    ],
)
async def test_refuses_what_cannot_be_followed(
    database: Database,
    graphql_schema: strawberry.Schema,
    graphql_context: Context,
    variables: dict[str, Any],
    message: str,
) -> None:
    graphql_context.live = {EVENTS: KeptLog(EventLog(database))}
    stream = await graphql_schema.subscribe(FOLLOW, variable_values=variables, context_value=graphql_context)
    [result] = [each async for each in stream]
    assert result.errors
    assert message in result.errors[0].message


def test_every_kind_of_event_about_work_is_told() -> None:
    assert {each for each in EventType if each.value.startswith("fulfillment")} < WORK
