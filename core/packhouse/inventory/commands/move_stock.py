"""Moving units from one bin to another, or giving those that have none a lot."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.commands.open_lot import open_lot
from packhouse.inventory.commands.put_away import locked_level, may_be_sold, shelves_named
from packhouse.inventory.commands.set_bin import check_bin
from packhouse.inventory.models import Lot, StockLevel
from packhouse.inventory.shelves import Place, Placed, Shelf, first_expired, summed
from packhouse.inventory.states import BinKind, MovementKind
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class MoveStock:
    """Units of a variant that go from one bin to another; `lot` narrows which ones go."""

    sku: str
    location_id: UUID
    quantity: int
    from_bin: str
    to_bin: str
    reason: str
    lot: str = ""


@dataclass(frozen=True, slots=True)
class AssignLot:
    """Units in a bin that have no lot, and the one that they are of."""

    sku: str
    location_id: UUID
    quantity: int
    bin: str
    lot: str
    reason: str
    expires_on: date | None = None


async def move_stock(uow: UnitOfWork, data: MoveStock) -> StockLevel:
    """Move units to another bin, sellable ones first, each as what it is; in a bin for quarantine they are in quarantine.

    Raises:
        InvalidValue: no reason, a quantity below one, or a move that is none.
        Refused: UNKNOWN_SKU, NOT_FOUND (the variant has no stock there), UNKNOWN_BIN, INSUFFICIENT_STOCK (fewer are in the
            bin, or they are promised away and quarantine is where they shall go).
    """
    _check(data.reason, data.quantity)
    if data.from_bin == data.to_bin:
        raise InvalidValue("toBin", f"the units are in {data.to_bin} already")
    variant, level = await _level(data.sku, data.location_id)
    kind = await check_bin(data.location_id, data.to_bin, "toBin")
    shelves = [
        shelf
        for shelf in await shelves_named(uow, level, None, "")
        if shelf.bin == data.from_bin and (not data.lot or shelf.lot == data.lot)
    ]
    moved = _moved(shelves, data.quantity)
    if moved is None:
        free = sum(shelf.on_hand - shelf.claimed for shelf in shelves)
        raise Refused("INSUFFICIENT_STOCK", f"{free} units can be moved out of bin {data.from_bin}", "quantity")
    arrived = [_arrived(each, data.to_bin, kind) for each in moved]
    left = [Placed(each.bin, each.lot, -each.on_hand, -each.damaged, -each.quarantined) for each in moved]
    return await _move(uow, level, variant, data.reason, left + arrived)


async def assign_lot(uow: UnitOfWork, data: AssignLot) -> StockLevel:
    """Say of which lot units are that have none; where it may not be sold, they are in quarantine.

    Raises:
        InvalidValue: no reason, a quantity below one, or another expiry than the lot has.
        Refused: UNKNOWN_SKU, NOT_FOUND, LOT_REQUIRED, LOTS_NOT_TRACKED, INSUFFICIENT_STOCK.
    """
    _check(data.reason, data.quantity)
    variant, level = await _level(data.sku, data.location_id)
    lot = await open_lot(variant, data.lot, data.expires_on, "lot")
    if lot is None:
        raise Refused("LOT_REQUIRED", "say which lot the units are of", "lot")
    shelves = await shelves_named(uow, level, data.bin, "")
    moved = _moved(shelves, data.quantity)
    if moved is None:
        free = sum(shelf.on_hand - shelf.claimed for shelf in shelves)
        raise Refused("INSUFFICIENT_STOCK", f"{free} units in bin {data.bin} have no lot", "quantity")
    is_good = await may_be_sold(lot)
    named = [_of_lot(each, lot, is_good=is_good) for each in moved]
    left = [Placed(each.bin, each.lot, -each.on_hand, -each.damaged, -each.quarantined) for each in moved]
    return await _move(uow, level, variant, data.reason, left + named)


async def _level(sku: str, location_id: UUID) -> tuple[Variant, StockLevel]:
    variant = await Variant.get_or_none(sku=sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", "sku")
    return variant, await locked_level(variant.id, location_id, sku)


async def _move(uow: UnitOfWork, level: StockLevel, variant: Variant, reason: str, changes: list[Placed]) -> StockLevel:
    placed = tuple(summed(changes))
    quarantined = sum(each.quarantined for each in placed)
    reference = str(new_id())
    movement = Movement(
        variant.id,
        level.location_id,
        MovementKind.MOVE,
        reason.strip(),
        quarantined=quarantined,
        reference=reference,
        placed=placed,
    )
    await move_and_tell(uow, [movement])
    return await StockLevel.get(id=level.id)


def _moved(shelves: list[Shelf], units: int) -> list[Placed] | None:
    """What goes of each shelf: sellable units that nobody picks, then damaged ones, then those in quarantine."""
    chosen: dict[Place, list[int]] = {shelf.place: [0, 0, 0] for shelf in shelves}
    for index, condition in enumerate(("free", "damaged", "quarantined")):
        for shelf in first_expired(shelves):
            part = min(units, getattr(shelf, condition))
            chosen[shelf.place][index] += part
            units -= part
    if units:
        return None
    return [
        Placed(*place, free + damaged + quarantined, damaged, quarantined)
        for place, (free, damaged, quarantined) in chosen.items()
        if free + damaged + quarantined
    ]


def _arrived(each: Placed, to_bin: str, kind: BinKind) -> Placed:
    apart = each.on_hand - each.damaged if kind is BinKind.QUARANTINE else each.quarantined
    return Placed(to_bin, each.lot, each.on_hand, each.damaged, apart)


def _of_lot(each: Placed, lot: Lot, *, is_good: bool) -> Placed:
    apart = each.quarantined if is_good else each.on_hand - each.damaged
    return Placed(each.bin, lot.code, each.on_hand, each.damaged, apart)


def _check(reason: str, quantity: int) -> None:
    if not reason.strip():
        raise InvalidValue("reason", "say why the units move")
    check_length(reason, 255, "reason")
    if quantity < 1:
        raise InvalidValue("quantity", f"{quantity} is not a number of units")
