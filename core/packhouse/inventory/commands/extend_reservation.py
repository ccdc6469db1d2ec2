"""Giving a buyer more time."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.commands.end_reservations import lock_active
from packhouse.inventory.models import Reservation
from packhouse.inventory.reservations import ended
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork

DEFAULT_SECONDS = 900
MAX_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ExtendReservation:
    """A reservation that shall hold for so many seconds from now; a deadline that is later already stays."""

    reservation_id: UUID
    seconds: int = DEFAULT_SECONDS


async def extend_reservation(uow: UnitOfWork, data: ExtendReservation) -> Reservation:
    """Move the deadline of a reservation that still holds its units, also where the deadline has passed.

    Raises:
        InvalidValue: seconds that cannot be.
        Refused: NOT_FOUND, RESERVATION_ENDED.
    """
    check_seconds(data.seconds)
    is_active = bool(await lock_active(uow, [data.reservation_id]))
    reservation = await Reservation.get_or_none(id=data.reservation_id)
    if reservation is None:
        raise Refused("NOT_FOUND", f"there is no reservation {data.reservation_id}", "reservationId")
    if not is_active:
        raise ended(reservation.id, reservation.status, "reservationId")
    reservation.expires_at = max(reservation.expires_at, now() + timedelta(seconds=data.seconds))
    await reservation.save(update_fields=["expires_at"])
    payload = {"reservation_id": str(reservation.id), "expires_at": reservation.expires_at.isoformat()}
    record(uow, EventType.RESERVATION_EXTENDED, new_id(), payload=payload)
    return reservation


def check_seconds(seconds: int) -> None:
    """Whether a reservation may hold for so long.

    Raises:
        InvalidValue: it may not.
    """
    if not 1 <= seconds <= MAX_SECONDS:
        raise InvalidValue("seconds", f"a reservation holds for 1 to {MAX_SECONDS} seconds, not {seconds}")
