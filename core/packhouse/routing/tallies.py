"""What routing decisions come to: parcels, splits, distance, cost; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.routing.geography import distance_km
from packhouse.routing.kinds import rate_of
from packhouse.routing.promises import promise_of_all
from packhouse.routing.questions import Candidate, Question

_DAY = timedelta(days=1)

Sends = Mapping[UUID, Mapping[UUID, int]]


@dataclass(slots=True)
class Tally:
    """What some decisions come to. `abroad` are parcels that cross a border, `theirs` those that others send for us.

    `distance_km` is summed over the `measured` parcels: those whose both ends are known; `cost` in minor units by currency over the
    `priced` ones: those whose weight and rate are. `promised_days` is summed over the `promised` decisions, those that kept a promise of
    everybody who sends: from the decision to the last moment at which all of it is to be there.
    """

    parcels: int = 0
    split: int = 0
    unsent_units: int = 0
    abroad: int = 0
    theirs: int = 0
    measured: int = 0
    distance_km: float = 0.0
    priced: int = 0
    cost: dict[str, int] = field(default_factory=dict)
    promised: int = 0
    promised_days: float = 0.0


def units_sent(receipt: Mapping[str, Any]) -> dict[str, int]:
    """Units by the code of the location that sends them."""
    return {each["location"]: each["sends"] for each in receipt["candidates"] if each["sends"]}


def parcels_of(question: Question, receipt: Mapping[str, Any]) -> Sends:
    """Which units of which variant each location sent: they were taken in the order of the ranks. What does not add up is left out."""
    places = {each.code: each for each in question.candidates}
    remaining = dict(question.demand)
    parcels = {}
    for code, units in units_sent(receipt).items():
        place = places[code]
        taken = {
            variant: min(left, max(0, place.available.get(variant, 0))) for variant, left in remaining.items() if left
        }
        if sum(taken.values()) == units:
            parcels[place.location_id] = {variant: count for variant, count in taken.items() if count}
        for variant, count in taken.items():
            remaining[variant] -= count
    return parcels


def count(tally: Tally, question: Question, receipt: Mapping[str, Any], parcels: Sends, decided_at: datetime) -> None:
    """Add a decision to the figures; `parcels` are the units that each location sends."""
    sends = units_sent(receipt)
    places = {each.code: each for each in question.candidates}
    tally.parcels += len(sends)
    tally.split += len(sends) > 1
    tally.unsent_units += receipt["missing"]
    whole = promise_of_all(places[code].promise for code in sends)
    if whole is not None and whole.delivery is not None:
        tally.promised += 1
        tally.promised_days += (whole.delivery.closes - decided_at) / _DAY
    for code in sends:
        place = places[code]
        tally.abroad += place.country != question.destination.country
        tally.theirs += not place.is_own
        _measure(tally, question, place)
        _price(tally, question, place, parcels.get(place.location_id, {}))


def _measure(tally: Tally, question: Question, place: Candidate) -> None:
    km = distance_km(place.coordinates, question.destination.coordinates)
    if km is not None:
        tally.measured += 1
        tally.distance_km += km


def _price(tally: Tally, question: Question, place: Candidate, units: Mapping[UUID, int]) -> None:
    rate = rate_of(question, place, units) if units else None
    if rate is not None:
        tally.priced += 1
        tally.cost[rate.currency] = tally.cost.get(rate.currency, 0) + rate.price
