"""Which location sends which units: pure, and with a receipt that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.routing.geography import UNKNOWN, distance_km
from packhouse.routing.kinds import KINDS, Excluded, covered, keep_back
from packhouse.routing.questions import BUILT_IN, Candidate, Destination, Question, RuleSet
from packhouse.routing.states import RuleKind, SplitPolicy


@dataclass(frozen=True, slots=True)
class Route:
    """The units each location sends; `missing` are units that nobody sends; `receipt` is JSON for people.

    `is_split_refused`: there are enough units, but the rules do not let so many locations send them.
    """

    assignments: Mapping[UUID, Mapping[UUID, int]]
    missing: Mapping[UUID, int]
    receipt: Mapping[str, Any] = field(default_factory=dict)
    is_split_refused: bool = False
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate with what every rule thinks of it; `excluded` says why it may send nothing."""

    candidate: Candidate
    ranks: tuple[float, ...]
    excluded: str = ""

    @property
    def place(self) -> tuple[Any, ...]:
        return (bool(self.excluded), *self.ranks, self.candidate.code)


def route(question: Question, rules: RuleSet = BUILT_IN) -> Route:
    """Give out the units of each variant to the candidates, as the rules rank them."""
    judged = sorted((_judge(question, each, rules) for each in question.candidates), key=lambda each: each.place)
    assignments, missing = _give_out(question, [each.candidate for each in judged if not each.excluded])
    most = _most_parcels(rules)
    refused = len(assignments) > most and not missing
    if len(assignments) > most:
        kept = dict(list(assignments.items())[:most])
        missing = _missing(question.demand, kept)
        assignments = kept
    receipt = _receipt(question, rules, judged, assignments, missing)
    return Route(assignments, missing, receipt, refused, question)


def _judge(question: Question, candidate: Candidate, rules: RuleSet) -> _Judged:
    for rule in rules.rules:
        if rule.kind is RuleKind.KEEP_BACK and candidate.code in rule.options.get("locations", [candidate.code]):
            candidate = keep_back(candidate, rule.options["units"])
    ranks: list[float] = []
    excluded = ""
    for rule in rules.rules:
        opinion = KINDS[rule.kind].judge(question, candidate, rule.options)
        if isinstance(opinion, Excluded):
            excluded = excluded or opinion.why
            ranks.append(0.0)
        else:
            ranks.append(opinion)
    return _Judged(candidate, tuple(ranks), excluded)


def _most_parcels(rules: RuleSet) -> int:
    return 1 if rules.split is SplitPolicy.NEVER else rules.most_parcels


def _give_out(
    question: Question, ranked: Sequence[Candidate]
) -> tuple[dict[UUID, Mapping[UUID, int]], dict[UUID, int]]:
    remaining = dict(question.demand)
    assignments: dict[UUID, Mapping[UUID, int]] = {}
    for candidate in ranked:
        taken = _take(candidate, remaining)
        if taken:
            assignments[candidate.location_id] = taken
    return assignments, {variant: units for variant, units in remaining.items() if units}


def _take(candidate: Candidate, remaining: dict[UUID, int]) -> dict[UUID, int]:
    taken = {}
    for variant, units in remaining.items():
        got = min(units, max(0, candidate.available.get(variant, 0)))
        if got:
            taken[variant] = got
            remaining[variant] = units - got
    return taken


def _missing(demand: Mapping[UUID, int], assignments: Mapping[UUID, Mapping[UUID, int]]) -> dict[UUID, int]:
    left = {
        variant: units - sum(sent.get(variant, 0) for sent in assignments.values()) for variant, units in demand.items()
    }
    return {variant: units for variant, units in left.items() if units}


def _receipt(
    question: Question,
    rules: RuleSet,
    judged: Sequence[_Judged],
    assignments: Mapping[UUID, Mapping[UUID, int]],
    missing: Mapping[UUID, int],
) -> dict[str, Any]:
    wanted = sum(question.demand.values())
    rows = []
    for rank, each in enumerate(judged, 1):
        candidate = each.candidate
        units = covered(candidate, question.demand)
        sends = assignments.get(candidate.location_id, {})
        rows.append(
            {
                "location": candidate.code,
                "rank": rank,
                "units": units,
                "complete": units == wanted,
                "own": candidate.is_own,
                "priority": candidate.priority,
                "scores": {rule.kind.value: score for rule, score in zip(rules.rules, each.ranks, strict=True)},
                **_where(question, rules, candidate),
                **_busy(rules, candidate),
                "sends": sum(sends.values()),
                "lost": "" if sends else _why_lost(question, rules, each, judged[0]),
            }
        )
    return {
        "rules": rules.version,
        "split": rules.split.value,
        "wanted": wanted,
        "missing": sum(missing.values()),
        "country": question.destination.country,
        **({"coordinates": _source(question.destination)} if rules.uses(RuleKind.NEAREST) else {}),
        "candidates": rows,
    }


def _where(question: Question, rules: RuleSet, candidate: Candidate) -> dict[str, Any]:
    """How far a candidate is and how that is known, where a rule looks at it."""
    if not rules.uses(RuleKind.NEAREST):
        return {}
    km = distance_km(candidate.coordinates, question.destination.coordinates)
    return {"coordinates": _source(candidate), "km": km}


def _busy(rules: RuleSet, candidate: Candidate) -> dict[str, Any]:
    """What a candidate has to do already, where a rule looks at it; null where nobody counted it."""
    if not rules.uses(RuleKind.CAPACITY):
        return {}
    work = candidate.work
    return {"work": None if work is None else {"units": work.units, "orders": work.orders}}


def _source(end: Candidate | Destination) -> str:
    return (end.coordinates or UNKNOWN).source.value


def _why_lost(question: Question, rules: RuleSet, each: _Judged, best: _Judged) -> str:
    if each.excluded:
        return each.excluded
    if covered(each.candidate, question.demand) == 0:
        return "has nothing of it available"
    for rule, mine, theirs in zip(rules.rules, each.ranks, best.ranks, strict=True):
        if mine > theirs:
            return KINDS[rule.kind].why_lost(question, each.candidate, best.candidate)
    return f"{best.candidate.code} was enough" if each is not best else "more parcels than the rules allow"
