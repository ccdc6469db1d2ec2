"""Giving out an order's work: route its units, write the fulfillment orders, claim the stock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus
from packhouse.inventory.commands.move import Movement, claim_stock
from packhouse.inventory.reservations import held_units
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.ordering.commands.hold import place_holds
from packhouse.ordering.commands.supply import ANYWHERE, Heading, Supply, end_used_reservations, find_supply
from packhouse.orders.states import HoldReason
from packhouse.routing.questions import question_as_json
from packhouse.routing.rules import Route
from packhouse.sdk import EventType, Refused, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Units of an order line that somebody has to send; `position` is the line's place in what was asked for."""

    order_line_id: UUID
    variant_id: UUID
    sku: str
    quantity: int
    position: int = 0


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
) -> None:
    """Give out all units of `lines` to locations that have them, by the rules for `heading`; `excluded` locations are not asked (they failed before).

    `reason` is why, for the ledger. The order is held where a rule that may not be passed over could not judge. What `reservation_id` holds is used first, and the reservation is consumed.

    Raises:
        Shortage: not everything is in stock; nothing was written.
        Refused: NOT_FOUND, RESERVATION_ENDED.
        Conflict: somebody else was faster; the unit of work is run again.
    """
    own = await held_units(uow, reservation_id, "reservationId") if reservation_id else []
    if not lines and not own:
        return
    demand = demand_of(lines)
    supply = await find_supply(uow, demand, excluded, own, heading)
    decision, networks = supply.decision, supply.networks
    refuse_shortage(decision, demand, lines)

    parts = _parts(decision, lines)
    work = {location_id: new_id() for location_id in parts}
    await _insert_work(uow, order_id, parts, work, networks)
    await _insert_decision(uow, order_id, decision)
    if decision.doubts:
        await place_holds(uow, order_id, [(HoldReason.REVIEW, each) for each in decision.doubts])
    await end_used_reservations(uow, supply, reservation_id, order_id)
    await _claim(uow, order_id, parts, work, reason, supply)
    for location_id, fulfillment_order_id in work.items():
        record(
            uow,
            EventType.FULFILLMENT_REQUESTED,
            fulfillment_order_id,
            order_id=order_id,
            payload={
                "fulfillment_order_id": str(fulfillment_order_id),
                "location_id": str(location_id),
                "network": networks[location_id],
                "units": sum(part.quantity for part in parts[location_id]),
            },
        )


@dataclass(frozen=True, slots=True)
class _Part:
    id: UUID
    line: WorkLine
    quantity: int


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


def _parts(decision: Route, lines: Sequence[WorkLine]) -> dict[UUID, list[_Part]]:
    """The units of each line at each location: lines of one variant share what its locations send."""
    left = {location: dict(units) for location, units in decision.assignments.items()}
    parts: dict[UUID, list[_Part]] = {location: [] for location in left}
    for line in lines:
        wanted = line.quantity
        for location, units in left.items():
            got = min(wanted, units.get(line.variant_id, 0))
            if got:
                parts[location].append(_Part(new_id(), line, got))
                units[line.variant_id] -= got
                wanted -= got
    return parts


async def _insert_work(
    uow: UnitOfWork,
    order_id: UUID,
    parts: Mapping[UUID, Sequence[_Part]],
    work: Mapping[UUID, UUID],
    networks: Mapping[UUID, str],
) -> None:
    at = now()
    empty: dict[str, Any] = dict.fromkeys(
        ("fulfill_at", "submitted_at", "accepted_at", "started_at", "packed_at", "closed_at", "next_poll_at")
    )
    await uow.insert(
        "fulfillment_order",
        [
            {
                "id": work[location_id],
                "order_id": order_id,
                "location_id": location_id,
                "status": FulfillmentOrderStatus.OPEN.value,
                "request_status": RequestStatus.UNSUBMITTED.value,
                "network": networks[location_id],
                "external_id": "",
                "withdrawn_for": "",
                "reason": "",
                "created_at": at,
                **empty,
            }
            for location_id in parts
        ],
    )
    await uow.insert(
        "fulfillment_order_line",
        [
            {
                "id": part.id,
                "fulfillment_order_id": work[location_id],
                "order_line_id": part.line.order_line_id,
                "variant_id": part.line.variant_id,
                "sku": part.line.sku,
                "quantity": part.quantity,
                "picked": 0,
                "packed": 0,
                "shipped": 0,
                "cancelled": 0,
            }
            for location_id, same in parts.items()
            for part in same
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


async def _claim(
    uow: UnitOfWork,
    order_id: UUID,
    parts: Mapping[UUID, Sequence[_Part]],
    work: Mapping[UUID, UUID],
    reason: str,
    supply: Supply,
) -> None:
    at = now()
    flat = [(location_id, part) for location_id, same in parts.items() for part in same]
    await uow.insert(
        "allocation",
        [
            {
                "id": new_id(),
                "variant_id": part.line.variant_id,
                "location_id": location_id,
                "order_line_id": part.line.order_line_id,
                "fulfillment_order_line_id": part.id,
                "status": AllocationStatus.ALLOCATED.value,
                "quantity": part.quantity,
                "created_at": at,
            }
            for location_id, part in flat
        ],
    )
    held = dict(supply.reserved)
    movements = []
    for location_id, part in flat:
        key = (part.line.variant_id, location_id)
        from_held = min(part.quantity, held.get(key, 0))
        if from_held:
            held[key] -= from_held
        movements.append(
            Movement(
                *key,
                MovementKind.ALLOCATE,
                reason,
                allocated=part.quantity,
                reserved=-from_held,
                order_id=order_id,
                reference=str(work[location_id]),
            )
        )
    await claim_stock(uow, [*movements, *supply.freed])
