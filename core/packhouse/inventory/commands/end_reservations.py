"""Ending reservations: consumed by an order, released by their buyer, or taken back after the deadline."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import Reservation, ReservationLine
from packhouse.inventory.reservations import HeldUnits
from packhouse.inventory.states import RESERVATION_STATUS, MovementKind, ReservationStatus
from packhouse.sdk import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

_REASONS = {
    ReservationStatus.RELEASED: "reservation released",
    ReservationStatus.EXPIRED: "reservation expired",
}
_SWEPT_AT_ONCE = 100


async def lock_active(uow: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Lock reservations in the order of their ids; those of them that are still active.

    Whoever needs several names them all here, and stock rows are locked later, so that nobody waits in a circle.
    """
    if not ids:
        return set()
    rows = await uow.fetch(
        f"SELECT id FROM reservation WHERE id IN ({placeholders(len(ids))}) AND status = 'active' ORDER BY id"
        f" {uow.for_update()}",
        *sorted(ids),
    )
    return {read_id(row["id"]) for row in rows}


async def end_reservations(
    uow: UnitOfWork, ends: Mapping[UUID, ReservationStatus], order_id: UUID | None = None
) -> None:
    """Write down how locked, active reservations ended; the caller moves the stock as its last step."""
    at = now()
    for id_, status in sorted(ends.items()):
        RESERVATION_STATUS.check(ReservationStatus.ACTIVE, status)
        await uow.execute(
            "UPDATE reservation SET status = $2, ended_at = $3, order_id = $4 WHERE id = $1",
            id_,
            status.value,
            at,
            order_id if status is ReservationStatus.CONSUMED else None,
        )


def given_back(held: HeldUnits, status: ReservationStatus, units: int | None = None) -> Movement:
    """The movement that frees what a reservation held."""
    return Movement(
        held.variant_id,
        held.location_id,
        MovementKind.UNRESERVE,
        _REASONS[status],
        reserved=-(held.quantity if units is None else units),
        reference=str(held.reservation_id),
    )


async def release_units(uow: UnitOfWork, ids: Sequence[UUID], status: ReservationStatus) -> None:
    """End locked, active reservations and free all that they held."""
    await end_reservations(uow, dict.fromkeys(ids, status))
    lines = await ReservationLine.filter(reservation_id__in=list(ids))
    held = [HeldUnits(line.reservation_id, line.variant_id, line.location_id, line.quantity) for line in lines]
    await apply_movements(uow, [given_back(each, status) for each in held])


async def take_back_expired(database: Database, by: Initiator) -> int:
    """Take back every reservation past its deadline, some at a time; returns how many. Nobody waits for this to sell.

    Whoever needs the units takes them back in its own transaction: this keeps the balances tidy meanwhile.
    """

    async def take_back_some(uow: UnitOfWork) -> int:
        due = await (
            Reservation.filter(status=ReservationStatus.ACTIVE.value, expires_at__lte=now())
            .order_by("expires_at", "id")
            .limit(_SWEPT_AT_ONCE)
        )
        ids = sorted(await lock_active(uow, [reservation.id for reservation in due]))
        await release_units(uow, ids, ReservationStatus.EXPIRED)
        return len(ids)

    taken = 0
    while some := await database.write(by, take_back_some):
        taken += some
    return taken
