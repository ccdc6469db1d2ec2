"""Moving units between sellable, damaged and in quarantine, or scrapping them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.commands.put_away import locked_level, shelves_named, take_from
from packhouse.inventory.models import StockLevel
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind, StockCondition
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

# Sellable units have no bucket of their own: they are what is on hand and in no other one.
_BUCKETS = {StockCondition.DAMAGED: "damaged", StockCondition.QUARANTINED: "quarantined"}


@dataclass(frozen=True, slots=True)
class ReclassifyStock:
    """Units of a variant at a location that are found in another condition, and why; `bin` and `lot` say which ones."""

    sku: str
    location_id: UUID
    quantity: int
    from_: StockCondition
    to: StockCondition
    reason: str
    bin: str | None = None
    lot: str = ""


async def reclassify_stock(uow: UnitOfWork, data: ReclassifyStock) -> StockLevel:
    """Move units from one condition to another; sellable ones only as far as nobody has claimed them.

    Raises:
        InvalidValue: no reason, one that is too long, a quantity below one, or a move that is none.
        Refused: UNKNOWN_SKU, NOT_FOUND (the variant has no stock there), INSUFFICIENT_STOCK, NOT_SELLABLE (of a lot that is
            recalled, in quarantine or expired, or in a bin for quarantine).
    """
    _check(data)
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    level = await locked_level(variant.id, data.location_id, data.sku)
    changes: dict[str, Any] = {}
    if data.from_ in _BUCKETS:
        changes[_BUCKETS[data.from_]] = -data.quantity
    if data.to in _BUCKETS:
        changes[_BUCKETS[data.to]] = data.quantity
    if data.to is StockCondition.SCRAPPED:
        changes["on_hand"] = -data.quantity
    placed = await take_from(uow, level, Placed("", "", **changes), data.bin, data.lot, "quantity")
    if data.to is StockCondition.SELLABLE:
        await _check_sellable(uow, level, placed)
    movement = Movement(
        variant.id,
        data.location_id,
        MovementKind.RECLASSIFY,
        data.reason.strip(),
        reference=str(new_id()),
        placed=placed,
        **changes,
    )
    await move_and_tell(uow, [movement])
    return await StockLevel.get(id=level.id)


async def _check_sellable(uow: UnitOfWork, level: StockLevel, placed: tuple[Placed, ...]) -> None:
    """Nothing that may not be sold becomes sellable; of a divided level somebody has to say what does."""
    if not level.is_divided:
        return
    shelves = {shelf.place: shelf for shelf in await shelves_named(uow, level, None, "")}
    if not placed and any(not shelf.may_be_kept for shelf in shelves.values()):
        raise Refused("LOT_REQUIRED", "some units there may not be sold: say which lot or bin is sellable", "lot")
    for each in placed:
        if not shelves[each.place].may_be_kept:
            raise Refused(
                "NOT_SELLABLE", f"lot {each.lot or '(none)'} in bin {each.bin or '(none)'} may not be sold", "lot"
            )


def _check(data: ReclassifyStock) -> None:
    if not data.reason.strip():
        raise InvalidValue("reason", "say why the stock changes")
    check_length(data.reason, 255, "reason")
    if data.quantity < 1:
        raise InvalidValue("quantity", f"{data.quantity} is not a number of units")
    if data.from_ is StockCondition.SCRAPPED:
        raise InvalidValue("from", "scrapped units are gone: adjust the stock where they were found again")
    if data.from_ is data.to:
        raise InvalidValue("to", f"the units are {data.to.value} already")
