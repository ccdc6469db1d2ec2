"""Hooks that are for no event are examined as well: checks, facts, the test of a connection."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.testing.conformance.sound import Plugin, subject

from packhouse.sdk import Facts, Money, Objection, OrderSnapshot, PluginContext, ProviderUnavailable, Verdict, hookimpl
from packhouse.testing.conformance import Exchange, Operation, Reply, examine

ORDER = OrderSnapshot(
    UUID(int=7), "1001", "web", "", "pending", "GBP", Money.of("25.00", "GBP"), datetime(2026, 7, 1, tzinfo=UTC)
)
SCORE = Exchange("GET", "/scores/1001", Reply(200, {"score": 7}), name="score")


class Checks(Plugin):
    @hookimpl
    async def gather_order_facts(self, order: OrderSnapshot) -> Facts:
        assert self.client is not None
        found = await self.client.ask("GET", f"/scores/{order.number}")
        if not isinstance(found, dict) or not isinstance(found.get("score"), int):
            raise ProviderUnavailable("the score cannot be read")
        return Facts({"score": found["score"]})

    @hookimpl
    def check_order(self, order: OrderSnapshot, facts: Facts) -> Objection | None:
        assert order.number == "1001"
        return Objection(Verdict.HOLD, "FRAUD", "risky") if facts.values["score"] > 5 else None

    @hookimpl
    async def test_connection(self, context: PluginContext) -> str:
        assert context.recipient == "main"
        return "it answers"


class Guesses(Checks):
    @hookimpl
    def check_order(self) -> Any:  # type: ignore[override]  # a hook takes the arguments that it needs
        return "risky"


def with_checks(plugin: type[Plugin], *left_out: str) -> Any:
    operations = (
        Operation("gather_order_facts", order=ORDER, exchanges=(SCORE,)),
        Operation("check_order", (Facts({"score": 7}),), order=ORDER),
        Operation("test_connection", recipient="main"),
    )
    kept = tuple(each for each in operations if each.name not in left_out)
    return subject(plugin, operations=(*subject().operations, *kept))


async def test_hooks_without_an_event_are_driven() -> None:
    report = await examine(with_checks(Checks))
    assert list(report.failed()) == []


async def test_hooks_without_an_event_have_to_be_examined() -> None:
    (finding,) = (await examine(with_checks(Checks, "check_order"), ["covers"])).findings
    assert finding.details == ("it implements check_order, and no operation of the subject does it",)


async def test_what_they_answer_has_to_be_what_the_contract_says() -> None:
    (finding,) = (await examine(with_checks(Guesses), ["contract"])).findings
    assert finding.details == ("check_order: the answer is str, expected Objection | None",)
