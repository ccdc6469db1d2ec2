"""Setting right what is on the shelf: goods received, counted, damaged or found again."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.inventory.commands.move import Movement, apply_movements, deltas, open_balance
from packhouse.inventory.commands.open_lot import known_lot, open_lot
from packhouse.inventory.commands.put_away import put_away, shelves_named, take_from
from packhouse.inventory.commands.set_bin import check_bin
from packhouse.inventory.models import Location, StockLevel
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import BinKind, MovementKind
from packhouse.sdk import EventType, InvalidValue, Refused, new_id
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

# Sums of two still fit into the columns.
MAX_UNITS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AdjustStock:
    """Change the units on hand by `quantity` (below nothing takes away) or, with `counted`, to the units counted.

    What is counted of a lot, or in a bin of a level that is divided, is what lies there; else all of the level.
    """

    sku: str
    location_id: UUID
    reason: str
    quantity: int = 0
    counted: int | None = None
    bin: str | None = None
    safety_stock: int | None = None
    lot: str = ""
    expires_on: date | None = None


async def adjust_stock(uow: UnitOfWork, data: AdjustStock) -> StockLevel:
    """Adjust the stock of a variant at a location with a typed, reasoned movement.

    Raises:
        InvalidValue: no reason, a text that is too long, or a count or safety stock that cannot be.
        Refused: UNKNOWN_SKU, IS_BUNDLE, NOT_FOUND (the location), INSUFFICIENT_STOCK (less would be there than is promised
            away), LOT_REQUIRED (units come of a variant that is tracked by lot), LOTS_NOT_TRACKED, UNKNOWN_LOT, UNKNOWN_BIN.
    """
    _check(data)
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    if variant.is_bundle:
        raise Refused("IS_BUNDLE", f"{data.sku} is a bundle: adjust the stock of its components", "sku")
    if not await Location.exists(id=data.location_id):
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    await open_balance(uow, variant.id, data.location_id)
    level = await StockLevel.filter(variant=variant, location_id=data.location_id).select_for_update().get()
    on_hand = level.on_hand
    delta = data.quantity if data.counted is None else data.counted - await _there(uow, level, data)
    kind = MovementKind.ADJUST if data.counted is None else MovementKind.COUNT
    if on_hand + delta > MAX_UNITS:
        raise InvalidValue("quantity", f"{on_hand + delta} units are more than any shelf holds")
    reference = str(new_id())
    placed = await _placed(uow, variant, level, data, delta)
    key = (variant.id, data.location_id)
    protected = level.safety_stock if data.safety_stock is None else data.safety_stock
    changes = [
        Movement(
            *key,
            kind,
            data.reason,
            on_hand=delta,
            quarantined=sum(each.quarantined for each in placed),
            reference=reference,
            placed=placed,
        ),
        Movement(
            *key,
            MovementKind.PROTECT,
            data.reason,
            safety_stock=protected - level.safety_stock,
            reference=reference,
        ),
    ]
    await apply_movements(uow, [change for change in changes if any(deltas(change))])
    record(
        uow,
        EventType.STOCK_ADJUSTED,
        reference,
        reason=data.reason,
        payload={"sku": data.sku, "location_id": str(data.location_id), "on_hand": on_hand + delta, "delta": delta},
    )
    return await StockLevel.get(id=level.id)


async def _there(uow: UnitOfWork, level: StockLevel, data: AdjustStock) -> int:
    """What is counted against: the units of the lot or in the bin that is named, or all."""
    if not data.lot and (data.bin is None or not level.is_divided):
        return level.on_hand
    return sum(shelf.on_hand for shelf in await shelves_named(uow, level, data.bin, data.lot))


async def _placed(
    uow: UnitOfWork, variant: Variant, level: StockLevel, data: AdjustStock, delta: int
) -> tuple[Placed, ...]:
    """Where the change happens. A bin alone says where all of a level lies that is not divided."""
    lot = None
    if delta > 0 or data.expires_on is not None:
        lot = await open_lot(variant, data.lot, data.expires_on, "lot")
    elif data.lot:
        lot = await known_lot(variant, data.lot, "lot")
    if data.bin is not None and lot is None and not level.is_divided:
        kind = await check_bin(level.location_id, data.bin, "bin")
        if kind is BinKind.QUARANTINE:
            raise Refused("QUARANTINE_BIN", f"bin {data.bin} is for quarantine: move the units there", "bin")
        await StockLevel.filter(id=level.id).update(bin=data.bin)
        return ()
    if delta > 0:
        return await put_away(level, delta, data.bin, lot, "bin")
    if delta < 0:
        bin_code = data.bin if level.is_divided else None
        return await take_from(uow, level, Placed("", "", delta), bin_code, data.lot, "quantity")
    return ()


def _check(data: AdjustStock) -> None:
    if not data.reason.strip():
        raise InvalidValue("reason", "say why the stock changes")
    check_length(data.reason, 255, "reason")
    check_length(data.bin or "", 32, "bin")
    for name, value in (("counted", data.counted), ("safetyStock", data.safety_stock)):
        if value is not None and not 0 <= value <= MAX_UNITS:
            raise InvalidValue(name, f"{value} is not a number of units from 0 to {MAX_UNITS}")
