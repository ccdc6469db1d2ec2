"""Receipts name every candidate and say what decided, and a question that was kept is decided alike: over rules of every kind."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.routing.test_plugged import NoChoices

from packhouse.hooks import PluginHost
from packhouse.routing.capacity import Work
from packhouse.routing.costs import Rate, SplitBound
from packhouse.routing.geography import UNKNOWN, Coordinates
from packhouse.routing.promises import Promise, Window
from packhouse.routing.questions import (
    Candidate,
    Destination,
    Item,
    Question,
    Rule,
    RuleSet,
    question_as_json,
    question_from_json,
    rules_as_json,
    rules_from_json,
)
from packhouse.routing.rules import Route, route
from packhouse.routing.states import CoordinateSource, RuleFailure, RuleKind, SplitPolicy
from packhouse.sdk import (
    PluginManifest,
    RoutingCandidate,
    RoutingOpinion,
    RoutingQuestion,
    RoutingRule,
    hookimpl,
    new_id,
)

MUG, PLATE = new_id(), new_id()
CODES = ["a", "b", "c", "d"]


def by_priority(_: RoutingQuestion, each: RoutingCandidate, __: Mapping[str, Any]) -> RoutingOpinion:
    return RoutingOpinion(each.priority % 3, is_excluded=each.priority == 5)


def breaks(question: RoutingQuestion, each: RoutingCandidate, _: Mapping[str, Any]) -> RoutingOpinion:
    if each.priority == 3:
        raise ValueError("three")
    return RoutingOpinion(len(question.candidates))


class Judging:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("judging", "Judging", "1")

    @hookimpl
    def register_routing_rules(self) -> list[RoutingRule]:
        return [
            RoutingRule("good", "Good", by_priority, may_exclude=True),
            RoutingRule("bad", "Bad", breaks),
        ]

    @hookimpl
    def rank_locations(self, question: RoutingQuestion) -> dict[str, RoutingOpinion] | None:
        places = question.candidates
        return {each.code: RoutingOpinion(-each.priority, is_excluded=each.priority == 4) for each in places} or None


JUDGES = PluginHost.load(NoChoices(), [Judging()], installed=()).judges

some = st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True)
plain = st.sampled_from(
    [
        RuleKind.SHIP_COMPLETE,
        RuleKind.FEWEST_PARCELS,
        RuleKind.SAME_COUNTRY,
        RuleKind.OWN_FIRST,
        RuleKind.STOCK_ON_HAND,
        RuleKind.PRIORITY,
        RuleKind.NEAREST,
        RuleKind.CHEAPEST,
        RuleKind.FASTEST,
    ]
)
rules = st.one_of(
    plain.map(Rule),
    st.builds(lambda codes, only: Rule(RuleKind.PINNED, {"locations": codes, "only": only}), some, st.booleans()),
    st.builds(lambda codes: Rule(RuleKind.DESTINATIONS, {"locations": codes, "countries": ["FR"]}), some),
    st.builds(lambda units: Rule(RuleKind.KEEP_BACK, {"units": units}), st.integers(0, 3)),
    st.builds(lambda only: Rule(RuleKind.LOCATION_GROUP, {"groups": ["g"], "only": only}), st.booleans()),
    st.builds(
        lambda out: Rule(RuleKind.CAPACITY, {"limits": [{"location": "a", "unitsPerDay": 2}], "exclude": out}),
        st.booleans(),
    ),
    st.builds(
        lambda code, fails: Rule(RuleKind.PLUGIN, {}, code, fails),
        st.sampled_from(["judging/good", "judging/bad", "judging/none", "gone/any"]),
        st.sampled_from(RuleFailure),
    ),
    st.just(
        Rule(RuleKind.RESTRICTIONS, {"restrictions": [{"skus": ["MUG"], "countries": ["FR"], "locations": ["a"]}]})
    ),
    st.just(Rule(RuleKind.STRATEGY, {}, "judging", RuleFailure.HOLD)),
)
policies = st.sampled_from(
    [
        (SplitPolicy.WHEN_NEEDED, 100, None),
        (SplitPolicy.NEVER, 100, None),
        (SplitPolicy.LIMITED, 2, None),
        (SplitPolicy.COST_BOUNDED, 100, SplitBound(3, "GBP")),
        (SplitPolicy.COST_BOUNDED, 100, SplitBound(percent=0.1)),
    ]
)
rule_sets = st.builds(
    lambda chosen, policy: RuleSet("web-7", tuple(chosen), *policy, JUDGES),
    st.lists(rules, min_size=1, max_size=5),
    policies,
)
points = st.one_of(
    st.none(),
    st.just(UNKNOWN),
    st.builds(Coordinates, st.just(CoordinateSource.CITY), st.sampled_from([50.0, 51.5]), st.sampled_from([0.0, 1.25])),
)
AT = datetime(2026, 3, 2, tzinfo=UTC)
promises = st.sampled_from(
    [None, Promise(date(2026, 3, 2), AT)]
    + [
        Promise(date(2026, 3, 2), AT, Window(date(2026, 3, day), date(2026, 3, day), AT, AT + timedelta(days=day)))
        for day in (4, 6)
    ]
)
rates = st.lists(
    st.builds(
        Rate,
        st.sampled_from([500, 9000]),
        st.integers(1, 9),
        st.sampled_from(["GBP", "EUR"]),
        st.just("s"),
        st.just("imported"),
    ),
    max_size=2,
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    candidates = tuple(
        Candidate(
            new_id(),
            code,
            draw(st.integers(1, 6)),
            draw(st.booleans()),
            {MUG: draw(st.integers(-1, 5)), PLATE: draw(st.integers(0, 4))},
            draw(st.sampled_from(["GB", "FR"])),
            group=draw(st.sampled_from(["", "g"])),
            coordinates=draw(points),
            work=draw(st.sampled_from([None, Work(1, 1), Work(2, 1)])),
            rates=tuple(draw(rates)),
            promise=draw(promises),
        )
        for code in CODES[: draw(st.integers(0, 4))]
    )
    demand = {MUG: draw(st.integers(1, 6)), PLATE: draw(st.integers(1, 3))}
    items = {MUG: Item("MUG", draw(st.sampled_from([100, None]))), PLATE: Item("PLATE", 200)}
    to = Destination(draw(st.sampled_from(["GB", "FR", ""])), coordinates=draw(points))
    return Question(demand, candidates, to, draw(st.sampled_from([None, (4000, "GBP")])), items)


@settings(max_examples=150)
@given(questions(), rule_sets)
def test_a_receipt_names_every_candidate_and_says_exactly_what_decided(question: Question, rules: RuleSet) -> None:
    decision = route(question, rules)
    receipt, rows = decision.receipt, decision.receipt["candidates"]
    codes = {each.location_id: each.code for each in question.candidates}
    assert sorted(row["location"] for row in rows) == sorted(codes.values())
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(tuple(row["scores"]) == rules.names for row in rows)
    sent = {codes[each]: sum(units.values()) for each, units in decision.assignments.items()}
    assert {row["location"]: row["sends"] for row in rows if row["sends"]} == sent
    assert receipt["missing"] == receipt["wanted"] - sum(sent.values())
    senders = [row for row in rows if row["sends"]]
    for row in rows:
        assert (row["lost"] == "") == bool(row["sends"]), "who sends has lost nothing, who does not has a reason"
        if not row["sends"]:
            check_reason(row, senders, decision)
    failed = set(receipt.get("failed", {}))
    assert failed <= set(rules.names)
    for name, rule in zip(rules.names, rules.rules, strict=True):
        if name in failed:
            assert rule.kind in (RuleKind.PLUGIN, RuleKind.STRATEGY)
            assert {row["scores"][name] for row in rows} <= {0.0}, "who could not judge sees no difference"
    holds = [
        rule.if_fails is RuleFailure.HOLD for name, rule in zip(rules.names, rules.rules, strict=True) if name in failed
    ]
    assert len(decision.doubts) == sum(holds)


SPLIT = ("more parcels than the rules allow", "a split would cost")


def check_reason(row: dict[str, Any], senders: list[dict[str, Any]], decision: Route) -> None:
    """The reason is true, and it is the first that is."""
    lost: str = row["lost"]
    scores = tuple(row["scores"].values())
    if not row["units"] and not is_exclusion(lost):
        assert lost in ("has nothing of it available", "may not send MUG to FR")
    elif lost.startswith(SPLIT):
        assert len(senders) >= 1
        assert decision.receipt["split"] != "when_needed"
    elif not is_exclusion(lost):
        first = senders[0]
        best = tuple(first["scores"].values())
        assert (scores, row["location"]) > (best, first["location"]), "it stands behind who sends"
        if scores == best:
            assert lost == f"{first['location']} was enough"
        else:
            name = next(name for name in row["scores"] if row["scores"][name] != first["scores"][name])
            assert row["scores"][name] > first["scores"][name]
            assert lost != f"{first['location']} was enough"
            assert WORDS[name.partition("#")[0]] in lost


EXCLUSIONS = (
    "only pinned locations may send",
    "it does not send to",
    "only g may send",
    "it has all the work that it takes in a day",
    "a plugin's rule excludes it",
)
WORDS = {
    "pinned": "is pinned before it",
    "ship_complete": "others send them in fewer parcels",
    "fewest_parcels": "others send them in fewer parcels",
    "same_country": "is in the country it goes to",
    "own_first": "is our own",
    "stock_on_hand": "has more of it",
    "priority": "has a better priority",
    "nearest": "is nearer",
    "cheapest": "is cheaper",
    "fastest": "delivers on",
    "location_group": "which goes before",
    "capacity": "has room",
    "judging/good": "judging/good puts",
    "judging": "judging puts",
}


def is_exclusion(lost: str) -> bool:
    return lost.startswith(EXCLUSIONS) and not lost.endswith("has room")


@settings(max_examples=150)
@given(questions(), rule_sets)
def test_a_kept_question_is_decided_alike_by_kept_rules(question: Question, rules: RuleSet) -> None:
    decision = route(question, rules)
    assert decision.question is not None
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(decision.question))))
    assert kept == question
    same = RuleSet(
        rules.version,
        rules_from_json(orjson.loads(orjson.dumps(rules_as_json(rules.rules)))),
        rules.split,
        rules.most_parcels,
        rules.bound and SplitBound(**rules.bound.as_json()),
        JUDGES,
    )
    assert same == rules
    receipt = orjson.loads(orjson.dumps(decision.receipt))
    assert orjson.loads(orjson.dumps(route(kept, same).receipt)) == receipt
    assert orjson.loads(orjson.dumps(route(kept, same, receipt.get("failed", {})).receipt)) == receipt
