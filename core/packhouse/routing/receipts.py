"""The receipt of a decision: every candidate, what each rule thinks of it, and why it lost; JSON for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from packhouse.routing.costs import shown
from packhouse.routing.geography import UNKNOWN, distance_km
from packhouse.routing.kinds import covered, currency_of, grams_of, rate_of
from packhouse.routing.promises import promise_as_json
from packhouse.routing.questions import Candidate, Destination, Question, RuleSet
from packhouse.routing.splitting import Assignments, Cut
from packhouse.routing.states import RuleKind


class _Judged(Protocol):
    """A candidate as it was judged."""

    @property
    def candidate(self) -> Candidate: ...
    @property
    def ranks(self) -> tuple[float, ...]: ...
    @property
    def lost(self) -> str: ...
    @property
    def restricted(self) -> tuple[str, ...]: ...


def receipt_of(
    question: Question,
    rules: RuleSet,
    judged: Sequence[_Judged],
    assignments: Assignments,
    missing: Mapping[UUID, int],
    cut: Cut,
    failures: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that was decided, candidates in their order; what only some rules look at is there where one of them does."""
    wanted, names = sum(question.demand.values()), rules.names
    return {
        "rules": rules.version,
        "split": rules.split.value,
        "wanted": wanted,
        "missing": sum(missing.values()),
        "country": question.destination.country,
        **({"coordinates": _source(question.destination)} if rules.uses(RuleKind.NEAREST) else {}),
        **({"grams": grams_of(question, question.demand)} if rules.asks_for_costs else {}),
        **({"splitCost": dict(cut.cost)} if cut.cost else {}),
        **({"plugins": _versions(rules)} if rules.plugins else {}),
        **({"failed": dict(failures)} if failures else {}),
        "candidates": [
            {
                "location": each.candidate.code,
                "rank": rank,
                "units": (units := covered(each.candidate, question.demand)),
                "complete": units == wanted,
                "own": each.candidate.is_own,
                "priority": each.candidate.priority,
                "scores": dict(zip(names, each.ranks, strict=True)),
                **_where(question, rules, each.candidate),
                **_busy(rules, each.candidate),
                **_priced(question, rules, each.candidate),
                **_promised(rules, each.candidate),
                **({"restricted": list(each.restricted)} if rules.uses(RuleKind.RESTRICTIONS) else {}),
                "sends": sum(assignments.get(each.candidate.location_id, {}).values()),
                "lost": each.lost,
            }
            for rank, each in enumerate(judged, 1)
        ],
    }


def _versions(rules: RuleSet) -> dict[str, str | None]:
    """The versions of the plugins that had a say; null for one that was not in use."""
    return {plugin: rules.judges.versions.get(plugin) for plugin in rules.plugins}


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


def _promised(rules: RuleSet, candidate: Candidate) -> dict[str, Any]:
    """What a candidate promises, where a rule looks at it; null where nobody knows."""
    if not rules.uses(RuleKind.FASTEST):
        return {}
    return {"promise": None if candidate.promise is None else promise_as_json(candidate.promise)}


def _priced(question: Question, rules: RuleSet, candidate: Candidate) -> dict[str, Any]:
    """What sending all of it from a candidate costs, where a rule looks at it; null where that is not known."""
    if not rules.asks_for_costs:
        return {}
    rate = rate_of(question, candidate, question.demand)
    if rate is None:
        return {"cost": None, "costWhy": _why_unpriced(question, candidate)}
    return {"cost": shown(rate.price, rate.currency), "rate": f"{rate.service} ({rate.source})".strip()}


def _why_unpriced(question: Question, candidate: Candidate) -> str:
    if grams_of(question, question.demand) is None:
        return "the weight is not known"
    if not candidate.rates:
        return "there is no rate to there"
    currency = currency_of(question)
    if not any(each.currency == currency for each in candidate.rates):
        return f"there is no rate in {currency}" if currency else "the rates are in several currencies"
    return "it is heavier than any rate"


def _source(end: Candidate | Destination) -> str:
    return (end.coordinates or UNKNOWN).source.value
