"""Finding units for a demand: what a reservation holds for this buyer first, then what is available, then what expired."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from packhouse.inventory.availability import AvailableAt, WaitingTerms, available_at_locations
from packhouse.inventory.commands.end_reservations import end_reservations, given_back, lock_active
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.reservations import HeldUnits, ended, expired_units
from packhouse.inventory.states import ReservationStatus
from packhouse.ordering.facts import with_facts
from packhouse.ordering.waiting_plan import Plan, plan_waiting
from packhouse.routing.queries import active_rules
from packhouse.routing.questions import NOWHERE, Candidate, Destination, Question, RuleSet
from packhouse.routing.rules import Route, route
from packhouse.sdk import Facts, ShippingSpeed, now
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.unit_of_work import Conflict


@dataclass(frozen=True, slots=True)
class Heading:
    """What chooses the rules and what they may look at: the channel, where it goes and how fast, the order's value (minor units,
    currency), what plugins gathered. `draft`: rules to try instead.
    """

    channel: str = ""
    destination: Destination = NOWHERE
    draft: RuleSet | None = None
    value: tuple[int, str] | None = None
    facts: Mapping[str, Facts] = field(default_factory=dict)
    speed: ShippingSpeed = ShippingSpeed.STANDARD


ANYWHERE = Heading()


@dataclass(frozen=True, slots=True)
class Supply:
    """Where the units come from. `reserved` are those of the buyer's own reservation, by variant and location.

    `networks` are the codes of the networks that run the locations; `freed` what goes with it in the ledger: units of
    reservations that end without being ordered. `waits` are units that are in no place yet, by variant and location, and
    `terms` those of all variants that have any; `together`: the rules let no work be sent apart from what waits.
    `senders` are the locations that may send, best first, with what is there of it; `timed` those that have a calendar.
    """

    decision: Route
    networks: Mapping[UUID, str]
    reserved: Mapping[tuple[UUID, UUID], int]
    freed: Sequence[Movement]
    expired: frozenset[UUID] = frozenset()
    waits: Mapping[tuple[UUID, UUID], int] = field(default_factory=dict)
    terms: Mapping[tuple[UUID, UUID], WaitingTerms] = field(default_factory=dict)
    together: bool = False
    senders: Sequence[Candidate] = ()
    timed: frozenset[UUID] = frozenset()


async def find_supply(
    reader: Reader,
    demand: Mapping[UUID, int],
    excluded: frozenset[UUID] = frozenset(),
    own: Sequence[HeldUnits] = (),
    heading: Heading = ANYWHERE,
    *,
    may_wait: bool = False,
) -> Supply:
    """Route a demand by the rules of its channel; nothing is written or locked.

    A buyer's own reservation covers as much as it holds, where it holds it: nobody else can be faster. Where units are
    missing then, reservations past their deadline are looked for, and counted as available. With `may_wait` what is still
    missing waits, where the terms of a variant at a location let it.
    """
    reserved = _covered(own, demand)
    open_demand = dict(demand)
    for (variant_id, _), units in reserved.items():
        open_demand[variant_id] -= units
    open_demand = {variant_id: units for variant_id, units in open_demand.items() if units}
    places = await available_at_locations(reader, sorted(open_demand))
    places = [place for place in places if place.location_id not in excluded]
    rules = heading.draft or await active_rules(reader, heading.channel)
    candidates = tuple(map(_candidate, places))
    question = Question(open_demand, candidates, heading.destination, heading.value, speed=heading.speed)
    timed = frozenset(place.location_id for place in places if place.has_calendar)
    question = await with_facts(reader, question, rules, heading.facts, timed)
    decision = route(question, rules)
    expired: Sequence[HeldUnits] = ()
    if decision.missing:
        reservation_id = own[0].reservation_id if own else None
        expired = await expired_units(reader, decision.missing, now(), but=reservation_id)
        if expired:
            question = _with_freed(question, expired)
            decision = route(question, rules)
    terms = _terms(places) if may_wait else {}
    senders = decision.senders
    plan = plan_waiting(question, decision, rules, terms) if terms else Plan(decision)
    decision = plan.decision
    networks = {place.location_id: place.network for place in places}
    return Supply(
        decision=_with_reserved(decision, own, reserved) if own else decision,
        networks=networks | {held.location_id: held.network for held in own},
        reserved=reserved,
        freed=[
            *(given_back(held, ReservationStatus.EXPIRED) for held in expired),
            *(
                given_back(held, ReservationStatus.RELEASED, rest)
                for held in own
                if (rest := held.quantity - reserved.get((held.variant_id, held.location_id), 0))
            ),
        ],
        expired=frozenset(held.reservation_id for held in expired),
        waits=plan.waits,
        terms=terms,
        together=plan.together,
        senders=senders,
        timed=timed | {held.location_id for held in own if held.has_calendar},
    )


async def end_used_reservations(uow: UnitOfWork, supply: Supply, own: UUID | None, order_id: UUID | None) -> None:
    """Lock and end the reservations whose units are used; stock rows come after this.

    Raises:
        Refused: RESERVATION_ENDED: the buyer's own was ended meanwhile.
        Conflict: somebody else has taken an expired one back at this moment.
    """
    wanted = supply.expired | ({own} if own else set())
    active = await lock_active(uow, list(wanted))
    if own and own not in active:
        raise ended(own, "ended", "reservationId")
    if wanted - active:
        raise Conflict("somebody else took the same stock at this moment; try again")
    ends = dict.fromkeys(supply.expired, ReservationStatus.EXPIRED)
    if own:
        ends[own] = ReservationStatus.CONSUMED
    await end_reservations(uow, ends, order_id)


def _terms(places: Sequence[AvailableAt]) -> dict[tuple[UUID, UUID], WaitingTerms]:
    return {(variant_id, place.location_id): terms for place in places for variant_id, terms in place.terms.items()}


def _candidate(place: AvailableAt) -> Candidate:
    return Candidate(
        place.location_id,
        place.code,
        place.priority,
        not place.network,
        place.available,
        place.country,
        place.postcode,
        place.city,
        place.group,
    )


def _covered(own: Sequence[HeldUnits], demand: Mapping[UUID, int]) -> dict[tuple[UUID, UUID], int]:
    left = dict(demand)
    covered: dict[tuple[UUID, UUID], int] = {}
    for held in own:
        units = min(held.quantity, left.get(held.variant_id, 0))
        if units:
            covered[held.variant_id, held.location_id] = units
            left[held.variant_id] -= units
    return covered


def _with_freed(question: Question, expired: Sequence[HeldUnits]) -> Question:
    """The question as it will be once the expired units are free."""
    freed: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for held in expired:
        freed[held.location_id, held.variant_id] += held.quantity
    return replace(
        question,
        candidates=tuple(
            replace(
                each,
                available={
                    variant_id: units + freed[each.location_id, variant_id]
                    for variant_id, units in each.available.items()
                },
            )
            for each in question.candidates
        ),
    )


def _with_reserved(decision: Route, own: Sequence[HeldUnits], reserved: Mapping[tuple[UUID, UUID], int]) -> Route:
    """The decision together with the units that were decided on when they were reserved."""
    assignments = {location_id: dict(units) for location_id, units in decision.assignments.items()}
    by_code: dict[str, int] = {}
    codes = {held.location_id: held.code for held in own}
    for (variant_id, location_id), units in reserved.items():
        at_location = assignments.setdefault(location_id, {})
        at_location[variant_id] = at_location.get(variant_id, 0) + units
        by_code[codes[location_id]] = by_code.get(codes[location_id], 0) + units
    receipt: dict[str, Any] = {**decision.receipt, "reservation": str(own[0].reservation_id), "reserved": by_code}
    return replace(decision, assignments=assignments, receipt=receipt)
