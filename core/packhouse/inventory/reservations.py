"""Reading reservations for whoever wants their units: the buyer who holds them, or others after the deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.inventory.states import ReservationStatus
from packhouse.sdk import Refused
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

_HELD = """
SELECT reservation.status, reservation_line.variant_id, reservation_line.location_id, reservation_line.quantity,
       location.code, location.network, location.calendar IS NOT NULL AS has_calendar
FROM reservation JOIN reservation_line ON reservation_line.reservation_id = reservation.id
JOIN location ON location.id = reservation_line.location_id
WHERE reservation.id = $1 ORDER BY reservation_line.variant_id, location.priority, location.code
"""
_EXPIRED = """
SELECT reservation_line.reservation_id, reservation_line.variant_id, reservation_line.location_id,
       reservation_line.quantity
FROM reservation JOIN reservation_line ON reservation_line.reservation_id = reservation.id
WHERE reservation.status = 'active' AND reservation.expires_at <= $1 AND reservation.id IN (
  SELECT reservation_id FROM reservation_line WHERE variant_id IN ({variants}))
ORDER BY reservation.expires_at, reservation.id
"""


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Units that a reservation holds at a location."""

    reservation_id: UUID
    variant_id: UUID
    location_id: UUID
    quantity: int
    code: str = ""
    network: str = ""
    has_calendar: bool = False


async def held_units(uow: UnitOfWork, reservation_id: UUID, field: str) -> list[HeldUnits]:
    """What an active reservation holds; also after its deadline, as long as nobody has taken it back.

    Raises:
        Refused: NOT_FOUND, RESERVATION_ENDED.
    """
    rows = await uow.fetch(_HELD, reservation_id)
    if not rows:
        raise Refused("NOT_FOUND", f"there is no reservation {reservation_id}", field)
    if rows[0]["status"] != ReservationStatus.ACTIVE:
        raise ended(reservation_id, rows[0]["status"], field)
    return [
        HeldUnits(
            reservation_id,
            read_id(row["variant_id"]),
            read_id(row["location_id"]),
            row["quantity"],
            row["code"],
            row["network"],
            bool(row["has_calendar"]),
        )
        for row in rows
    ]


async def expired_units(
    reader: Reader, missing: Mapping[UUID, int], at: datetime, *, but: UUID | None
) -> list[HeldUnits]:
    """What reservations past their deadline hold, the oldest deadlines first, until `missing` units of each variant are covered.

    A reservation is taken back whole, so units of other variants may be among them.
    """
    rows = await reader.fetch(_EXPIRED.format(variants=placeholders(len(missing), 2)), at, *missing)
    left = dict(missing)
    chosen: list[HeldUnits] = []
    for same in _by_reservation(rows):
        if not any(units > 0 for units in left.values()):
            break
        if same[0].reservation_id == but or not any(left.get(held.variant_id, 0) > 0 for held in same):
            continue
        chosen += same
        for held in same:
            if held.variant_id in left:
                left[held.variant_id] -= held.quantity
    return chosen


def _by_reservation(rows: Sequence[Mapping[str, Any]]) -> list[list[HeldUnits]]:
    found: dict[UUID, list[HeldUnits]] = {}
    for row in rows:
        reservation_id = read_id(row["reservation_id"])
        held = HeldUnits(reservation_id, read_id(row["variant_id"]), read_id(row["location_id"]), row["quantity"])
        found.setdefault(reservation_id, []).append(held)
    return list(found.values())


def ended(reservation_id: UUID, status: str, field: str) -> Refused:
    """The refusal of a reservation that holds nothing any more."""
    return Refused(
        "RESERVATION_ENDED",
        f"reservation {reservation_id} is {status}: it holds nothing any more; reserve again, or order without it",
        field,
    )
