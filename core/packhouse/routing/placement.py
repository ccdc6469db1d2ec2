"""Stock placed otherwise, to see what that would have changed: so much of a variant at a location, the rest where it was; pure.

It assumes that the shares held at the moment of every decision: there was as much of the variant in total as there was, and whoever
refilled the shelves kept the placement. What one replayed decision takes is not missing in the next, and nothing is moved, counted or
paid for moving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from packhouse.routing.questions import Candidate, Question

WHOLE = 100


@dataclass(frozen=True, slots=True)
class Share:
    """So many percent of all units of a SKU lie at a location."""

    sku: str
    location: str
    percent: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Percent by variant and location; `places` are the locations as candidates that have nothing."""

    shares: Mapping[UUID, Mapping[UUID, int]] = field(default_factory=dict)
    places: Mapping[UUID, Candidate] = field(default_factory=dict)


NO_PLACEMENT = Placement()


def placed(question: Question, placement: Placement) -> Question:
    """The question with its stock where the placement has it; the question itself where that is about nothing in it."""
    moved = {variant: placement.shares[variant] for variant in question.demand if variant in placement.shares}
    if not moved:
        return question
    known = {each.location_id for each in question.candidates}
    named = sorted({place for shares in moved.values() for place in shares} - known)
    candidates = [*question.candidates, *(placement.places[place] for place in named)]
    available = {each.location_id: dict(each.available) for each in candidates}
    for variant, shares in moved.items():
        units = {each.location_id: max(0, each.available.get(variant, 0)) for each in candidates}
        for place, count in _spread(units, shares).items():
            available[place][variant] = count
    return replace(
        question, candidates=tuple(replace(each, available=available[each.location_id]) for each in candidates)
    )


def _spread(units: Mapping[UUID, int], shares: Mapping[UUID, int]) -> dict[UUID, int]:
    """Units by location: the named ones have their shares, the others the rest in the proportion that they had; none is lost."""
    total = sum(units.values())
    given = {place: total * percent // WHOLE for place, percent in shares.items()}
    others = {place: count for place, count in units.items() if place not in shares}
    rest, weight = total - sum(given.values()), sum(others.values())
    if not weight:
        # nobody else has any: what rounding leaves, or nobody was to have, stays at the first that is named
        first = next(iter(shares))
        return {**dict.fromkeys(others, 0), **given, first: given[first] + rest}
    spread = {place: rest * count // weight for place, count in others.items()}
    left = rest - sum(spread.values())
    largest = sorted(others, key=lambda place: (-(rest * others[place] % weight), place))
    for place in largest[:left]:
        spread[place] += 1
    return {**spread, **given}


def problem_of(shares: Sequence[Share]) -> tuple[int, str, str] | None:
    """What is wrong with shares: the index, the field, and what it has to be; None: nothing."""
    sums: dict[str, int] = {}
    seen = set()
    for index, each in enumerate(shares):
        if not 0 <= each.percent <= WHOLE:
            return index, "percent", f"{each.percent} is not from 0 to {WHOLE}"
        if (each.sku, each.location) in seen:
            return index, "location", f"{each.location} is named twice for {each.sku}"
        seen.add((each.sku, each.location))
        sums[each.sku] = sums.get(each.sku, 0) + each.percent
        if sums[each.sku] > WHOLE:
            return index, "percent", f"the shares of {each.sku} are more than {WHOLE} together"
    return None
