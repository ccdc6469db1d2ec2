"""Where units that nobody has now are to wait: pure, and by the rules that route what is there."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from packhouse.routing.questions import Candidate, Question, RuleSet
from packhouse.routing.rules import Route, kept_back, route
from packhouse.routing.states import RuleKind, SplitPolicy

Units = Mapping[UUID, Mapping[UUID, int]]


def route_rest(question: Question, decision: Route, rules: RuleSet, rooms: Units) -> Units | None:
    """Where what a decision could not give out may wait, by location and variant; None where there is no room for all.

    `rooms` are the units that may wait, in the same shape.
    """
    rest = replace(question, demand=decision.missing, candidates=_with(question, rooms, stock=False))
    # rules that keep stock back say nothing about what is not there
    kinds = tuple(rule for rule in rules.rules if rule.kind is not RuleKind.KEEP_BACK)
    found = route(rest, replace(rules, rules=kinds))
    return None if found.missing else found.assignments


def route_together(question: Question, rules: RuleSet, rooms: Units) -> tuple[Route, Units] | None:
    """Route stock and what may wait as one, for rules that allow no further parcel; None where there is no room for all.

    Gives the decision with what is there only, and what waits.
    """
    found = route(replace(question, candidates=_with(question, rooms, stock=True)), rules)
    if found.missing or found.is_split_refused:
        return None
    there = {each.location_id: each.available for each in kept_back(question, rules).candidates}
    taken: dict[UUID, dict[UUID, int]] = {}
    waits: dict[UUID, dict[UUID, int]] = {}
    for location_id, units in found.assignments.items():
        taken[location_id] = {
            variant: min(wanted, max(0, there[location_id].get(variant, 0))) for variant, wanted in units.items()
        }
        waits[location_id] = {
            variant: wanted - taken[location_id][variant]
            for variant, wanted in units.items()
            if wanted > taken[location_id][variant]
        }
    return replace(found, assignments=taken), {location_id: units for location_id, units in waits.items() if units}


def exceeds(parcels: int, rules: RuleSet) -> bool:
    """Whether so many parcels are more than the rules allow."""
    return parcels > (1 if rules.split is SplitPolicy.NEVER else rules.most_parcels)


def _with(question: Question, rooms: Units, *, stock: bool) -> tuple[Candidate, ...]:
    return tuple(
        replace(
            each,
            available={
                variant: (max(0, each.available.get(variant, 0)) if stock else 0)
                + rooms.get(each.location_id, {}).get(variant, 0)
                for variant in question.demand
            },
        )
        for each in question.candidates
    )
