"""What a customer can have now: where it is, how much, and when it leaves and arrives; decided as placing decides."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.inventory.arrivals import ArrivalOn, dated_arrivals
from packhouse.ordering.basket import Basket, BasketLine, read_basket
from packhouse.ordering.commands.allocate import demand_of
from packhouse.ordering.commands.supply import Heading, Supply, find_supply
from packhouse.ordering.promising import promise_of_order, promises_of_senders
from packhouse.ordering.work import WorkLine
from packhouse.routing.promises import Promise
from packhouse.routing.questions import Candidate
from packhouse.sdk import now
from packhouse.storage import Reader


@dataclass(frozen=True, slots=True)
class UnitsAt:
    """Units of a SKU at a location, by its code."""

    location: str
    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class LineAvailability:
    """A line of a basket. `available` are the units of its SKU that could be sent there at all, `at_locations` where they are.

    `is_enough`: the whole line can be sent now, together with the lines before it. Otherwise `may_wait` says whether it can be
    ordered and waits; `more_at` is when more is expected, `enough_at` when so much that all of it can be sent, and None where
    nobody said.
    """

    sku: str
    quantity: int
    is_known: bool
    needs_shipping: bool
    available: int
    at_locations: Sequence[UnitsAt]
    is_enough: bool
    may_wait: bool = False
    more_at: datetime | None = None
    enough_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BasketPart:
    """What one location would send now; `promise` is None where nobody knows when it works."""

    location: str
    units: Sequence[UnitsAt]
    promise: Promise | None


@dataclass(frozen=True, slots=True)
class Availability:
    """A basket as it could be had now. `promise` is for all of it, where all of it can be sent and every sender promises."""

    rule_version: str
    lines: Sequence[LineAvailability]
    parts: Sequence[BasketPart]
    is_split_refused: bool
    promise: Promise | None

    @property
    def is_complete(self) -> bool:
        """Whether all of it would be sent now."""
        return not self.is_split_refused and all(line.is_enough for line in self.lines)

    @property
    def is_orderable(self) -> bool:
        """Whether an order of it would be placed, though some of it may have to wait."""
        return not self.is_split_refused and all(line.is_enough or line.may_wait for line in self.lines)


async def read_availability(reader: Reader, lines: Sequence[BasketLine], heading: Heading) -> Availability:
    """Where a basket would be sent from now and when it would be there, in a number of statements that its size does not change.

    Raises:
        InvalidValue: no lines, too many, or a quantity that is none.
    """
    basket = await read_basket(reader, lines)
    demand = demand_of(basket.work)
    supply = await find_supply(reader, demand, heading=heading, may_wait=True)
    missing = _missing(demand, supply)
    arrivals = await _arrivals(reader, missing, supply) if missing else {}
    promises = await promises_of_senders(reader, supply, heading)
    found = _lines(lines, basket, supply, arrivals)
    is_complete = all(line.is_enough for line in found)
    return Availability(
        supply.decision.receipt["rules"],
        found,
        _parts(basket.work, supply, promises),
        supply.decision.is_split_refused,
        promise_of_order(supply, promises) if is_complete else None,
    )


def _missing(demand: Mapping[UUID, int], supply: Supply) -> dict[UUID, int]:
    """Units that nobody sends now, whether they may wait or not."""
    sent: dict[UUID, int] = defaultdict(int)
    for units in supply.decision.assignments.values():
        for variant_id, quantity in units.items():
            sent[variant_id] += quantity
    return {variant_id: units - sent[variant_id] for variant_id, units in demand.items() if units > sent[variant_id]}


Arrival = tuple[datetime | None, datetime | None]
"""When the next units of a variant are expected, and when as many as are missing."""


async def _arrivals(reader: Reader, missing: Mapping[UUID, int], supply: Supply) -> Mapping[UUID, Arrival]:
    """What comes to the locations that may send; what is late is left out, and those who wait already get theirs first."""
    places, at = {each.location_id: each for each in supply.senders}, now()
    expected: dict[UUID, list[ArrivalOn]] = defaultdict(list)
    for (variant_id, location_id), coming in (await dated_arrivals(reader, sorted(missing))).items():
        if location_id in places:
            expected[variant_id] += [each for each in coming if each.expected_at > at]
    ahead = {variant: sum(max(0, -each.available.get(variant, 0)) for each in places.values()) for variant in missing}
    return {variant: arrival_of(ahead[variant], units, expected[variant]) for variant, units in missing.items()}


def arrival_of(ahead: int, missing: int, expected: Sequence[ArrivalOn]) -> Arrival:
    """When the first of the missing units comes, and when the last, where others are `ahead` with so many."""
    come, first = 0, None
    for each in sorted(expected, key=lambda each: each.expected_at):
        come += each.units
        if come > ahead and first is None:
            first = each.expected_at
        if come >= ahead + missing:
            return first, each.expected_at
    return first, None


def _lines(
    lines: Sequence[BasketLine], basket: Basket, supply: Supply, arrivals: Mapping[UUID, Arrival]
) -> list[LineAvailability]:
    short = short_variants(basket.work, supply.decision.assignments)
    may_wait = not supply.decision.missing and not supply.decision.is_split_refused
    found = []
    for position, line in enumerate(lines):
        variant = basket.variants.get(line.sku)
        if variant is None or not variant.requires_shipping:
            is_known = variant is not None
            found.append(LineAvailability(line.sku, line.quantity, is_known, False, 0, (), is_known))
            continue
        needs = {part.variant_id: part.quantity for part in basket.parts.get(variant.id, ())} or {variant.id: 1}
        lacks = [arrivals[each] for each in short.get(position, ())]
        found.append(
            LineAvailability(
                line.sku,
                line.quantity,
                True,
                True,
                *_available(line.sku, needs, supply.senders),
                not lacks,
                bool(lacks) and may_wait,
                _last([first for first, _ in lacks]),
                _last([last for _, last in lacks]),
            )
        )
    return found


def short_variants(work: Sequence[WorkLine], sent: Mapping[UUID, Mapping[UUID, int]]) -> Mapping[int, list[UUID]]:
    """The variants of which a line gets less than it needs, by the line's position: earlier lines take first."""
    left: dict[UUID, int] = defaultdict(int)
    for units in sent.values():
        for variant_id, quantity in units.items():
            left[variant_id] += quantity
    short: dict[int, list[UUID]] = defaultdict(list)
    for line in work:
        left[line.variant_id] -= line.quantity
        if left[line.variant_id] < 0:
            short[line.position].append(line.variant_id)
    return short


def _available(sku: str, needs: Mapping[UUID, int], senders: Sequence[Candidate]) -> tuple[int, list[UnitsAt]]:
    """How many of a SKU could be sent, and how many whole ones each location has; `needs` is what one is made of."""
    have = [{each: max(0, place.available.get(each, 0)) for each in needs} for place in senders]
    total = min(sum(units[each] for units in have) // needed for each, needed in needs.items())
    whole = [min(units[each] // needed for each, needed in needs.items()) for units in have]
    return total, [UnitsAt(place.code, sku, units) for place, units in zip(senders, whole, strict=True) if units]


def _last(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known, default=None) if len(known) == len(moments) else None


def _parts(work: Sequence[WorkLine], supply: Supply, promises: Mapping[UUID, Promise]) -> list[BasketPart]:
    skus = {line.variant_id: line.sku for line in work}
    question = supply.decision.question
    codes = {each.location_id: each.code for each in (question.candidates if question else ())}
    return [
        BasketPart(
            codes[location_id],
            [UnitsAt(codes[location_id], skus[variant_id], each) for variant_id, each in units.items() if each],
            promises.get(location_id),
        )
        for location_id, units in supply.decision.assignments.items()
        if any(units.values())
    ]
