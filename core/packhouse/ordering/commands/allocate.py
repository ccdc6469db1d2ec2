"""Giving out an order's work: route its units, write the fulfillment orders, claim the stock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.fulfillment.commands.requested import record_requested
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus
from packhouse.inventory.commands.move import Movement, claim_stock
from packhouse.inventory.reservations import held_units
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.ordering.commands.hold import place_holds
from packhouse.ordering.commands.let_wait import let_wait
from packhouse.ordering.commands.supply import ANYWHERE, Heading, Supply, end_used_reservations, find_supply
from packhouse.ordering.work import Part, Work, WorkLine
from packhouse.orders.states import HoldReason
from packhouse.routing.questions import question_as_json
from packhouse.routing.rules import Route
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import UnitOfWork


class Shortage(Refused):
    """Not everything that was asked for can be sent: it is not in stock, or not where the rules let it be sent from."""

    def __init__(self, sku: str, missing: int, wanted: int, field: str) -> None:
        super().__init__(
            "INSUFFICIENT_STOCK", f"only {wanted - missing} of {wanted} units of {sku} are in stock", field
        )
        self.sku = sku


class SplitRefused(Shortage):
    """All of it is in stock, but at more locations than the routing rules let one order be sent from."""

    def __init__(self, rules: str, field: str) -> None:
        Refused.__init__(
            self,
            "SPLIT_NOT_ALLOWED",
            f"it would take more parcels than the routing rules {rules} allow: change them, or order less at once",
            field,
        )
        self.sku = ""


async def allocate(
    uow: UnitOfWork,
    order_id: UUID,
    lines: Sequence[WorkLine],
    heading: Heading = ANYWHERE,
    excluded: frozenset[UUID] = frozenset(),
    *,
    reason: str,
    reservation_id: UUID | None = None,
) -> Supply | None:
    """Give out all units of `lines` to locations that have them, by the rules for `heading`; `excluded` locations are not asked (they failed before).

    Returns what was decided, None where there was nothing to give out. What nobody has waits where the terms let it. The caller has counted all units as allocated: what waits is counted as
    backordered here. `reason` is why, for the ledger. The order is held where a rule that may not be passed over could not
    judge. What `reservation_id` holds is used first, and the reservation is consumed.

    Raises:
        Shortage: not everything is in stock or may wait; nothing was written.
        Refused: NOT_FOUND, RESERVATION_ENDED.
        Conflict: somebody else was faster; the unit of work is run again.
    """
    own = await held_units(uow, reservation_id, "reservationId") if reservation_id else []
    if not lines and not own:
        return None
    demand = demand_of(lines)
    supply = await find_supply(uow, demand, excluded, own, heading, may_wait=True)
    refuse_shortage(supply.decision, demand, lines)

    works = _works(supply, lines)
    await _insert_work(uow, order_id, works, supply.networks)
    await _insert_decision(uow, order_id, supply.decision)
    if supply.decision.doubts:
        await place_holds(uow, order_id, [(HoldReason.REVIEW, each) for each in supply.decision.doubts])
    claims = await _insert_claims(uow, works)
    waiting = [work for work in works if work.status is not FulfillmentOrderStatus.OPEN]
    if waiting:
        await let_wait(uow, order_id, waiting, supply.terms)
    await end_used_reservations(uow, supply, reservation_id, order_id)
    await _move(uow, order_id, works, claims, reason, supply)
    for work in works:
        if work.status is FulfillmentOrderStatus.OPEN:
            record_requested(
                uow,
                order_id,
                work.id,
                work.location_id,
                supply.networks[work.location_id],
                sum(part.quantity for part in work.parts),
            )
    return supply


def demand_of(lines: Sequence[WorkLine]) -> dict[UUID, int]:
    """Units by variant, summed over the lines."""
    demand: dict[UUID, int] = defaultdict(int)
    for line in lines:
        demand[line.variant_id] += line.quantity
    return demand


def refuse_shortage(decision: Route, demand: Mapping[UUID, int], lines: Sequence[WorkLine]) -> None:
    """Let pass only what was routed whole.

    Raises:
        Shortage: of the first line that is not.
    """
    if decision.is_split_refused:
        raise SplitRefused(decision.receipt["rules"], "lines")
    for line in lines:
        missing = decision.missing.get(line.variant_id)
        if missing:
            raise Shortage(line.sku, missing, demand[line.variant_id], f"lines.{line.position}.quantity")


def _works(supply: Supply, lines: Sequence[WorkLine]) -> list[Work]:
    """The units of each line at each location: lines of one variant share what its locations send, and what waits there."""
    sent = {location: dict(units) for location, units in supply.decision.assignments.items()}
    waits = dict(supply.waits)
    places = list(dict.fromkeys([*sent, *(location for _, location in waits)]))
    works: dict[tuple[object, ...], Work] = {}
    for line in lines:
        wanted = line.quantity
        for location in places:
            terms = supply.terms.get((line.variant_id, location))
            day = terms.available_from if terms else None
            got = min(wanted, sent.get(location, {}).get(line.variant_id, 0))
            if got:
                _work(works, supply, location, day).add(line, got)
                sent[location][line.variant_id] -= got
                wanted -= got
            late = min(wanted, waits.get((line.variant_id, location), 0))
            if late:
                _work(works, supply, location, day, waits=True).add(line, late, waits=late)
                waits[line.variant_id, location] -= late
                wanted -= late
    return sorted(works.values(), key=lambda work: places.index(work.location_id))


def _work(
    works: dict[tuple[object, ...], Work], supply: Supply, location: UUID, day: datetime | None, *, waits: bool = False
) -> Work:
    """The work that units belong to: what waits is sent later, a pre-order on its day, and all at once where it has to be."""
    if supply.together:
        work = works.setdefault((location,), Work(location))
        work.fulfill_at = max(filter(None, (work.fulfill_at, day)), default=None)
        return work
    return works.setdefault((location, day, waits and day is None), Work(location, day))


async def _insert_work(uow: UnitOfWork, order_id: UUID, works: Sequence[Work], networks: Mapping[UUID, str]) -> None:
    at = now()
    empty: dict[str, Any] = dict.fromkeys(
        ("submitted_at", "accepted_at", "started_at", "packed_at", "closed_at", "next_poll_at")
    )
    await uow.insert(
        "fulfillment_order",
        [
            {
                "id": work.id,
                "order_id": order_id,
                "location_id": work.location_id,
                "status": work.status.value,
                "request_status": RequestStatus.UNSUBMITTED.value,
                "network": networks[work.location_id],
                "external_id": "",
                "withdrawn_for": "",
                "reason": "",
                "fulfill_at": work.fulfill_at,
                "created_at": at,
                **empty,
            }
            for work in works
        ],
    )
    await uow.insert(
        "fulfillment_order_line",
        [
            {
                "id": part.id,
                "fulfillment_order_id": work.id,
                "order_line_id": part.line.order_line_id,
                "variant_id": part.line.variant_id,
                "sku": part.line.sku,
                "quantity": part.quantity,
                "picked": 0,
                "packed": 0,
                "shipped": 0,
                "cancelled": 0,
            }
            for work in works
            for part in work.parts
        ],
    )


async def _insert_decision(uow: UnitOfWork, order_id: UUID, decision: Route) -> None:
    row = {
        "id": new_id(),
        "order_id": order_id,
        "rule_version": decision.receipt["rules"],
        "receipt": dict(decision.receipt),
        "question": question_as_json(decision.question) if decision.question else {},
        "decided_at": now(),
    }
    await uow.insert("routing_decision", [row])


async def _insert_claims(uow: UnitOfWork, works: Sequence[Work]) -> list[tuple[Work, Part, int]]:
    """Claims on what is there; gives the units of each part."""
    at = now()
    claims = [
        (work, part, part.quantity - part.waits) for work in works for part in work.parts if part.quantity > part.waits
    ]
    await uow.insert(
        "allocation",
        [
            {
                "id": new_id(),
                "variant_id": part.line.variant_id,
                "location_id": work.location_id,
                "order_line_id": part.line.order_line_id,
                "fulfillment_order_line_id": part.id,
                "status": AllocationStatus.ALLOCATED.value,
                "quantity": units,
                "created_at": at,
            }
            for work, part, units in claims
        ],
    )
    return claims


async def _move(
    uow: UnitOfWork,
    order_id: UUID,
    works: Sequence[Work],
    claims: Sequence[tuple[Work, Part, int]],
    reason: str,
    supply: Supply,
) -> None:
    """Move the balances: the last step, because stock rows are what others wait for."""
    held = dict(supply.reserved)
    movements = []
    for work, part, units in claims:
        key = (part.line.variant_id, work.location_id)
        from_held = min(units, held.get(key, 0))
        if from_held:
            held[key] -= from_held
        movements.append(
            Movement(
                *key,
                MovementKind.ALLOCATE,
                reason,
                allocated=units,
                reserved=-from_held,
                order_id=order_id,
                reference=str(work.id),
            )
        )
    waits = [
        Movement(
            part.line.variant_id,
            work.location_id,
            MovementKind.BACKORDER,
            reason,
            backordered=part.waits,
            order_id=order_id,
            reference=str(work.id),
        )
        for work in works
        for part in work.parts
        if part.waits
    ]
    await claim_stock(uow, [*movements, *waits, *supply.freed])
