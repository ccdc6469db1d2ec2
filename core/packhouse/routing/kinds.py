"""What each kind of rule thinks of a candidate: pure functions that rank, exclude or abstain.

A rank is a number; the lower goes first, and candidates with the same one are left to the next rule. To abstain is to give
all the same rank.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from packhouse.routing.capacity import a_list_of_limits, is_full
from packhouse.routing.costs import Rate, cheapest_rate, one_currency, shown, weight_of
from packhouse.routing.geography import distance_km
from packhouse.routing.opinions import Excluded, Opinion
from packhouse.routing.questions import Candidate, Question
from packhouse.routing.restrictions import a_list_of_restrictions, forbids
from packhouse.routing.states import RuleKind

Options = Mapping[str, Any]

# more days than any way takes
_NEVER = 10_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule.

    `judge` says what it thinks of a candidate; `why_lost` why one with a worse rank than the best did not send. `options`
    names what may be set, with the check that says what is wrong with a value (None: nothing).
    """

    judge: Callable[[Question, Candidate, Options], Opinion]
    why_lost: Callable[[Question, Candidate, Candidate], str]
    options: Mapping[str, Callable[[object], str | None]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def covered(candidate: Candidate, demand: Mapping[Any, int]) -> int:
    """How many of the units asked for a location has."""
    return sum(min(units, max(0, candidate.available.get(variant, 0))) for variant, units in demand.items())


def keep_back(candidate: Candidate, units: int) -> Candidate:
    """The candidate with so many units of each variant less to send."""
    return replace(candidate, available={variant: each - units for variant, each in candidate.available.items()})


def forbidden(question: Question, candidate: Candidate, options: Options) -> set[UUID]:
    """The variants asked for that restrictions keep a location from sending there."""
    country = question.destination.country
    return {
        variant
        for variant, item in (question.items or {}).items()
        if any(forbids(each, item, country, candidate.code) for each in options["restrictions"])
    }


def leave_out(candidate: Candidate, variants: Collection[UUID]) -> Candidate:
    """The candidate without some variants."""
    return replace(
        candidate,
        available={variant: 0 if variant in variants else each for variant, each in candidate.available.items()},
    )


def _wanted(question: Question) -> int:
    return sum(question.demand.values())


def _pinned(_: Question, candidate: Candidate, options: Options) -> Opinion:
    codes = options["locations"]
    if candidate.code in codes:
        return float(codes.index(candidate.code))
    return Excluded("only pinned locations may send") if options.get("only") else float(len(codes))


def _destinations(question: Question, candidate: Candidate, options: Options) -> Opinion:
    if candidate.code not in options["locations"] or question.destination.country in options["countries"]:
        return 0.0
    return Excluded(f"it does not send to {question.destination.country or 'an unknown country'}")


def _ship_complete(question: Question, candidate: Candidate, _: Options) -> Opinion:
    return 0.0 if covered(candidate, question.demand) == _wanted(question) else 1.0


def _fewest_parcels(question: Question, candidate: Candidate, _: Options) -> Opinion:
    return float(-covered(candidate, question.demand))


def _same_country(question: Question, candidate: Candidate, _: Options) -> Opinion:
    return 0.0 if candidate.country and candidate.country == question.destination.country else 1.0


def _stock_on_hand(question: Question, candidate: Candidate, _: Options) -> Opinion:
    return float(-sum(max(0, candidate.available.get(variant, 0)) for variant in question.demand))


def _location_group(_: Question, candidate: Candidate, options: Options) -> Opinion:
    groups = options["groups"]
    if candidate.group in groups:
        return float(groups.index(candidate.group))
    return Excluded(f"only {', '.join(groups)} may send") if options.get("only") else float(len(groups))


def _capacity(_: Question, candidate: Candidate, options: Options) -> Opinion:
    limit = next((each for each in options["limits"] if each["location"] == candidate.code), None)
    if limit is None or candidate.work is None or not is_full(limit, candidate.work):
        return 0.0
    return Excluded("it has all the work that it takes in a day") if options.get("exclude") else 1.0


def _nearest(question: Question, candidate: Candidate, _: Options) -> Opinion:
    """Kilometres to the destination; all alike where a place is unknown that could decide."""
    able = [each for each in question.candidates if covered(each, question.demand)]
    if any(_distance(question, each) is None for each in able):
        return 0.0
    return _distance(question, candidate) or 0.0


def _distance(question: Question, candidate: Candidate) -> float | None:
    return distance_km(candidate.coordinates, question.destination.coordinates)


def grams_of(question: Question, units: Mapping[Any, int]) -> int | None:
    """What so many units weigh; None where the catalogue does not know it."""
    items = question.items or {}
    return weight_of(units, {variant: item.weight_grams for variant, item in items.items()})


def currency_of(question: Question) -> str:
    """In which currency the costs of a question are compared; empty where that is not clear."""
    return one_currency(question.value, (rate for each in question.candidates for rate in each.rates or ()))


def rate_of(question: Question, candidate: Candidate, units: Mapping[Any, int]) -> Rate | None:
    """What it costs to send these units from a location in one parcel; None where that is not known."""
    return cheapest_rate(candidate.rates, grams_of(question, units), currency_of(question))


def _cheapest(question: Question, candidate: Candidate, _: Options) -> Opinion:
    """The price of sending all of it from there; all alike where it is not known for one that could decide."""
    able = [each for each in question.candidates if covered(each, question.demand)]
    if any(rate_of(question, each, question.demand) is None for each in able):
        return 0.0
    rate = rate_of(question, candidate, question.demand)
    return 0.0 if rate is None else float(rate.price)


def _dearer(question: Question, each: Candidate, best: Candidate) -> str:
    mine, theirs = rate_of(question, each, question.demand), rate_of(question, best, question.demand)
    prices = ", not ".join(shown(rate.price, rate.currency) for rate in (theirs, mine) if rate)
    return f"{best.code} is cheaper: {prices}"


def _fastest(question: Question, candidate: Candidate, _: Options) -> Opinion:
    """Days behind the location that promises the first delivery; who promises none goes last."""
    able = [each for each in question.candidates if covered(each, question.demand)]
    days = [latest.toordinal() for latest in map(delivered_by, able) if latest is not None]
    latest = delivered_by(candidate)
    if not days:
        return 0.0
    return float(_NEVER if latest is None else latest.toordinal() - min(days))


def delivered_by(candidate: Candidate) -> date | None:
    """The last day of the delivery that a location promises, where it promises one."""
    promise = candidate.promise
    return None if promise is None or promise.delivery is None else promise.delivery.latest


def _why_slower(_: Question, candidate: Candidate, best: Candidate) -> str:
    latest = delivered_by(candidate)
    mine = "it promises no delivery" if latest is None else f"not on {latest}"
    return f"{best.code} delivers on {delivered_by(best)} at the latest, {mine}"


def _a_list_of_texts(value: object) -> str | None:
    good = isinstance(value, list) and value and all(isinstance(each, str) and each for each in value)
    return None if good else "a list of texts that is not empty"


def _a_list_of_countries(value: object) -> str | None:
    problem = _a_list_of_texts(value)
    good = problem is None and isinstance(value, list) and all(len(each) == 2 and each.isupper() for each in value)  # noqa: PLR2004  (ISO 3166-1 alpha-2)
    return None if good else 'a list of country codes such as ["GB", "IE"]'


def _a_yes_or_no(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _a_count(value: object) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if good else "a whole number of units, 0 or more"


KINDS: Mapping[RuleKind, Kind] = MappingProxyType(
    {
        RuleKind.PINNED: Kind(
            _pinned,
            lambda _, __, best: f"{best.code} is pinned before it",
            {"locations": _a_list_of_texts, "only": _a_yes_or_no},
            needs=("locations",),
        ),
        RuleKind.DESTINATIONS: Kind(
            _destinations,
            lambda _, __, best: f"{best.code} sends there",
            {"locations": _a_list_of_texts, "countries": _a_list_of_countries},
            needs=("locations", "countries"),
        ),
        RuleKind.LOCATION_GROUP: Kind(
            _location_group,
            lambda _, __, best: f"{best.code} is of the group {best.group}, which goes before",
            {"groups": _a_list_of_texts, "only": _a_yes_or_no},
            needs=("groups",),
        ),
        RuleKind.CAPACITY: Kind(
            _capacity,
            lambda _, __, best: f"it has all the work that it takes in a day; {best.code} has room",
            {"limits": a_list_of_limits, "exclude": _a_yes_or_no},
            needs=("limits",),
        ),
        # what it keeps back is taken off before anybody is asked
        RuleKind.KEEP_BACK: Kind(
            lambda _, __, ___: 0.0,
            lambda _, __, best: f"{best.code} has more to spare",
            {"units": _a_count, "locations": _a_list_of_texts},
            needs=("units",),
        ),
        RuleKind.SHIP_COMPLETE: Kind(
            _ship_complete,
            lambda question, each, _: (
                f"has {covered(each, question.demand)} of {_wanted(question)} units; others send them in fewer parcels"
            ),
        ),
        RuleKind.FEWEST_PARCELS: Kind(
            _fewest_parcels,
            lambda question, each, _: (
                f"has {covered(each, question.demand)} of {_wanted(question)} units; others send them in fewer parcels"
            ),
        ),
        RuleKind.SAME_COUNTRY: Kind(_same_country, lambda _, __, best: f"{best.code} is in the country it goes to"),
        RuleKind.OWN_FIRST: Kind(
            lambda _, candidate, __: 0.0 if candidate.is_own else 1.0, lambda _, __, best: f"{best.code} is our own"
        ),
        RuleKind.STOCK_ON_HAND: Kind(_stock_on_hand, lambda _, __, best: f"{best.code} has more of it"),
        RuleKind.PRIORITY: Kind(
            lambda _, candidate, __: float(candidate.priority), lambda _, __, best: f"{best.code} has a better priority"
        ),
        RuleKind.NEAREST: Kind(
            _nearest,
            lambda question, each, best: (
                f"{best.code} is nearer: {_distance(question, best)} km, not {_distance(question, each)} km"
            ),
        ),
        RuleKind.CHEAPEST: Kind(_cheapest, _dearer),
        RuleKind.FASTEST: Kind(_fastest, _why_slower),
        # what may not be sent is taken off before anybody is asked
        RuleKind.RESTRICTIONS: Kind(
            lambda _, __, ___: 0.0,
            lambda _, __, best: f"{best.code} may send all of it",
            {"restrictions": a_list_of_restrictions},
            needs=("restrictions",),
        ),
    }
)
