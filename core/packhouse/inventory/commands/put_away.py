"""Where units go that come, and where units are taken from that go, where somebody says bin or lot."""

from uuid import UUID

from packhouse.inventory.commands.set_bin import check_bin
from packhouse.inventory.holdings import shelves_of
from packhouse.inventory.models import Lot, LotTracking, StockLevel
from packhouse.inventory.shelves import Placed, Shelf, divide, is_good
from packhouse.inventory.states import BinKind
from packhouse.sdk import Refused, now
from packhouse.storage import UnitOfWork


async def put_away(
    level: StockLevel, units: int, bin_code: str | None, lot: Lot | None, field: str
) -> tuple[Placed, ...]:
    """Where units that come are put; nothing where the level is not divided, and stays so.

    In a bin for quarantine, or of a lot that may not be sold, they are in quarantine at once. `field` is where the bin was said.

    Raises:
        Refused: UNKNOWN_BIN.
    """
    kind = await check_bin(level.location_id, bin_code or "", field)
    if bin_code and not level.on_hand and not level.is_divided and kind is not BinKind.QUARANTINE:
        level.bin = bin_code
        await StockLevel.filter(id=level.id).update(bin=bin_code)
    is_home = bin_code in {None, "", level.bin}
    if lot is None and kind is not BinKind.QUARANTINE and not level.is_divided and is_home:
        return ()
    is_apart = kind is BinKind.QUARANTINE or (lot is not None and not await may_be_sold(lot))
    code = bin_code or level.bin
    return (Placed(code, lot.code if lot else "", on_hand=units, quarantined=units if is_apart else 0),)


async def may_be_sold(lot: Lot) -> bool:
    """Whether units of a lot may be sold today."""
    tracking = await LotTracking.get_or_none(variant_id=lot.variant_id)
    return is_good(lot.status, lot.expires_on, now().date(), tracking.minimum_days if tracking else 0)


async def shelves_named(uow: UnitOfWork, level: StockLevel, bin_code: str | None, lot: str) -> list[Shelf]:
    """The shelves of a locked level in a bin, of a lot, or both; of no lot where none is named but a bin is.

    A level that is not divided is one shelf.
    """
    if level.is_divided:
        shelves = (await shelves_of(uow, level.location_id, [level.variant_id])).get(level.variant_id, [])
    else:
        shelves = [Shelf(level.bin, "", level.on_hand, level.damaged, level.quarantined)]
    return [
        shelf
        for shelf in shelves
        if (bin_code is None or shelf.bin == bin_code) and (shelf.lot == lot or (not lot and bin_code is None))
    ]


async def take_from(
    uow: UnitOfWork, level: StockLevel, change: Placed, bin_code: str | None, lot: str, field: str
) -> tuple[Placed, ...]:
    """Where a change of a locked level happens that takes from, or changes the condition in, a bin or a lot.

    Nothing where neither is named.

    Raises:
        Refused: INSUFFICIENT_STOCK: fewer units are there, or the others are being picked.
    """
    if bin_code is None and not lot:
        return ()
    shelves = await shelves_named(uow, level, bin_code, lot)
    placed = divide(shelves, level.bin, change)
    if placed is None:
        where = " ".join([f"in bin {bin_code}" if bin_code else "", f"of lot {lot}" if lot else ""]).strip()
        there = sum(shelf.on_hand for shelf in shelves)
        picked = sum(shelf.claimed for shelf in shelves)
        raise Refused(
            "INSUFFICIENT_STOCK",
            f"{there} units are {where or 'in no bin'}, {picked} of them being picked: that does not allow the change",
            field,
        )
    return tuple(placed)


async def locked_level(variant_id: UUID, location_id: UUID, sku: str) -> StockLevel:
    """The balances of a variant at a location, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    level = await StockLevel.filter(variant_id=variant_id, location_id=location_id).select_for_update().first()
    if level is None:
        raise Refused("NOT_FOUND", f"there is no stock of {sku} at location {location_id}", "locationId")
    return level
