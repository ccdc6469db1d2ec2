"""A location that has a day's work is asked last, or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from tests.routing.graphql.test_routing import REPLAY, senders, set_rules

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.queries import work_given_out
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.preview import PreviewRouting, preview_routing
from packhouse.routing.capacity import Work
from packhouse.routing.models import RoutingDecision, RoutingRules
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_stock, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.statements import noted_statements, query_plan


def capacity(*limits: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"rules": [{"kind": "CAPACITY", "options": {"limits": list(limits), **options}}, {"kind": "PRIORITY"}]}


async def make_places(database: Database) -> None:
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    await make_variant(database, "MUG")
    for code, priority in (("london", 1), ("york", 2)):
        await make_stock(database, "MUG", await make_location(database, code, priority=priority), 50)


async def test_orders_go_elsewhere_when_a_day_is_full(database: Database, execute: Execute) -> None:
    await make_places(database)
    since = now() - timedelta(minutes=1)
    await set_rules(execute, capacity({"location": "london", "unitsPerDay": 4, "ordersPerDay": 9}))
    sent_from = [await senders((await make_order(database, {"MUG": 3})).id) for _ in range(3)]
    assert sent_from == [["london"], ["london"], ["york"]], "the second fills it, the third goes elsewhere"
    last = await RoutingDecision.all().order_by("-decided_at").first()
    assert last is not None
    assert [(each["location"], each["work"]) for each in last.receipt["candidates"]] == [
        ("york", None),
        ("london", {"units": 6, "orders": 2}),
    ]
    span = {"since": since.isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    replay = (await execute(REPLAY, span))["replayRouting"]
    assert (replay["decisions"], replay["same"]) == (3, 3)

    await FulfillmentOrder.filter(network="").update(created_at=now() - timedelta(days=1, minutes=1))
    assert await senders((await make_order(database)).id) == ["london"], "yesterday's work is not today's"
    assert await senders((await make_order(database, {"MUG": 9})).id) == ["london"]
    await FulfillmentOrder.filter(network="").update(status="cancelled")
    assert await senders((await make_order(database)).id) == ["london"], "what was cancelled is no work"


async def test_a_full_location_may_be_left_out(database: Database, execute: Execute) -> None:
    await make_places(database)
    await set_rules(execute, capacity({"location": "london", "ordersPerDay": 0}, exclude=True))
    placed = await execute(
        """mutation { placeOrder(input: {channel: "web", currency: "GBP", lines: [{sku: "MUG", quantity: 60}],
             shippingAddress: {name: "A Buyer", line1: "2 High Street", city: "Leeds", postcode: "LS1 4AP", country: "GB"}})
           { order { id } userErrors { code } } }"""
    )
    assert placed["placeOrder"] == {"order": None, "userErrors": [{"code": "INSUFFICIENT_STOCK"}]}
    assert await FulfillmentOrder.all().count() == 0
    assert await senders((await make_order(database)).id) == ["york"]


async def test_work_is_counted_by_one_indexed_statement_where_a_rule_looks_at_it(
    database: Database, execute: Execute
) -> None:
    await make_places(database)
    await make_order(database, {"MUG": 2})
    basket = PreviewRouting((BasketLine("MUG", 1),), "web")

    async def sent() -> list[Any]:
        with noted_statements() as statements:
            await preview_routing(database, basket)
        return statements

    without = await sent()
    await set_rules(execute, capacity({"location": "london", "unitsPerDay": 4}, {"location": "york", "unitsPerDay": 4}))
    counted = await sent()
    assert len(counted) == len(without) + 1
    (statement,) = [each for each in counted if "fulfillment_order" in each.sql]
    assert not any("fulfillment_order" in each.sql for each in without)
    if database.dialect.value == "sqlite":
        # an empty table is scanned by PostgreSQL, whatever indexes it has
        assert "USING INDEX fulfillment_order_given_out (location_id=? AND created_at>?)" in await query_plan(
            database, statement
        )


async def test_nobody_asked_for_is_nothing_read(database: Database) -> None:
    with noted_statements() as statements:
        assert await work_given_out(database, {}) == {}
    assert statements == []
    london = await make_location(database)
    assert await work_given_out(database, {london.id: now()}) == {london.id: Work(0, 0)}


@pytest.mark.parametrize(
    ("rules", "code", "field"),
    [
        (capacity(), "INVALID_VALUE", ["rules", "0", "options"]),
        (capacity({"location": "london"}), "INVALID_VALUE", ["rules", "0", "options"]),
        (capacity({"location": "mars", "unitsPerDay": 1}), "UNKNOWN_LOCATION", ["rules", "0", "options"]),
        (
            {"rules": 2 * capacity({"location": "london", "unitsPerDay": 1})["rules"][:1]},
            "INVALID_VALUE",
            ["rules"],
        ),
    ],
)
async def test_limits_that_cannot_be_are_refused_and_nothing_changes(
    database: Database, execute: Execute, rules: dict[str, Any], code: str, field: list[str]
) -> None:
    await make_location(database)
    answer = await set_rules(execute, rules)
    assert answer["routingRules"] is None
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [(code, field)]
    assert await RoutingRules.all().count() == 0
