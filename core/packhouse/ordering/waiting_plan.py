"""What of an order is sent now, and what waits where: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from packhouse.inventory.availability import WaitingTerms
from packhouse.routing.questions import Question, RuleSet
from packhouse.routing.rules import Route
from packhouse.routing.waiting import Units, exceeds, route_rest, route_together

Key = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision about what is there, and what waits: units by variant and location.

    `together`: a location does all of its part at once, when all of it is there.
    """

    decision: Route
    waits: Mapping[Key, int] = field(default_factory=dict)
    together: bool = False


def plan_waiting(question: Question, decision: Route, rules: RuleSet, terms: Mapping[Key, WaitingTerms]) -> Plan:
    """Let wait what a decision could not give out, as far as the terms let it; all of it, or the decision stays as it is.

    Stock is taken first, and what is there is sent at once; where the rules do not allow so many parcels, it waits for
    the rest.
    """
    days = {variant: each.available_from for (variant, _), each in terms.items()}
    if not decision.missing:
        works = _works(decision.assignments, {}, days)
        return Plan(decision, together=not decision.is_split_refused and exceeds(works, rules))
    rooms = _rooms(terms)
    waits = route_rest(question, decision, rules, rooms)
    if waits is None or exceeds(_works(decision.assignments, waits, days), rules):
        found = route_together(question, rules, rooms)
        return Plan(decision) if found is None else _plan(question, *found, together=True)
    return _plan(question, decision, waits)


def _plan(question: Question, decision: Route, waits: Units, *, together: bool = False) -> Plan:
    codes = {each.location_id: each.code for each in question.candidates}
    receipt = {
        **decision.receipt,
        "waits": {codes[location_id]: sum(units.values()) for location_id, units in waits.items()},
    }
    flat = {(variant, location): units for location, each in waits.items() for variant, units in each.items()}
    return Plan(replace(decision, missing={}, receipt=receipt), flat, together)


def _rooms(terms: Mapping[Key, WaitingTerms]) -> dict[UUID, dict[UUID, int]]:
    rooms: dict[UUID, dict[UUID, int]] = {}
    for (variant, location), each in terms.items():
        if each.room:
            rooms.setdefault(location, {})[variant] = each.room
    return rooms


def _works(sent: Units, waits: Units, days: Mapping[UUID, datetime | None]) -> int:
    """In how many parcels it would be sent: what waits comes after what is there, and a pre-order on its day."""
    works = {(location, day, False) for location, day in _days(sent, days)}
    works |= {(location, day, day is None) for location, day in _days(waits, days)}
    return len(works)


def _days(units: Units, days: Mapping[UUID, datetime | None]) -> Iterable[tuple[UUID, datetime | None]]:
    return [(location, days.get(variant)) for location, each in units.items() for variant in each]
