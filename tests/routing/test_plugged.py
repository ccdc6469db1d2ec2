"""What is taken of plugins' answers, and what becomes of a decision where a plugin is broken or gone."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from packhouse.hooks import PluginHost
from packhouse.hooks.judges import Judges
from packhouse.routing.plugged import default_failure, wrong_options
from packhouse.routing.questions import Candidate, Destination, Item, Question, Rule, RuleSet
from packhouse.routing.rules import Route
from packhouse.routing.rules import route as route_question
from packhouse.routing.states import RuleFailure, RuleKind
from packhouse.sdk import (
    PluginManifest,
    RoutingCandidate,
    RoutingOpinion,
    RoutingQuestion,
    RoutingRule,
    hookimpl,
    new_id,
)

MUG = new_id()
Judge = Callable[[RoutingQuestion, RoutingCandidate, Mapping[str, Any]], RoutingOpinion | None]


class NoChoices:
    enabled = None
    disabled = ()
    strict = False
    settings: Mapping[str, dict[str, Any]] = {}


class Green:
    """A plugin with a rule and a strategy."""

    def __init__(self, judge: Judge, *, may_exclude: bool = False, ranking: object = None) -> None:
        self.judge, self.may_exclude, self.ranking = judge, may_exclude, ranking

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("green", "Green", "1.2")

    @hookimpl
    def register_routing_rules(self) -> list[RoutingRule]:
        return [RoutingRule("low", "Lowest first", self.judge, may_exclude=self.may_exclude)]

    @hookimpl
    def rank_locations(self, question: RoutingQuestion) -> Any:
        return self.ranking(question) if callable(self.ranking) else self.ranking


def judges(plugin: object) -> Judges:
    return PluginHost.load(NoChoices(), [plugin], installed=()).judges


def place(code: str, units: int, priority: int = 100, **more: Any) -> Candidate:
    return Candidate(new_id(), code, priority, True, {MUG: units}, **more)


YORK, LEEDS = place("york", 5, 1, group="north"), place("leeds", 5, 2)


def route(plugin: object, kind: RuleKind = RuleKind.PLUGIN, if_fails: RuleFailure | None = None) -> Route:
    code = "green/low" if kind is RuleKind.PLUGIN else "green"
    rules = RuleSet(
        "web-1",
        (Rule(kind, {"most": 3}, code, if_fails), Rule(RuleKind.PRIORITY)),
        judges=judges(plugin) if plugin else Judges(),
    )
    items = {MUG: Item("MUG", 250)}
    question = Question(
        {MUG: 1}, (YORK, LEEDS), Destination("GB", "LS1 4AP", "Leeds"), None, items, {"green": {"a": 1}}
    )
    return route_question(question, rules)


def lines(decision: Route) -> list[tuple[str, float, int, str]]:
    (name, _) = decision.receipt["candidates"][0]["scores"]
    return [
        (each["location"], each["scores"][name], each["sends"], each["lost"]) for each in decision.receipt["candidates"]
    ]


def leeds_first(_: RoutingQuestion, candidate: RoutingCandidate, __: Mapping[str, Any]) -> RoutingOpinion:
    return RoutingOpinion(0 if candidate.code == "leeds" else 7, "" if candidate.code == "leeds" else "more carbon")


def test_a_rule_sees_the_question_and_its_own_facts_and_its_answer_decides() -> None:
    seen: list[Any] = []

    def judge(question: RoutingQuestion, each: RoutingCandidate, options: Mapping[str, Any]) -> RoutingOpinion:
        seen.append((question, each, options))
        return leeds_first(question, each, options)

    decision = route(Green(judge))
    assert lines(decision) == [("leeds", 0.0, 1, ""), ("york", 7.0, 0, "more carbon")]
    assert (decision.receipt["plugins"], "failed" in decision.receipt) == ({"green": "1.2"}, False)
    question, first, options = seen[0]
    assert [(each.sku, each.quantity, each.weight_grams) for each in question.items] == [("MUG", 1, 250)]
    assert (question.country, question.postcode, question.city) == ("GB", "LS1 4AP", "Leeds")
    assert (question.facts.values, options) == ({"a": 1}, {"most": 3})
    assert first == RoutingCandidate("york", 1, True, {"MUG": 5}, group="north")
    assert question.candidates[0] is first


def excluded_leeds(_: RoutingQuestion, candidate: RoutingCandidate, __: Mapping[str, Any]) -> RoutingOpinion:
    return RoutingOpinion(why="no lorry there", is_excluded=candidate.code == "york")


def test_one_that_may_exclude_does() -> None:
    decision = route(Green(excluded_leeds, may_exclude=True))
    assert lines(decision) == [("leeds", 0.0, 1, ""), ("york", 0.0, 0, "no lorry there")]


def raises(*_: object) -> RoutingOpinion:
    raise ValueError("secret")


def leaves(*_: object) -> RoutingOpinion:
    raise SystemExit(1)


@pytest.mark.parametrize(
    ("judge", "why"),
    [
        (raises, "green/low failed (ValueError); the log says why"),
        (leaves, "green/low failed (SystemExit); the log says why"),
        (excluded_leeds, "green/low excluded york, and has not said that it may"),
        (lambda *_: 5, "the answer was int, expected RoutingOpinion"),
        (lambda *_: RoutingOpinion(float("nan")), "the rank nan is no number"),
        (lambda *_: RoutingOpinion(float("-inf")), "the rank -inf is no number"),
        (lambda *_: RoutingOpinion(True), "the rank True is no number"),
        (lambda *_: RoutingOpinion(rank="1"), "the rank '1' is no number"),  # type: ignore[arg-type]  # a broken plugin
        (lambda *_: RoutingOpinion(why=7), "the reason is no text"),  # type: ignore[arg-type]  # a broken plugin
        (lambda question, *_: question.items.append(1), "green/low failed (AttributeError); the log says why"),
    ],
)
def test_a_broken_rule_sees_no_difference_and_the_receipt_says_why(judge: Judge, why: str) -> None:
    decision = route(Green(judge))
    assert lines(decision) == [("york", 0.0, 1, ""), ("leeds", 0.0, 0, "york has a better priority")]
    assert decision.receipt["failed"] == {"green/low": why}
    assert decision.doubts == ()
    assert route(Green(judge), if_fails=RuleFailure.HOLD).doubts == (why,)


def test_what_a_rule_does_to_its_options_and_facts_stays_with_it() -> None:
    def spoil(question: RoutingQuestion, _: RoutingCandidate, options: Any) -> None:
        options["most"] = 99
        question.facts.values["a"] = 99  # type: ignore[index]  # a broken plugin

    decision = route(Green(spoil))
    assert lines(decision)[0] == ("york", 0.0, 1, "")
    assert decision.question is not None
    assert decision.question.facts == {"green": {"a": 1}}


def test_one_that_has_no_opinion_of_a_candidate_sees_no_difference_and_nothing_is_amiss() -> None:
    decision = route(Green(lambda _, each, __: None if each.code == "leeds" else RoutingOpinion(9)))
    assert lines(decision)[0] == ("york", 0.0, 1, "")
    assert "failed" not in decision.receipt


def test_a_plugin_that_is_gone_blocks_nobody_and_lets_nothing_pass_unseen() -> None:
    why = "plugin green is not in use"
    decision = route(None, if_fails=RuleFailure.HOLD)
    assert lines(decision)[0] == ("york", 0.0, 1, "")
    assert (decision.receipt["failed"], decision.receipt["plugins"]) == ({"green/low": why}, {"green": None})
    assert decision.doubts == (why,)
    assert route(None, RuleKind.STRATEGY, RuleFailure.ABSTAIN).receipt["failed"] == {"green": why}


class Elsewhere:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("green", "Green", "2.0")

    @hookimpl
    def register_routing_rules(self) -> list[RoutingRule]:
        return [RoutingRule("other", "Another", leeds_first)]


def test_a_plugin_that_lost_its_rule_is_named() -> None:
    assert route(Elsewhere()).receipt["failed"] == {"green/low": "plugin green 2.0 has no plugin green/low"}


def strategy(ranking: object) -> Route:
    return route(Green(leeds_first, ranking=ranking), RuleKind.STRATEGY, RuleFailure.HOLD)


def test_a_whole_strategy_ranks_and_excludes_and_those_it_does_not_name_go_last() -> None:
    assert lines(strategy({"leeds": RoutingOpinion(3.5)})) == [
        ("leeds", 3.5, 1, ""),
        ("york", 4.5, 0, "the strategy does not name it"),
    ]
    assert lines(strategy({"york": RoutingOpinion(is_excluded=True)})) == [
        ("leeds", 1.0, 1, ""),
        ("york", 0.0, 0, "a plugin's rule excludes it"),
    ]
    decision = strategy(None)
    assert (lines(decision)[0], decision.doubts, "failed" in decision.receipt) == (("york", 0.0, 1, ""), (), False)


@pytest.mark.parametrize(
    ("ranking", "why"),
    [
        (["leeds"], "the strategy answered with list, expected opinions by location"),
        ({"mars": RoutingOpinion()}, "the strategy named mars, which nobody asked about"),
        ({"leeds": 1}, "the answer was int, expected RoutingOpinion"),
        (raises, "green failed (ValueError); the log says why"),
        (leaves, "green failed (HookFailed); the log says why"),
    ],
)
def test_a_broken_strategy_leaves_it_to_the_next_rule_and_the_order_is_held(ranking: object, why: str) -> None:
    decision = strategy(ranking)
    assert lines(decision) == [("york", 0.0, 1, ""), ("leeds", 0.0, 0, "york has a better priority")]
    assert (decision.receipt["failed"], decision.doubts) == ({"green": why}, (why,))


def test_only_what_ranks_alone_is_passed_over_where_nobody_said_it() -> None:
    rule = Rule(RuleKind.PLUGIN, {}, "green/low")
    assert default_failure(rule, judges(Green(leeds_first))) is RuleFailure.ABSTAIN
    assert default_failure(rule, judges(Green(leeds_first, may_exclude=True))) is RuleFailure.HOLD
    assert default_failure(Rule(RuleKind.STRATEGY, {}, "green"), judges(Green(leeds_first))) is RuleFailure.HOLD


def test_options_are_checked_by_the_rule() -> None:
    known = judges(Green(leeds_first))
    assert wrong_options(Rule(RuleKind.PLUGIN, {}, "green/low"), known) is None
    assert wrong_options(Rule(RuleKind.PLUGIN, {"b": 1, "a": 2}, "green/low"), known) == (
        "green/low takes no options, got a, b"
    )
    assert "its settings are those of its plugin" in (
        wrong_options(Rule(RuleKind.STRATEGY, {"a": 1}, "green"), known) or ""
    )


def test_the_second_rule_of_a_kind_has_its_own_score() -> None:
    rules = RuleSet("web-1", (Rule(RuleKind.PINNED, {"locations": ["leeds"]}),) * 2 + (Rule(RuleKind.PRIORITY),))
    assert rules.names == ("pinned", "pinned#2", "priority")
    receipt = route_question(Question({MUG: 1}, (YORK, LEEDS)), rules).receipt
    assert receipt["candidates"][1]["scores"] == {"pinned": 1.0, "pinned#2": 1.0, "priority": 1.0}
