"""Routing to the nearest location, and what others that were tried would have travelled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio
from tests.routing.graphql.test_routing import PREVIEW, REPLAY, set_rules

from packhouse.ordering.basket import BasketLine
from packhouse.ordering.preview import PreviewRouting, preview_routing
from packhouse.routing.commands.import_postcodes import keep_postcodes
from packhouse.routing.models import RoutingDecision
from packhouse.routing.postcodes import PostcodeRow
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_order, make_stock, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.statements import noted_statements

POSTCODES = [
    PostcodeRow("GB", "SW1A", 51.504, -0.126),
    PostcodeRow("GB", "E16", 51.51, 0.03),
    PostcodeRow("GB", "LS1", 53.797, -1.55),
]
NEAREST = {"rules": [{"kind": "NEAREST"}, {"kind": "PRIORITY"}]}
PRIORITY = {"rules": [{"kind": "PRIORITY"}]}


@pytest_asyncio.fixture
async def shop(database: Database) -> Database:
    """Leeds is preferred, London is near the buyers; York has no postcode that is known."""
    await database.write(BY, lambda uow: keep_postcodes(uow, POSTCODES))
    await make_variant(database, "MUG")
    for code, city, postcode, priority in (
        ("leeds", "Leeds", "LS1 4AP", 1),
        ("london", "London", "E16 1AA", 5),
        ("york", "York", "", 9),
    ):
        address = replace(ADDRESS, city=city, postcode=postcode)
        location = await make_location(database, code, priority=priority, address=address)
        await make_stock(database, "MUG", location, 10)
    return database


async def preview(execute: Execute, **destination: str) -> Any:
    basket = {"lines": [{"sku": "MUG", "quantity": 1}], "destination": destination, "rules": NEAREST}
    return (await execute(PREVIEW, {"input": basket}))["previewRouting"]


async def test_the_nearest_sends_and_the_receipt_says_what_coordinates_it_used(
    shop: Database, execute: Execute
) -> None:
    del shop
    receipt = (await preview(execute, country="GB", postcode="sw1a 1aa"))["receipt"]
    assert receipt["coordinates"] == "postcode"
    assert [(each["location"], each["coordinates"], each["sends"]) for each in receipt["candidates"]] == [
        ("london", "postcode", 1),
        ("leeds", "postcode", 0),
        ("york", "city", 0),
    ]
    assert receipt["candidates"][1]["lost"] == "london is nearer: 10.8 km, not 272.5 km"
    for destination, source, sender in (
        ({"country": "GB", "city": "Leeds"}, "city", "leeds"),
        ({"country": "GB", "postcode": "ZZ1 1ZZ", "city": "York"}, "city", "york"),
        ({"country": "FR"}, "country", "london"),
        ({"country": "XX"}, "unknown", "leeds"),
    ):
        shown = await preview(execute, **destination)
        assert (shown["receipt"]["coordinates"], shown["parts"][0]["location"]) == (source, sender)


async def test_an_order_goes_to_the_nearest_and_is_decided_alike_when_postcodes_move(
    shop: Database, execute: Execute
) -> None:
    since = now() - timedelta(minutes=1)
    await set_rules(execute, NEAREST)
    order = await make_order(shop)
    decision = await RoutingDecision.get(order_id=order.id)
    assert decision.receipt["candidates"][0]["location"] == "london"
    assert decision.question["coordinates"] == ["postcode", 51.504, -0.126]
    moved = [replace(row, latitude=10.0) for row in POSTCODES]
    await shop.write(BY, lambda uow: keep_postcodes(uow, moved))
    span = {"since": since.isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    replay = (await execute(REPLAY, span))["replayRouting"]
    assert (replay["decisions"], replay["same"]) == (1, 1)
    assert (replay["before"]["distanceKm"], replay["before"]["measured"]) == (10.8, 1)
    assert replay["before"] == replay["after"]


async def test_a_draft_shows_the_distance_that_it_would_save(shop: Database, execute: Execute) -> None:
    since = now() - timedelta(minutes=1)
    await set_rules(execute, PRIORITY)
    for _ in range(2):
        decision = await RoutingDecision.get(order_id=(await make_order(shop)).id)
        assert "coordinates" not in decision.question
    span = {"since": since.isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    replay = (await execute(REPLAY, {**span, "rules": NEAREST}))["replayRouting"]
    assert (replay["before"]["distanceKm"], replay["before"]["measured"]) == (545.0, 2)
    assert (replay["after"]["distanceKm"], replay["after"]["measured"]) == (21.6, 2)
    unchanged = (await execute(REPLAY, span))["replayRouting"]
    assert (unchanged["same"], unchanged["after"]["distanceKm"]) == (2, 545.0)


async def test_coordinates_cost_one_statement_and_only_where_a_rule_looks_at_them(
    shop: Database, execute: Execute
) -> None:
    basket = PreviewRouting((BasketLine("MUG", 1),), "web")

    async def cost() -> int:
        with noted_statements() as sent:
            await preview_routing(shop, basket)
        assert sum("FROM postcode" in statement.sql for statement in sent) <= 1
        return len(sent)

    built_in = await cost()
    await set_rules(execute, PRIORITY)
    assert await cost() == built_in
    await set_rules(execute, NEAREST)
    assert await cost() == built_in + 1


async def test_locations_have_a_group_that_rules_name(database: Database, execute: Execute) -> None:
    await make_variant(database, "MUG")
    made = await execute(
        """mutation { createLocation(input: {code: "store", name: "Store", group: "stores"})
           { location { code group } userErrors { code } } }"""
    )
    assert made["createLocation"] == {"location": {"code": "store", "group": "stores"}, "userErrors": []}
    refused = await execute(
        f"""mutation {{ createLocation(input: {{code: "x", name: "X", group: "{"g" * 65}"}})
            {{ location {{ code }} userErrors {{ code field }} }} }}"""
    )
    assert refused["createLocation"]["location"] is None
    assert refused["createLocation"]["userErrors"] == [{"code": "INVALID_VALUE", "field": ["group"]}]
    found = await execute('{ store: location(code: "store") { group } x: location(code: "x") { code } }')
    assert found == {"store": {"group": "stores"}, "x": None}
    for code, group, priority in (("outlet", "stores", 1), ("york", "", 5)):
        location = await make_location(database, code, group=group, priority=priority)
        await make_stock(database, "MUG", location, 5)
    await set_rules(
        execute, {"rules": [{"kind": "LOCATION_GROUP", "options": {"groups": ["main", "stores"], "only": True}}]}
    )
    order = await make_order(database)
    decision = await RoutingDecision.get(order_id=order.id)
    assert [(each["location"], each["lost"]) for each in decision.receipt["candidates"]] == [
        ("outlet", ""),
        ("york", "only main, stores may send"),
    ]
