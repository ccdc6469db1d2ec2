"""Reserving stock for a checkout: held until a deadline, so that whoever is paying is not too late."""

from dataclasses import dataclass
from datetime import timedelta

from packhouse.inventory.commands.extend_reservation import DEFAULT_SECONDS, check_seconds
from packhouse.inventory.commands.move import Movement, claim_stock
from packhouse.inventory.models import Reservation
from packhouse.inventory.states import MovementKind, ReservationStatus
from packhouse.ordering.basket import BasketLine, work_of_basket
from packhouse.ordering.commands.allocate import demand_of, refuse_shortage
from packhouse.ordering.commands.supply import end_used_reservations, find_supply
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReserveStock:
    """A basket to reserve for so many seconds."""

    lines: tuple[BasketLine, ...]
    seconds: int = DEFAULT_SECONDS


async def reserve(uow: UnitOfWork, data: ReserveStock) -> Reservation:
    """Reserve all of a basket where placing it would take it from, or nothing.

    Raises:
        InvalidValue: no lines, too many, a quantity that is none, or seconds that cannot be.
        Refused: UNKNOWN_SKU, NOTHING_TO_RESERVE (nothing of it is kept in stock), INSUFFICIENT_STOCK.
        Conflict: somebody else was faster; the unit of work is run again.
    """
    check_seconds(data.seconds)
    lines = await work_of_basket(uow, data.lines)
    if not lines:
        raise Refused("NOTHING_TO_RESERVE", "nothing of this basket is kept in stock: order it without", "lines")
    demand = demand_of(lines)
    supply = await find_supply(uow, demand)
    refuse_shortage(supply.decision, demand, lines)
    reservation = await _write(uow, data)
    units = [
        (variant_id, location_id, quantity)
        for location_id, taken in supply.decision.assignments.items()
        for variant_id, quantity in taken.items()
    ]
    await uow.insert(
        "reservation_line",
        [
            {
                "id": new_id(),
                "reservation_id": reservation.id,
                "variant_id": variant_id,
                "location_id": location_id,
                "quantity": quantity,
            }
            for variant_id, location_id, quantity in units
        ],
    )
    await end_used_reservations(uow, supply, None, None)
    movements = [
        Movement(
            variant_id,
            location_id,
            MovementKind.RESERVE,
            "reserved for a checkout",
            reserved=quantity,
            reference=str(reservation.id),
        )
        for variant_id, location_id, quantity in units
    ]
    await claim_stock(uow, [*movements, *supply.freed])
    return reservation


async def _write(uow: UnitOfWork, data: ReserveStock) -> Reservation:
    created_at = now()
    return await Reservation.create(
        status=ReservationStatus.ACTIVE.value,
        expires_at=created_at + timedelta(seconds=data.seconds),
        created_by=uow.initiator.actor,
        created_at=created_at,
    )
