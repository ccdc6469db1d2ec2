"""Setting units apart that may not be sold any more: of lots that are recalled, in quarantine, or too near to their expiry."""

from uuid import UUID

from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.holdings import shelves_of
from packhouse.inventory.models import StockLevel
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind
from packhouse.sdk import new_id
from packhouse.storage import UnitOfWork


async def set_apart(uow: UnitOfWork, variant_id: UUID, location_id: UUID, reason: str) -> int:
    """Put units that may not be sold in quarantine, as far as nobody has claimed them.

    Gives how many are claimed by orders and reservations that have not been given any units yet: those that are being picked
    are not among them.
    """
    level = await StockLevel.filter(variant_id=variant_id, location_id=location_id).select_for_update().first()
    if level is None or not level.is_divided:
        return 0
    shelves = [
        shelf
        for shelf in (await shelves_of(uow, location_id, [variant_id])).get(variant_id, [])
        if not shelf.may_be_kept and shelf.free > 0
    ]
    unclaimed = level.on_hand - level.allocated - level.reserved - level.damaged - level.quarantined
    placed = []
    for shelf in shelves:
        part = min(unclaimed, shelf.free)
        if part > 0:
            placed.append(Placed(shelf.bin, shelf.lot, quarantined=part))
            unclaimed -= part
    units = sum(each.quarantined for each in placed)
    if placed:
        movement = Movement(
            variant_id,
            location_id,
            MovementKind.QUARANTINE,
            reason[:255],
            quarantined=units,
            reference=str(new_id()),
            placed=tuple(placed),
        )
        await move_and_tell(uow, [movement])
    return sum(shelf.free for shelf in shelves) - units
