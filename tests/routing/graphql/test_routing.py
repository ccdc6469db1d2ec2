"""Rules are data: set, versioned, tried on a basket, and on decisions of the past."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.routing.models import RoutingDecision, RoutingRules
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_stock, make_variant
from packhouse.testing.graphql import Execute

SET = """
mutation Set($input: SetRoutingRulesInput!) {
  setRoutingRules(input: $input) {
    routingRules { version channel rules { kind options } split mostParcels isActive actor note }
    userErrors { code field message }
  }
}
"""
IN_FORCE = "query ($channel: String!) { routingInForce(channel: $channel) { version rules { kind } } }"
PREVIEW = """
query Preview($input: PreviewRoutingInput!) {
  previewRouting(input: $input) {
    ruleVersion parts { location sku quantity } missingUnits isSplitRefused receipt
  }
}
"""
REPLAY = """
query Replay($since: DateTime!, $until: DateTime!, $rules: RoutingRulesInput, $after: String) {
  replayRouting(since: $since, until: $until, rules: $rules, after: $after) {
    decisions same unknown endCursor hasMore
    before { parcels split unsentUnits abroad theirs distanceKm measured }
    after { parcels split unsentUnits abroad theirs distanceKm measured }
    examples { order { number } before { location units } after { location units } }
  }
}
"""
YORK_FIRST = {"rules": [{"kind": "PINNED", "options": {"locations": ["york"]}}, {"kind": "PRIORITY"}]}


@pytest_asyncio.fixture
async def shop(database: Database) -> Database:
    """London before York; London has no plates."""
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    london = await make_location(database, "london", priority=1)
    york = await make_location(database, "york", priority=2)
    for sku in ("MUG", "PLATE"):
        await make_variant(database, sku)
        await make_stock(database, sku, york, 20)
    await make_stock(database, "MUG", london, 20)
    return database


async def set_rules(execute: Execute, rules: dict[str, Any], **more: Any) -> Any:
    return (await execute(SET, {"input": {"rules": rules, **more}}))["setRoutingRules"]


async def senders(order_id: Any) -> list[str]:
    decision = await RoutingDecision.filter(order_id=order_id).order_by("-decided_at").first()
    assert decision is not None
    return [each["location"] for each in decision.receipt["candidates"] if each["sends"]]


async def test_without_rules_the_built_in_ones_decide(shop: Database, execute: Execute) -> None:
    in_force = (await execute(IN_FORCE, {"channel": "web"}))["routingInForce"]
    assert in_force["version"] == "builtin-2"
    assert [rule["kind"] for rule in in_force["rules"]] == ["SHIP_COMPLETE", "FEWEST_PARCELS", "OWN_FIRST", "PRIORITY"]
    assert await senders((await make_order(shop)).id) == ["london"]


async def test_a_channels_own_rules_come_before_those_for_all(shop: Database, execute: Execute) -> None:
    assert (await set_rules(execute, YORK_FIRST, note="london moves"))["routingRules"] == {
        "version": "default-1",
        "channel": None,
        "rules": [
            {"kind": "PINNED", "options": {"locations": ["york"]}},
            {"kind": "PRIORITY", "options": {}},
        ],
        "split": "WHEN_NEEDED",
        "mostParcels": None,
        "isActive": True,
        "actor": "tester",
        "note": "london moves",
    }
    order = await make_order(shop)
    assert await senders(order.id) == ["york"]
    assert (await RoutingDecision.get(order_id=order.id)).rule_version == "default-1"

    own = await set_rules(execute, {"rules": [{"kind": "PRIORITY"}]}, channel="web")
    assert own["routingRules"]["version"] == "web-1"
    assert await senders((await make_order(shop)).id) == ["london"]
    assert await senders((await make_order(shop, channel="pos")).id) == ["york"]


async def test_a_newer_version_takes_the_place_of_an_older_one_that_stays(shop: Database, execute: Execute) -> None:
    del shop
    for _ in range(3):
        await set_rules(execute, YORK_FIRST)
    rows = await RoutingRules.all().order_by("number")
    assert [(row.number, row.is_active) for row in rows] == [(1, False), (2, False), (3, True)]
    found = await execute(
        '{ routingRules(channel: "", first: 2) { edges { node { version } } pageInfo { hasNextPage } } }'
    )
    assert [edge["node"]["version"] for edge in found["routingRules"]["edges"]] == ["default-3", "default-2"]
    assert found["routingRules"]["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"rules": {"rules": []}}, "INVALID_VALUE", ["rules"]),
        ({"rules": {"rules": [{"kind": "PINNED"}]}}, "INVALID_VALUE", ["rules", "0", "options"]),
        ({"rules": {"rules": [{"kind": "PRIORITY", "options": {"x": 1}}]}}, "INVALID_VALUE", ["rules", "0", "options"]),
        ({"rules": {"rules": [{"kind": "PRIORITY", "options": [1]}]}}, "INVALID_VALUE", ["rules", "0", "options"]),
        (
            {"rules": {"rules": [{"kind": "KEEP_BACK", "options": {"units": -1}}]}},
            "INVALID_VALUE",
            ["rules", "0", "options"],
        ),
        (
            {"rules": {"rules": [{"kind": "PINNED", "options": {"locations": ["mars"]}}]}},
            "UNKNOWN_LOCATION",
            ["rules", "0", "options"],
        ),
        (
            {"rules": {"rules": [{"kind": "DESTINATIONS", "options": {"locations": ["york"], "countries": ["uk"]}}]}},
            "INVALID_VALUE",
            ["rules", "0", "options"],
        ),
        (
            {"rules": {"rules": [{"kind": "LOCATION_GROUP", "options": {"groups": "north"}}]}},
            "INVALID_VALUE",
            ["rules", "0", "options"],
        ),
        ({"rules": {"rules": [{"kind": "NEAREST", "options": {"km": 5}}]}}, "INVALID_VALUE", ["rules", "0", "options"]),
        ({"rules": {**YORK_FIRST, "split": "LIMITED"}}, "INVALID_VALUE", ["mostParcels"]),
        ({"rules": {**YORK_FIRST, "mostParcels": 2}}, "INVALID_VALUE", ["mostParcels"]),
        ({"rules": YORK_FIRST, "channel": "fax"}, "UNKNOWN_CHANNEL", ["channel"]),
    ],
)
async def test_rules_that_cannot_decide_are_refused_and_nothing_changes(
    shop: Database, execute: Execute, given: dict[str, Any], code: str, field: list[str]
) -> None:
    del shop
    await set_rules(execute, YORK_FIRST)
    answer = await set_rules(execute, **given)
    assert answer["routingRules"] is None
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [(code, field)]
    assert [(row.number, row.is_active) for row in await RoutingRules.all()] == [(1, True)]


async def test_an_order_that_would_be_split_too_far_is_refused_whole(shop: Database, execute: Execute) -> None:
    rules = {"rules": [{"kind": "PRIORITY"}], "split": "NEVER"}
    await set_rules(execute, rules)
    before = await shop.fetch("SELECT SUM(allocated) AS units FROM stock_level")
    placed = await execute(
        """mutation { placeOrder(input: {channel: "web", currency: "GBP", lines: [{sku: "MUG", quantity: 30}],
             shippingAddress: {name: "A Buyer", line1: "2 High Street", city: "Leeds", postcode: "LS1 4AP", country: "GB"}})
           { order { id } userErrors { code field } } }"""
    )
    assert placed["placeOrder"] == {"order": None, "userErrors": [{"code": "SPLIT_NOT_ALLOWED", "field": ["lines"]}]}
    assert await shop.fetch("SELECT SUM(allocated) AS units FROM stock_level") == before
    assert await RoutingDecision.all().count() == 0


async def test_a_basket_is_routed_without_placing_it(shop: Database, execute: Execute) -> None:
    del shop
    basket = {"lines": [{"sku": "MUG", "quantity": 25}, {"sku": "PLATE", "quantity": 1}], "channel": "web"}
    preview = (await execute(PREVIEW, {"input": basket}))["previewRouting"]
    assert preview["ruleVersion"] == "builtin-2"
    assert sorted((part["location"], part["sku"], part["quantity"]) for part in preview["parts"]) == [
        ("london", "MUG", 5),
        ("york", "MUG", 20),
        ("york", "PLATE", 1),
    ]
    tried = (await execute(PREVIEW, {"input": {**basket, "rules": {"rules": [{"kind": "PRIORITY"}]}}}))[
        "previewRouting"
    ]
    assert tried["ruleVersion"] == "draft"
    assert {(part["location"], part["quantity"]) for part in tried["parts"] if part["sku"] == "MUG"} == {
        ("london", 20),
        ("york", 5),
    }
    assert await RoutingDecision.all().count() == 0
    assert await RoutingRules.all().count() == 0


async def test_a_preview_says_what_is_missing_and_refuses_what_cannot_be(shop: Database, execute: Execute) -> None:
    del shop
    preview = (await execute(PREVIEW, {"input": {"lines": [{"sku": "PLATE", "quantity": 21}]}}))["previewRouting"]
    assert (preview["missingUnits"], preview["isSplitRefused"]) == (1, False)
    for lines, reason in (
        ([{"sku": "CUP", "quantity": 1}], "there is no variant with SKU CUP"),
        ([{"sku": "MUG", "quantity": 0}], "0 is not a quantity"),
        ([], "a basket has 1 to"),
    ):
        (error,) = await execute(PREVIEW, {"input": {"lines": lines}}, errors=True)
        assert reason in error["message"]


async def test_unchanged_rules_decide_every_order_exactly_as_before(shop: Database, execute: Execute) -> None:
    since = now() - timedelta(minutes=1)
    for lines in ({"MUG": 1}, {"MUG": 2, "PLATE": 1}):
        await make_order(shop, lines)
    await set_rules(execute, YORK_FIRST)
    await make_order(shop, {"MUG": 3})
    await set_rules(execute, {"rules": [{"kind": "STOCK_ON_HAND"}], "split": "LIMITED", "mostParcels": 2})
    await make_order(shop, {"MUG": 4})
    span = {"since": since.isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    replay = (await execute(REPLAY, span))["replayRouting"]
    assert (replay["decisions"], replay["same"], replay["unknown"]) == (4, 4, 0)
    assert replay["before"] == replay["after"]
    assert (replay["hasMore"], replay["examples"]) == (False, [])


async def test_other_rules_show_what_they_would_change(shop: Database, execute: Execute) -> None:
    since = now() - timedelta(minutes=1)
    first, second = await make_order(shop, {"MUG": 1}), await make_order(shop, {"MUG": 1, "PLATE": 1})
    span = {"since": since.isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    priority = {"rules": [{"kind": "PRIORITY"}]}
    replay = (await execute(REPLAY, {**span, "rules": priority}))["replayRouting"]
    assert (replay["decisions"], replay["same"]) == (2, 0), "their ranks name other rules"
    assert (replay["before"]["parcels"], replay["after"]["parcels"]) == (2, 3)
    assert (replay["before"]["split"], replay["after"]["split"]) == (0, 1)
    assert replay["examples"] == [
        {
            "order": {"number": second.number},
            "before": [{"location": "york", "units": 2}],
            "after": [{"location": "london", "units": 1}, {"location": "york", "units": 1}],
        }
    ]
    rest = (await execute(REPLAY, {**span, "after": replay["endCursor"]}))["replayRouting"]
    assert (rest["decisions"], rest["hasMore"]) == (0, False)
    assert await senders(first.id) == ["london"], "a replay changes nothing"


async def test_a_replay_backwards_in_time_is_refused(shop: Database, execute: Execute) -> None:
    del shop
    (error,) = await execute(
        REPLAY, {"since": now().isoformat(), "until": (now() - timedelta(days=1)).isoformat()}, errors=True
    )
    assert "until" in error["message"]
