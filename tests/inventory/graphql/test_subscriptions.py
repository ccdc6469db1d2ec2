"""Following stock: what is told, and that it shows the balances as they then are."""

from typing import Any

import pytest
import strawberry
from strawberry.relay import to_base64

from packhouse.events.event_log import EVENTS, EventLog
from packhouse.events.positions import assign_positions
from packhouse.events.record import record
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.models import Location, StockLevel
from packhouse.sdk import EventType, new_id
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.factories import make_location, make_shop
from packhouse.testing.graphql import KeptLog
from packhouse.web.context import Context

FOLLOW = """
subscription ($filter: StockEventFilter, $after: String) {
  stockEvents(filter: $filter, after: $after) {
    cursor delta onHand reason actor
    stockLevel { onHand availableToPromise variant { sku } location { code } }
  }
}
"""


async def adjust(database: Database, by: Initiator, sku: str, location: Location, quantity: int) -> None:
    data = AdjustStock(sku=sku, location_id=location.id, quantity=quantity, reason=f"{quantity} more")
    await database.write(by, lambda uow: adjust_stock(uow, data))


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
        found.append(result.data["stockEvents"])
    return found


@pytest.fixture
async def shelves(database: Database, by: Initiator) -> tuple[Location, Location]:
    """Two locations: the shop's, with 10 mugs and 10 plates, then 2 mugs and 5 plates more; 3 mugs at the second."""
    london, leeds = await make_shop(database), await make_location(database, "leeds")
    await adjust(database, by, "MUG", london, 2)
    await adjust(database, by, "PLATE", london, 5)
    await adjust(database, by, "MUG", leeds, 3)
    return london, leeds


async def test_each_change_is_told_with_the_balances_as_they_are(
    database: Database,
    graphql_schema: strawberry.Schema,
    graphql_context: Context,
    shelves: tuple[Location, Location],
) -> None:
    del shelves
    found = await follow(graphql_schema, graphql_context, database)
    assert [(each["delta"], each["onHand"]) for each in found[-3:]] == [(2, 12), (5, 15), (3, 3)]
    assert found[-3] == {
        "cursor": found[-3]["cursor"],
        "delta": 2,
        "onHand": 12,
        "reason": "2 more",
        "actor": "tester",
        "stockLevel": {
            "onHand": 12,
            "availableToPromise": 12,
            "variant": {"sku": "MUG"},
            "location": {"code": "london"},
        },
    }
    rest = await follow(graphql_schema, graphql_context, database, after=found[-2]["cursor"])
    assert [each["delta"] for each in rest] == [3]


async def test_only_what_was_asked_for(
    database: Database,
    graphql_schema: strawberry.Schema,
    graphql_context: Context,
    shelves: tuple[Location, Location],
) -> None:
    _, leeds = shelves
    found = await follow(graphql_schema, graphql_context, database, filter={"sku": "PLATE"})
    assert [each["delta"] for each in found] == [10, 5]
    here = {"locationId": to_base64("Location", leeds.id)}
    assert [each["delta"] for each in await follow(graphql_schema, graphql_context, database, filter=here)] == [3]
    both = {**here, "sku": "PLATE"}
    assert await follow(graphql_schema, graphql_context, database, filter=both) == []


async def test_a_change_that_names_the_variant_by_its_id_is_told_too(
    database: Database, by: Initiator, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    london = await make_shop(database)
    level = await StockLevel.get(location_id=london.id, variant__sku="MUG")
    payload = {"variant_id": str(level.variant_id), "location_id": str(london.id), "on_hand": 10, "delta": 0}

    async def correct(uow: UnitOfWork) -> None:
        record(uow, EventType.STOCK_ADJUSTED, new_id(), payload=payload)

    await database.write(by, correct)
    found = await follow(graphql_schema, graphql_context, database, filter={"sku": "MUG"})
    assert found[-1]["stockLevel"]["variant"] == {"sku": "MUG"}
    assert found[-1]["delta"] == 0
    of_plates = await follow(graphql_schema, graphql_context, database, filter={"sku": "PLATE"})
    assert [each["delta"] for each in of_plates] == [10]
