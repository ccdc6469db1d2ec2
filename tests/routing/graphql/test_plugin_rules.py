"""Rules of plugins are chosen by their code like any other, and a plugin that fails or is gone does no harm."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.routing.graphql.test_routing import senders, set_rules
from tests.routing.test_plugged import Green, NoChoices

from packhouse.hooks import PluginHost
from packhouse.hooks.judges import Judges
from packhouse.ordering.commands.place import place_order
from packhouse.ordering.data import PlaceLine, PlaceOrder
from packhouse.orders.models import Hold, Order
from packhouse.routing.models import RoutingDecision, RoutingRules
from packhouse.sdk import Facts, OrderSnapshot, RoutingCandidate, RoutingOpinion, RoutingQuestion, hookimpl, now
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_order, make_stock, make_variant
from packhouse.testing.graphql import Execute

KINDS = "{ pluginRoutingRules { kind code title version mayExclude } }"
REPLAY = """
query Replay($since: DateTime!, $until: DateTime!, $rules: RoutingRulesInput) {
  replayRouting(since: $since, until: $until, rules: $rules) {
    decisions same unknown plugins { plugin decisions }
    before { parcels } after { parcels } examples { after { location units } }
  }
}
"""
LOW = {"rules": [{"kind": "PLUGIN", "code": "green/low"}, {"kind": "PRIORITY"}]}


def last_name_first(
    question: RoutingQuestion, each: RoutingCandidate, _: object, *, codes: tuple[str, ...] = ("york", "london")
) -> RoutingOpinion:
    return RoutingOpinion(codes.index(each.code), f"{len(question.items)} items go from york")


class Gathering(Green):
    @hookimpl
    async def gather_order_facts(self, order: OrderSnapshot) -> Facts:
        return Facts({"carbon": 7, "lines": [len(order.lines)]})


def use(database: Database, plugin: object) -> PluginHost:
    host = PluginHost.load(NoChoices(), [plugin], installed=())
    database.judges = host.judges
    return host


@pytest_asyncio.fixture
async def shop(database: Database) -> Database:
    """London before York."""
    await make_variant(database, "MUG")
    for code, priority in (("london", 1), ("york", 2)):
        await make_stock(database, "MUG", await make_location(database, code, priority=priority), 20)
    return database


async def replay(execute: Execute, **more: Any) -> Any:
    span = {"since": (now() - timedelta(hours=1)).isoformat(), "until": (now() + timedelta(minutes=1)).isoformat()}
    return (await execute(REPLAY, {**span, **more}))["replayRouting"]


async def test_a_rule_of_a_plugin_is_chosen_decides_and_is_replayed(shop: Database, execute: Execute) -> None:
    use(shop, Green(last_name_first, may_exclude=True))
    assert (await execute(KINDS))["pluginRoutingRules"] == [
        {"kind": "PLUGIN", "code": "green/low", "title": "Lowest first", "version": "1.2", "mayExclude": True},
        {"kind": "STRATEGY", "code": "green", "title": "green", "version": "1.2", "mayExclude": True},
    ]
    answer = await set_rules(execute, LOW)
    assert answer["userErrors"] == []
    assert (await RoutingRules.get(number=1)).rules[0] == {
        "kind": "plugin",
        "options": {},
        "code": "green/low",
        "if_fails": "hold",
    }
    order = await make_order(shop)
    assert await senders(order.id) == ["york"]
    decision = await RoutingDecision.get(order_id=order.id)
    assert decision.receipt["plugins"] == {"green": "1.2"}
    assert decision.receipt["candidates"][1]["lost"] == "1 items go from york"
    again = await replay(execute)
    assert (again["decisions"], again["same"], again["unknown"], again["plugins"]) == (1, 1, 0, [])


async def test_facts_are_gathered_before_and_kept_with_the_question(shop: Database, execute: Execute) -> None:
    seen = []

    def judge(question: RoutingQuestion, *_: object) -> RoutingOpinion:
        seen.append(dict(question.facts.values))
        return RoutingOpinion()

    host = use(shop, Gathering(judge))
    await set_rules(execute, LOW)
    data = PlaceOrder(channel="web", currency="GBP", lines=(PlaceLine("MUG", 1),), shipping_address=ADDRESS)
    order_id = await place_order(shop, host, BY, data)
    assert seen[0] == {"carbon": 7, "lines": [1]}
    assert (await RoutingDecision.get(order_id=order_id)).question["facts"] == {"green": {"carbon": 7, "lines": [1]}}
    assert (await replay(execute))["same"] == 1
    assert seen[-1] == seen[0]


async def test_an_order_that_a_missing_plugin_could_not_judge_is_placed_and_held(
    shop: Database, execute: Execute
) -> None:
    use(shop, Green(last_name_first, may_exclude=True))
    await set_rules(execute, LOW)
    judged = await make_order(shop)
    shop.judges = Judges()
    order = await make_order(shop)
    assert await senders(order.id) == ["london"]
    assert (await Order.get(id=order.id)).status == "confirmed"
    (hold,) = await Hold.all()
    assert (hold.order_id, hold.reason, hold.note) == (order.id, "review", "plugin green is not in use")

    gone = await replay(execute)
    assert (gone["decisions"], gone["same"], gone["unknown"]) == (2, 1, 1), "what could not judge then does not now"
    assert gone["plugins"] == [{"plugin": "green 1.2", "decisions": 1}]
    tried = await replay(execute, rules={"rules": [{"kind": "PRIORITY"}]})
    assert (tried["unknown"], tried["examples"]) == (0, [{"after": [{"location": "london", "units": 1}]}])

    use(shop, Green(last_name_first, may_exclude=True))
    back = await replay(execute)
    assert (back["same"], back["unknown"], back["plugins"]) == (2, 0, [])
    assert await senders(judged.id) == ["york"]


async def test_where_a_rule_may_be_passed_over_nobody_is_held(shop: Database, execute: Execute) -> None:
    use(shop, Green(last_name_first, may_exclude=True))
    await set_rules(execute, {"rules": [{**LOW["rules"][0], "ifFails": "ABSTAIN"}]})
    shop.judges = Judges()
    order = await make_order(shop)
    assert await senders(order.id) == ["london"]
    assert await Hold.all().count() == 0
    assert (await RoutingDecision.get(order_id=order.id)).receipt["failed"] == {
        "green/low": "plugin green is not in use"
    }


@pytest.mark.parametrize(
    ("rule", "code", "field"),
    [
        ({"kind": "PLUGIN", "code": "green/lower"}, "UNKNOWN_ROUTING_RULE", ["rules", "0", "code"]),
        ({"kind": "PLUGIN"}, "UNKNOWN_ROUTING_RULE", ["rules", "0", "code"]),
        ({"kind": "STRATEGY", "code": "green/low"}, "UNKNOWN_ROUTING_RULE", ["rules", "0", "code"]),
        ({"kind": "PLUGIN", "code": "green/low", "options": {"a": 1}}, "INVALID_VALUE", ["rules", "0", "options"]),
        ({"kind": "STRATEGY", "code": "green", "options": {"a": 1}}, "INVALID_VALUE", ["rules", "0", "options"]),
        ({"kind": "PRIORITY", "code": "green/low"}, "INVALID_VALUE", ["rules", "0", "code"]),
        ({"kind": "PRIORITY", "ifFails": "HOLD"}, "INVALID_VALUE", ["rules", "0", "code"]),
    ],
)
async def test_rules_of_plugins_that_cannot_be_are_refused_and_nothing_changes(
    shop: Database, execute: Execute, rule: dict[str, Any], code: str, field: list[str]
) -> None:
    use(shop, Green(last_name_first))
    answer = await set_rules(execute, {"rules": [rule]})
    assert answer["routingRules"] is None
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [(code, field)]
    assert await RoutingRules.all().count() == 0
