"""Which location sends which units: pure, and with a receipt that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from packhouse.routing.kinds import KINDS, covered, forbidden, keep_back, leave_out
from packhouse.routing.opinions import Excluded, Heard
from packhouse.routing.plugged import hear, silent
from packhouse.routing.questions import BUILT_IN, Candidate, Question, Rule, RuleSet
from packhouse.routing.receipts import receipt_of
from packhouse.routing.splitting import Assignments, Cut, cut_back
from packhouse.routing.states import RuleFailure, RuleKind

_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Route:
    """The units each location sends; `missing` are units that nobody sends; `receipt` is JSON for people.

    `is_split_refused`: there are enough units, but the rules do not let so many locations send them. `doubts`: why rules that may
    not be passed over could not judge; the order is to be held. `senders` are the candidates that may send, best first, with what the rules
    let each of them send.
    """

    assignments: Assignments
    missing: Mapping[UUID, int]
    receipt: Mapping[str, Any] = field(default_factory=dict)
    is_split_refused: bool = False
    question: Question | None = None
    doubts: tuple[str, ...] = ()
    senders: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with what every rule thinks of it; `excluded` says why it may send nothing, `lost` why it sends nothing.

    `restricted` are the SKUs that it may not send there.
    """

    candidate: Candidate
    ranks: tuple[float, ...]
    excluded: str = ""
    lost: str = ""
    restricted: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[Any, ...]:
        """By which candidates are sorted."""
        return (bool(self.excluded), *self.ranks, self.candidate.code)


def route(question: Question, rules: RuleSet = BUILT_IN, failed: Mapping[str, str] = _NOBODY) -> Route:
    """Give out the units of each variant to the candidates, as the rules rank them.

    `failed` are rules by name that could not judge when it was decided, and why: they are not asked.
    """
    asked = kept_back(question, rules)
    names = rules.names
    heard = [
        silent(asked, failed[name]) if name in failed else _hear(asked, rule, rules)
        for rule, name in zip(rules.rules, names, strict=True)
    ]
    judged = sorted(
        (_judge(each, heard, _restricted_skus(question, each, rules)) for each in asked.candidates),
        key=lambda each: each.place,
    )
    able = [each.candidate for each in judged if not each.excluded]
    assignments: Assignments = _give_out(asked, able)
    missing = _missing(question.demand, assignments)
    cut = cut_back(asked, rules, able, assignments, has_enough=not missing)
    if cut.assignments is not assignments:
        assignments, missing = cut.assignments, _missing(question.demand, cut.assignments)
    judged = [replace(each, lost=_why_lost(asked, rules, each, judged, heard, cut)) for each in judged]
    failures = {name: each.failure for name, each in zip(names, heard, strict=True) if each.failure}
    receipt = receipt_of(asked, rules, judged, assignments, missing, cut, failures)
    doubts = tuple(
        each.failure
        for rule, each in zip(rules.rules, heard, strict=True)
        if each.failure and rule.if_fails is RuleFailure.HOLD
    )
    return Route(assignments, missing, receipt, cut.is_refused, question, doubts, tuple(able))


def kept_back(question: Question, rules: RuleSet) -> Question:
    """The question with what the rules keep back and what may not be sent taken off, before anybody is asked."""
    if rules.uses(RuleKind.RESTRICTIONS):
        question = replace(
            question,
            candidates=tuple(leave_out(each, _restricted(question, each, rules)) for each in question.candidates),
        )
    for rule in rules.rules:
        if rule.kind is RuleKind.KEEP_BACK:
            codes = rule.options.get("locations")
            question = replace(
                question,
                candidates=tuple(
                    keep_back(each, rule.options["units"]) if codes is None or each.code in codes else each
                    for each in question.candidates
                ),
            )
    return question


def _hear(question: Question, rule: Rule, rules: RuleSet) -> Heard:
    if rule.kind in (RuleKind.PLUGIN, RuleKind.STRATEGY):
        return hear(question, rule, rules.judges)
    judge = KINDS[rule.kind].judge
    return Heard({each.code: judge(question, each, rule.options) for each in question.candidates})


def _restricted(question: Question, candidate: Candidate, rules: RuleSet) -> set[UUID]:
    """The variants that a candidate may not send there."""
    return {
        variant
        for rule in rules.rules
        if rule.kind is RuleKind.RESTRICTIONS
        for variant in forbidden(question, candidate, rule.options)
    }


def _restricted_skus(question: Question, candidate: Candidate, rules: RuleSet) -> tuple[str, ...]:
    items = question.items or {}
    return tuple(sorted(items[variant].sku for variant in _restricted(question, candidate, rules)))


def _judge(candidate: Candidate, heard: Sequence[Heard], restricted: tuple[str, ...]) -> Judged:
    opinions = [each.opinions[candidate.code] for each in heard]
    ranks = tuple(0.0 if isinstance(each, Excluded) else each for each in opinions)
    excluded = next((each.why for each in opinions if isinstance(each, Excluded)), "")
    return Judged(candidate, ranks, excluded, restricted=restricted)


def _give_out(question: Question, ranked: Sequence[Candidate]) -> dict[UUID, Mapping[UUID, int]]:
    remaining = dict(question.demand)
    assignments: dict[UUID, Mapping[UUID, int]] = {}
    for candidate in ranked:
        taken = _take(candidate, remaining)
        if taken:
            assignments[candidate.location_id] = taken
    return assignments


def _take(candidate: Candidate, remaining: dict[UUID, int]) -> dict[UUID, int]:
    taken = {}
    for variant, units in remaining.items():
        got = min(units, max(0, candidate.available.get(variant, 0)))
        if got:
            taken[variant] = got
            remaining[variant] = units - got
    return taken


def _missing(demand: Mapping[UUID, int], assignments: Assignments) -> dict[UUID, int]:
    left = {
        variant: units - sum(sent.get(variant, 0) for sent in assignments.values()) for variant, units in demand.items()
    }
    return {variant: units for variant, units in left.items() if units}


def _why_lost(
    question: Question, rules: RuleSet, each: Judged, judged: Sequence[Judged], heard: Sequence[Heard], cut: Cut
) -> str:
    """Why a candidate sends nothing: what it lacks, what cut it off, or the first rule that put who sends before it."""
    candidate = each.candidate
    if candidate.location_id in cut.assignments:
        return ""
    if each.excluded:
        return each.excluded
    if covered(candidate, question.demand) == 0:
        if each.restricted:
            return f"may not send {', '.join(each.restricted)} to {question.destination.country or 'nowhere known'}"
        return "has nothing of it available"
    if candidate.location_id in cut.off:
        return cut.why
    sender = next(other for other in judged if other.candidate.location_id in cut.assignments)
    for rule, mine, theirs, said in zip(rules.rules, each.ranks, sender.ranks, heard, strict=True):
        if mine > theirs:
            return said.reasons.get(candidate.code) or _why_behind(question, rule, candidate, sender.candidate)
    return f"{sender.candidate.code} was enough"


def _why_behind(question: Question, rule: Rule, candidate: Candidate, sender: Candidate) -> str:
    kind = KINDS.get(rule.kind)
    return f"{rule.code} puts {sender.code} first" if kind is None else kind.why_lost(question, candidate, sender)
