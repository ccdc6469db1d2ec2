"""What plugins register for routing is looked at when they are loaded."""

from typing import Any

import pytest
from tests.hooks.test_host import Named, load

from packhouse.hooks import BrokenPlugin
from packhouse.sdk import RoutingOpinion, RoutingRule, hookimpl


def judge(*_: object) -> RoutingOpinion:
    return RoutingOpinion()


async def slow(*_: object) -> RoutingOpinion:
    return RoutingOpinion()


class Brings(Named):
    given: Any = ()

    @hookimpl
    def register_routing_rules(self) -> Any:
        return self.given


def bringing(given: object) -> Brings:
    plugin = Brings()
    plugin.given = given
    return plugin


def test_rules_are_known_by_plugin_and_code() -> None:
    host = load(bringing([RoutingRule("low", "Low", judge)]), Named("other"))
    assert list(host.judges.rules) == ["named/low"]
    assert (host.judges.versions, dict(host.judges.strategies)) == ({"named": "1.0"}, {})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (5, "returned int, expected a list of RoutingRule"),
        ([5], "expected a list of RoutingRule"),
        ([RoutingRule("Low", "Low", judge)], "the code 'Low' is not small letters"),
        ([RoutingRule("a/b", "Low", judge)], "the code 'a/b' is not small letters"),
        ([RoutingRule("low", "Low", slow)], "judge and check of low have to be plain functions"),  # type: ignore[arg-type]  # a broken plugin
        ([RoutingRule("low", "Low", judge, check=5)], "have to be plain functions"),  # type: ignore[arg-type]  # a broken plugin
        ([RoutingRule("low", "Low", judge)] * 2, "returned one code twice"),
    ],
)
def test_wrong_ones_are_refused(given: object, why: str) -> None:
    with pytest.raises(BrokenPlugin, match=why.replace("(", r"\(")):
        load(bringing(given))
