"""After a failure the kit goes on as the host does."""

from typing import Any

import pytest

from packhouse.sdk import ProviderInDoubt, ProviderRefused, ProviderUnavailable
from packhouse.testing.conformance import Operation
from packhouse.testing.conformance.trials import Ending, carry_through

DOUBT, LATER, NO = ProviderInDoubt("sent"), ProviderUnavailable("not there"), ProviderRefused("no")
FIND = Operation("find_label")
BUY = Operation("buy_label", find=FIND)
PUSH = Operation("push_shipment")
INVITE = Operation("invite", repeats=False)


class Scripted:
    """A plugin that answers as written, one answer after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def do(self, operation: Operation) -> Any:
        self.asked.append(operation.name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("operation", "first", "answers", "asked", "result"),
    [
        (BUY, DOUBT, ["found"], ["find_label"], "found"),
        (BUY, DOUBT, [None, "bought"], ["find_label", "buy_label"], "bought"),
        (BUY, DOUBT, [LATER, LATER, "found"], ["find_label"] * 3, "found"),
        (BUY, KeyError("leak"), ["found"], ["find_label"], "found"),
        (BUY, LATER, ["bought"], ["buy_label"], "bought"),
        (BUY, LATER, [DOUBT, None, "bought"], ["buy_label", "find_label", "buy_label"], "bought"),
        (PUSH, DOUBT, ["pushed"], ["push_shipment"], "pushed"),
        (PUSH, NO, [NO] * 6, ["push_shipment"] * 6, NO),
        (INVITE, DOUBT, [], [], DOUBT),
        (INVITE, LATER, ["invited"], ["invite"], "invited"),
    ],
)
async def test_what_is_in_doubt_is_asked_about_and_what_did_not_happen_is_sent_again(
    operation: Operation, first: Exception, answers: list[Any], asked: list[str], result: Any
) -> None:
    plugin: Any = Scripted(*answers)
    ending = await carry_through(plugin, operation, Ending(error=first))
    assert plugin.asked == asked
    assert (ending.error or ending.result) is result
