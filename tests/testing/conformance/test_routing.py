"""Rules and strategies of routing are asked twice, and may say only what they may."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from tests.testing.conformance.sound import Plugin, subject

from packhouse.sdk import RoutingOpinion, RoutingQuestion, RoutingRule, hookimpl
from packhouse.testing.conformance import examine

_TURN = count()


class Ranks(Plugin):
    rule = RoutingRule("low", "Low", lambda *_: RoutingOpinion(1.0))
    ranking: Any = None

    @hookimpl
    def register_routing_rules(self) -> list[RoutingRule]:
        return [self.rule]

    @hookimpl
    def rank_locations(self, question: RoutingQuestion) -> Any:
        ranking = type(self).ranking
        return ranking(question) if callable(ranking) else ranking


async def found(**attributes: Any) -> list[str]:
    plugin = type("Plugin", (Ranks,), {**attributes, "__module__": __name__})
    (finding,) = (await examine(subject(plugin), ["routing"])).findings
    return [] if finding.holds else list(finding.details)


def rule(judge: Any, **more: Any) -> dict[str, Any]:
    return {"rule": RoutingRule("low", "Low", judge, **more)}


def fails(*_: object) -> RoutingOpinion:
    raise LookupError("nothing")


def wants(options: Mapping[str, Any]) -> str | None:
    return None if options else "needs some"


async def test_sound_ones_hold() -> None:
    assert await found() == []
    assert await found(**rule(lambda *_: RoutingOpinion(is_excluded=True), may_exclude=True)) == []
    assert await found(ranking=lambda question: {each.code: RoutingOpinion() for each in question.candidates}) == []


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        (rule(fails), "low failed: LookupError: nothing"),
        (rule(lambda *_: 5), "low answered with int, expected RoutingOpinion"),
        (rule(lambda *_: RoutingOpinion(float("inf"))), "low gave the rank inf"),
        (rule(lambda *_: RoutingOpinion(is_excluded=True)), "low excludes, and has not said that it may"),
        (rule(lambda *_: RoutingOpinion(next(_TURN))), "it has to answer alike"),
        (rule(fails, check=wants), "low: options {}: needs some (see the subject's routing_options)"),
        ({"ranking": ["york"]}, "rank_locations answered with list, expected opinions by location"),
        ({"ranking": {"mars": RoutingOpinion()}}, "rank_locations named mars, which nobody asked about"),
        ({"ranking": lambda question: dict.fromkeys(each.code for each in question.candidates)}, "no RoutingOpinion"),
    ],
)
async def test_broken_ones_are_told(attributes: dict[str, Any], says: str) -> None:
    assert any(says in each for each in await found(**attributes))
