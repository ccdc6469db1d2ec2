"""The examination: rules, what each looked at, and the report."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from packhouse.hooks.errors import BrokenPlugin, NotStarted
from packhouse.testing.conformance.faults import Fault
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.subject import Exchange, Operation, Subject
from packhouse.testing.conformance.trials import SECONDS, Ending, Trial, attempt, try_once
from packhouse.testing.conformance.vendor import vendor_for

# findings of one rule that are worth reading; the rest are more of the same
MOST_PROBLEMS = 12
# trials side by side: most of them wait for time-outs
_AT_ONCE = 16
LOADS = "loads"


class Status(StrEnum):
    """What became of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's outcome, with what is wrong, or why there was nothing to look at."""

    rule: str
    title: str
    status: Status
    details: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the plugin may be used as far as this rule goes."""
        return self.status is not Status.FAILED

    def __str__(self) -> str:
        return "\n".join([f"{self.rule} {self.status}: {self.title}", *(f"  - {each}" for each in self.details)])


@dataclass(slots=True)
class Look:
    """What a rule saw: `tried` trials, and the problems among them; `absent` says why there may have been none."""

    absent: str = "the plugin does nothing of the kind"
    tried: int = 0
    problems: list[str] = field(default_factory=list)

    def see(self, problem: str | None) -> None:
        """Count a trial, with its problem if it had one."""
        self.tried += 1
        if problem and problem not in self.problems:
            self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that has to hold for every plugin."""

    name: str
    title: str
    check: "Callable[[Kit], Awaitable[Look]]"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Probe:
    """An operation that works, and the exchanges of it that faults may strike."""

    operation: Operation
    strikes: tuple[Exchange, ...]
    is_question: bool = False


class Kit:
    """Everything that rules share about one subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._baselines: dict[int, Trial] = {}
        self._loading: Ending | None = None

    @property
    def operations(self) -> Sequence[Operation]:
        """Every operation, and every question about one, asked after it was done."""
        questions = [_question(each, each.find) for each in self.subject.operations if each.find is not None]
        return (*self.subject.operations, *questions)

    async def why_not_loaded(self) -> str | None:
        """Why the host could not use the plugin at all; None where it can."""
        if self._loading is None:
            self._loading = await attempt(partial(_start_and_stop, self.subject))
        error = self._loading.error
        return (
            str(error)
            if isinstance(error, BrokenPlugin | NotStarted)
            else None
            if error is None
            else str(self._loading)
        )

    async def baseline(self, operation: Operation) -> Trial:
        """The operation without any fault."""
        known = self._baselines.get(id(operation))
        if known is None:
            known = self._baselines[id(operation)] = await try_once(self.subject, operation)
        return known

    async def probes(self) -> list[Probe]:
        """What can be examined under faults: operations that work without any."""
        probes = []
        for operation in self.subject.operations:
            if (await self.baseline(operation)).first.error is None:
                probes.append(Probe(operation, (*operation.exchanges, *self.subject.always)))
                if operation.find is not None:
                    question = _question(operation, operation.find)
                    probes.append(Probe(question, tuple(operation.find.exchanges), is_question=True))
        return probes

    async def under(
        self,
        faults: Sequence[Fault],
        judge: Callable[[Trial, Probe], str | None],
        *,
        may_strike: Callable[[Exchange], bool] = lambda _: True,
        seconds: float = SECONDS,
    ) -> Look:
        """Every operation under every fault at each of its exchanges, judged; faults that never struck do not count."""
        look = Look("nothing that it asks can fail in this way")
        for probe, trial in await self.trials(await self.probes(), faults, may_strike=may_strike, seconds=seconds):
            if trial.hits:
                look.see(_told(trial, judge(trial, probe)))
        return look

    async def trials(
        self,
        probes: Sequence[Probe],
        faults: Sequence[Fault],
        *,
        may_strike: Callable[[Exchange], bool] = lambda _: True,
        seconds: float = SECONDS,
    ) -> list[tuple[Probe, Trial]]:
        """Every fault at every exchange of every probe that it may strike, several trials at once."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(probe: Probe, exchange: Exchange, fault: Fault) -> tuple[Probe, Trial]:
            async with turn:
                return probe, await try_once(self.subject, probe.operation, fault, exchange, seconds=seconds)

        return await asyncio.gather(
            *(
                one(probe, exchange, fault)
                for probe in probes
                for exchange in probe.strikes
                if may_strike(exchange)
                for fault in faults
            )
        )

    async def examine(self, rule: Rule) -> Finding:
        """Check one rule."""
        reason = self.subject.exempt.get(rule.name)
        if reason is not None:
            return Finding(rule.name, rule.title, Status.EXEMPT, (reason,))
        if rule.name != LOADS and await self.why_not_loaded():
            return Finding(rule.name, rule.title, Status.NOT_APPLICABLE, ("the host does not load it",))
        look = await rule.check(self)
        if look.problems:
            more = len(look.problems) - MOST_PROBLEMS
            shown = look.problems[:MOST_PROBLEMS] + ([f"and {more} more of the kind"] if more > 0 else [])
            return Finding(rule.name, rule.title, Status.FAILED, tuple(shown))
        if not look.tried:
            return Finding(rule.name, rule.title, Status.NOT_APPLICABLE, (look.absent,))
        return Finding(rule.name, rule.title, Status.PASSED)


async def _start_and_stop(subject: Subject) -> None:
    async with vendor_for(subject.always, SECONDS) as vendor, running(subject, vendor):
        pass


def _question(operation: Operation, find: Operation) -> Operation:
    return replace(
        find,
        call=partial(_done_then_asked, operation, find),
        exchanges=operation.all_exchanges,
        title=f"{find} after {operation}",
    )


async def _done_then_asked(operation: Operation, find: Operation, plugin: Running) -> Any:  # noqa: ANN401  (its answer)
    await plugin.do(operation)
    return await plugin.do(find)


def _told(trial: Trial, problem: str | None) -> str | None:
    return None if problem is None else f"{trial.where}: {problem}"


@dataclass(frozen=True, slots=True)
class Report:
    """What the whole kit found about a plugin."""

    code: str
    version: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether no rule failed."""
        return all(each.holds for each in self.findings)

    def as_json(self) -> Mapping[str, Any]:
        """The report for machines."""
        rules = [
            {"rule": each.rule, "title": each.title, "status": each.status.value, "details": list(each.details)}
            for each in self.findings
        ]
        return {"plugin": self.code, "version": self.version, "holds": self.holds, "rules": rules}

    def failed(self) -> Iterator[Finding]:
        """The rules that do not hold."""
        return (each for each in self.findings if not each.holds)
