"""Of which lot units are that came back: the one that somebody read, or the only one that the order was sent."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.move import open_balance
from packhouse.inventory.commands.open_lot import known_lot
from packhouse.inventory.commands.put_away import put_away
from packhouse.inventory.models import HoldingEntry, Lot, LotTracking, StockLevel
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Returned:
    """Units of a variant that an order brings back to a location; `lot` is the code that was read, empty where none was."""

    order_id: UUID
    variant_id: UUID
    location_id: UUID
    quantity: int
    is_restocked: bool
    lot: str = ""


async def place_returned(uow: UnitOfWork, units: Returned) -> tuple[Placed, ...]:
    """Where the units go, with their lot where it is known; of a lot that may not be sold they are in quarantine.

    Raises:
        Refused: UNKNOWN_LOT, LOT_REQUIRED (they are to be sold again, and the order was sent several lots, or none is known).
    """
    lot = await _lot(units)
    if lot is None:
        return ()
    await open_balance(uow, units.variant_id, units.location_id)
    level = await StockLevel.get(variant_id=units.variant_id, location_id=units.location_id)
    [placed] = await put_away(level, units.quantity, None, lot, "units")
    if units.is_restocked:
        return (placed,)
    return (Placed(placed.bin, placed.lot, units.quantity, quarantined=units.quantity),)


async def _lot(units: Returned) -> Lot | None:
    if not units.lot and not await LotTracking.exists(variant_id=units.variant_id):
        return None
    variant = await Variant.get(id=units.variant_id)
    if units.lot:
        return await known_lot(variant, units.lot, "units")
    sent = await HoldingEntry.filter(
        movement__order_id=units.order_id, movement__kind=MovementKind.SHIP.value, variant_id=units.variant_id
    )
    lots = {row.lot for row in sent}
    if len(lots) == 1 and "" not in lots:
        return await known_lot(variant, lots.pop(), "units")
    if units.is_restocked:
        raise Refused(
            "LOT_REQUIRED",
            f"{variant.sku} is tracked by lot, and the order was sent {', '.join(sorted(lots)) or 'none that is known'}: read"
            " the lot, or put the units in quarantine",
            "units",
        )
    return None
