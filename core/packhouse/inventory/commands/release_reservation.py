"""Giving a reservation up before its deadline: the buyer left, or emptied the basket."""

from uuid import UUID

from packhouse.inventory.commands.end_reservations import lock_active, release_units
from packhouse.inventory.models import Reservation
from packhouse.inventory.reservations import ended
from packhouse.inventory.states import ReservationStatus
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork


async def release_reservation(uow: UnitOfWork, reservation_id: UUID) -> Reservation:
    """Free what a reservation holds. One that holds nothing any more is left as it is; one that was ordered is refused.

    Raises:
        Refused: NOT_FOUND, RESERVATION_ENDED (an order has consumed it: cancel the order).
    """
    if await lock_active(uow, [reservation_id]):
        await release_units(uow, [reservation_id], ReservationStatus.RELEASED)
    reservation = await Reservation.get_or_none(id=reservation_id)
    if reservation is None:
        raise Refused("NOT_FOUND", f"there is no reservation {reservation_id}", "reservationId")
    if reservation.status == ReservationStatus.CONSUMED:
        raise ended(reservation_id, reservation.status, "reservationId")
    return reservation
