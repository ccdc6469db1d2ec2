"""Rules and strategies of routing answer alike whenever they are asked alike, and say only what they may."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from packhouse.hooks.alone import LonePlugin
from packhouse.sdk import Facts, RoutingCandidate, RoutingItem, RoutingOpinion, RoutingQuestion, RoutingRule
from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.running import load
from packhouse.testing.conformance.trials import PATIENCE
from packhouse.testing.conformance.vendor import vendor_for

STRATEGY = "rank_locations"
_PLACES = (
    RoutingCandidate("london", 1, True, {"MUG": 5, "PLATE": 0}, "GB", "E16 1AA", "London", "south"),
    RoutingCandidate("york", 2, True, {"MUG": 1, "PLATE": 9}, "GB", "YO1 7HH", "York"),
    RoutingCandidate("3pl", 3, False, {"MUG": -2}),
)
_ITEMS = (RoutingItem("MUG", 2, 400), RoutingItem("PLATE", 1))
_QUESTIONS = (
    RoutingQuestion(_ITEMS, _PLACES, "GB", "LS1 4AP", "Leeds"),
    RoutingQuestion(_ITEMS[:1], _PLACES[2:], "FR", facts=Facts({"anything": [1, {"of": "others"}]})),
    RoutingQuestion(_ITEMS, ()),
)


async def _routing(kit: Kit) -> Look:
    look = Look("it brings no rules of routing")
    async with vendor_for((), PATIENCE) as vendor:
        alone, _, _ = load(kit.subject, vendor)
    for rule in alone.routing_rules:
        options = kit.subject.routing_options.get(rule.code, {})
        problem = rule.check(options) if rule.check is not None else None
        look.see(problem and f"{rule.code}: options {dict(options)}: {problem} (see the subject's routing_options)")
        for question in _QUESTIONS if not problem else ():
            for each in question.candidates:
                look.see(_wrong(rule.code, partial(rule.judge, question, each, options), partial(_opinion, rule)))
    for question in _QUESTIONS if STRATEGY in alone.implementations else ():
        look.see(_wrong(STRATEGY, partial(_ranked, alone, question), partial(_ranking, question)))
    return look


def _wrong(name: str, ask: Callable[[], Any], problem_of: Callable[[Any], str | None]) -> str | None:
    try:
        first, again = ask(), ask()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a plugin may fail in any way)
        return f"{name} failed: {type(error).__name__}: {error}"
    if problem := problem_of(first):
        return f"{name} {problem}"
    return None if first == again else f"{name} answered {first} and then {again}: it has to answer alike"


def _ranked(alone: LonePlugin, question: RoutingQuestion) -> object:
    return alone.implementations[STRATEGY].call({"question": question})


def _opinion(rule: RoutingRule, answer: object) -> str | None:
    if answer is None:
        return None
    if not isinstance(answer, RoutingOpinion):
        return f"answered with {type(answer).__name__}, expected RoutingOpinion"
    if not math.isfinite(answer.rank):
        return f"gave the rank {answer.rank}"
    return "excludes, and has not said that it may" if answer.is_excluded and not rule.may_exclude else None


def _ranking(question: RoutingQuestion, answer: object) -> str | None:
    if answer is None:
        return None
    if not isinstance(answer, Mapping):
        return f"answered with {type(answer).__name__}, expected opinions by location"
    return next(_wrongs(question, answer), None)


def _wrongs(question: RoutingQuestion, answer: Mapping[object, object]) -> Iterator[str]:
    codes = {each.code for each in question.candidates}
    for code, opinion in answer.items():
        if code not in codes:
            yield f"named {code}, which nobody asked about"
        if not isinstance(opinion, RoutingOpinion) or not math.isfinite(opinion.rank):
            yield f"thinks {opinion} of {code}, which is no RoutingOpinion with a rank"


RULES = (Rule("routing", "Rules of routing answer alike when asked alike, and say only what they may", _routing),)
