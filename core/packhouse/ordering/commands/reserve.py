"""Reserving stock for a checkout: held until a deadline, so that whoever is paying is not too late."""

from dataclasses import dataclass
from datetime import timedelta

from packhouse.inventory.commands.extend_reservation import DEFAULT_SECONDS, check_seconds
from packhouse.inventory.commands.move import Movement, claim_stock
from packhouse.inventory.models import Reservation
from packhouse.inventory.states import MovementKind, ReservationStatus
from packhouse.ordering.bundles import parts_of, taken_apart
from packhouse.ordering.commands.allocate import WorkLine, demand_of, refuse_shortage
from packhouse.ordering.commands.supply import end_used_reservations, find_supply
from packhouse.ordering.pricing import MAX_LINES, MAX_QUANTITY
from packhouse.ordering.records import known_variants
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReserveLine:
    """Units of a SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ReserveStock:
    """A basket to reserve for so many seconds."""

    lines: tuple[ReserveLine, ...]
    seconds: int = DEFAULT_SECONDS


async def reserve(uow: UnitOfWork, data: ReserveStock) -> Reservation:
    """Reserve all of a basket where placing it would take it from, or nothing.

    Raises:
        InvalidValue: no lines, too many, a quantity that is none, or seconds that cannot be.
        Refused: UNKNOWN_SKU, NOTHING_TO_RESERVE (nothing of it is kept in stock), INSUFFICIENT_STOCK.
        Conflict: somebody else was faster; the unit of work is run again.
    """
    _check(data)
    lines = await _work_lines(uow, data)
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


def _check(data: ReserveStock) -> None:
    check_seconds(data.seconds)
    if not 1 <= len(data.lines) <= MAX_LINES:
        raise InvalidValue("lines", f"a basket has 1 to {MAX_LINES} lines")
    for index, line in enumerate(data.lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a quantity from 1 to {MAX_QUANTITY}")


async def _work_lines(uow: UnitOfWork, data: ReserveStock) -> list[WorkLine]:
    variants = await known_variants(uow, [line.sku for line in data.lines])
    lines = []
    for index, line in enumerate(data.lines):
        variant = variants.get(line.sku)
        if variant is None:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {line.sku}", f"lines.{index}.sku")
        if variant.requires_shipping:
            lines.append(WorkLine(new_id(), variant.id, variant.sku, line.quantity, index))
    if not lines:
        raise Refused("NOTHING_TO_RESERVE", "nothing of this basket is kept in stock: order it without", "lines")
    return taken_apart(lines, await parts_of(uow, list(variants.values())))


async def _write(uow: UnitOfWork, data: ReserveStock) -> Reservation:
    created_at = now()
    return await Reservation.create(
        status=ReservationStatus.ACTIVE.value,
        expires_at=created_at + timedelta(seconds=data.seconds),
        created_by=uow.initiator.actor,
        created_at=created_at,
    )
