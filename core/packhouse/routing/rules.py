"""Which location sends which units: pure, and with a receipt that says why.

The rules of this version, in their order: a location that can send everything beats any split; our own locations beat
somebody else's; a lower priority number beats a higher one; the code decides what is left. A split takes the location
that covers most units first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

RULE_VERSION = "builtin-1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location that could send, and what it has available of each variant asked for."""

    location_id: UUID
    code: str
    priority: int
    is_own: bool
    available: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Route:
    """The units each location sends; `missing` are units that nobody has; `receipt` is JSON for people."""

    assignments: Mapping[UUID, Mapping[UUID, int]]
    missing: Mapping[UUID, int]
    receipt: Mapping[str, Any] = field(default_factory=dict)


def route(demand: Mapping[UUID, int], candidates: Sequence[Candidate]) -> Route:
    """Give out the units of each variant to the candidates."""
    ranked = sorted(candidates, key=lambda candidate: _rank(candidate, demand))
    remaining = dict(demand)
    assignments: dict[UUID, dict[UUID, int]] = {}
    for candidate in _order_of_taking(ranked, demand):
        taken = _take(candidate, remaining)
        if taken:
            assignments[candidate.location_id] = taken
    missing = {variant: units for variant, units in remaining.items() if units}
    return Route(assignments, missing, _receipt(ranked, demand, assignments, missing))


def covered(candidate: Candidate, demand: Mapping[UUID, int]) -> int:
    """How many of the units asked for a location has."""
    return sum(min(units, max(0, candidate.available.get(variant, 0))) for variant, units in demand.items())


def _rank(candidate: Candidate, demand: Mapping[UUID, int]) -> tuple[bool, bool, int, int, str]:
    units = covered(candidate, demand)
    is_complete = units == sum(demand.values())
    return (not is_complete, not candidate.is_own, candidate.priority, -units, candidate.code)


def _order_of_taking(ranked: Sequence[Candidate], demand: Mapping[UUID, int]) -> Sequence[Candidate]:
    """The best complete location alone, else all by how much they cover: fewest parcels first."""
    wanted = sum(demand.values())
    if ranked and covered(ranked[0], demand) == wanted:
        return ranked[:1]
    return sorted(ranked, key=lambda candidate: (-covered(candidate, demand), *_rank(candidate, demand)))


def _take(candidate: Candidate, remaining: dict[UUID, int]) -> dict[UUID, int]:
    taken = {}
    for variant, units in remaining.items():
        got = min(units, max(0, candidate.available.get(variant, 0)))
        if got:
            taken[variant] = got
            remaining[variant] = units - got
    return taken


def _receipt(
    ranked: Sequence[Candidate],
    demand: Mapping[UUID, int],
    assignments: Mapping[UUID, Mapping[UUID, int]],
    missing: Mapping[UUID, int],
) -> dict[str, Any]:
    wanted = sum(demand.values())
    rows = []
    for place, candidate in enumerate(ranked, 1):
        units = covered(candidate, demand)
        chosen = assignments.get(candidate.location_id, {})
        rows.append(
            {
                "location": candidate.code,
                "rank": place,
                "units": units,
                "complete": units == wanted,
                "own": candidate.is_own,
                "priority": candidate.priority,
                "sends": sum(chosen.values()),
                "lost": "" if chosen else _why_lost(candidate, units, wanted, ranked[0]),
            }
        )
    return {"rules": RULE_VERSION, "wanted": wanted, "missing": sum(missing.values()), "candidates": rows}


def _why_lost(candidate: Candidate, units: int, wanted: int, best: Candidate) -> str:
    if units == 0:
        return "has nothing of it available"
    if units < wanted:
        return f"has {units} of {wanted} units; others send them in fewer parcels"
    if best.is_own and not candidate.is_own:
        return f"{best.code} is our own"
    return f"{best.code} has a better priority"
