"""Following deliveries: each attempt is told once, in commit order."""

from typing import Any

import pytest
import strawberry

from packhouse.events.delivery_log import DELIVERIES, AttemptLog
from packhouse.sdk import Event, OrderSnapshot, ProviderUnavailable, new_id
from packhouse.testing.graphql import KeptLog
from packhouse.web.context import Context
from packhouse.web.graphql.log_cursors import write_log_cursor

FOLLOW = """
subscription ($filter: DeliveryUpdateFilter, $after: String) {
  deliveries(filter: $filter, after: $after) {
    cursor attempt { ok error } delivery { id plugin status attemptCount }
  }
}
"""


async def follow(schema: strawberry.Schema, context: Context, house: Any, **variables: Any) -> list[dict[str, Any]]:
    context.live = {DELIVERIES: KeptLog(AttemptLog(house.database))}
    found = []
    stream = await schema.subscribe(FOLLOW, variable_values=variables, context_value=context)
    async for result in stream:
        assert result.errors is None
        assert result.data is not None
        found.append(result.data["deliveries"])
    return found


@pytest.fixture
async def delivered(house: Any, make_plugins: Any) -> Any:
    """One event, delivered to one plugin at once, and to another at the second attempt."""
    tries: list[str] = []

    async def hook(code: str, event: Event, order: OrderSnapshot | None) -> None:
        del event, order
        tries.append(code)
        if code == "erp" and tries.count("erp") == 1:
            raise ProviderUnavailable("not now")

    house.listen(make_plugins(("crm", "erp"), hook))
    relay = await house.relay()
    await house.happen("one", order_id=new_id())
    await house.until_delivered(1, "crm")
    await house.until_rows("SELECT 1 FROM delivery_attempt WHERE NOT ok")
    await house.database.write(
        house.by, lambda uow: uow.execute("UPDATE lane SET due_at = '2020-01-01 00:00:00+00:00'")
    )
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE delivery SET next_attempt_at = NULL"))
    relay.wake()
    await house.until_delivered(1, "erp")
    await relay.drain()
    return house


async def test_every_attempt_is_told_once(
    delivered: Any, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    found = await follow(graphql_schema, graphql_context, delivered)
    assert [each["cursor"] for each in found] == [write_log_cursor(DELIVERIES, position) for position in (1, 2, 3)]
    assert sorted((each["delivery"]["plugin"], each["attempt"]["ok"]) for each in found) == [
        ("crm", True),
        ("erp", False),
        ("erp", True),
    ]
    [failed] = await follow(graphql_schema, graphql_context, delivered, filter={"ok": False})
    assert "not now" in failed["attempt"]["error"]
    assert failed["delivery"] == {
        "id": failed["delivery"]["id"],
        "plugin": "erp",
        "status": "DONE",
        "attemptCount": 2,
    }
    of_crm = await follow(graphql_schema, graphql_context, delivered, filter={"plugin": "crm"})
    assert [each["delivery"]["plugin"] for each in of_crm] == ["crm"]
    assert await follow(graphql_schema, graphql_context, delivered, filter={"plugin": "x"}) == []
    rest = await follow(graphql_schema, graphql_context, delivered, after=found[1]["cursor"])
    assert rest == found[2:]


async def test_a_cursor_of_another_log_is_refused(
    house: Any, graphql_schema: strawberry.Schema, graphql_context: Context
) -> None:
    graphql_context.live = {DELIVERIES: KeptLog(AttemptLog(house.database))}
    variables = {"after": write_log_cursor("events", 0)}
    stream = await graphql_schema.subscribe(FOLLOW, variable_values=variables, context_value=graphql_context)
    [result] = [each async for each in stream]
    assert result.errors
    assert result.errors[0].message == "after: not a cursor of these events; take one from the `cursor` of a message"
