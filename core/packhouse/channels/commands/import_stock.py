"""Importing a row of a stock list: what was counted, or what came under a reference, each once."""

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.models import Location, StockHolding, StockLevel, StockMovement
from packhouse.sdk import Refused, StockRow
from packhouse.storage import UnitOfWork

_MAX_REASON = 255
_MAX_BIN = 32


async def import_stock_row(uow: UnitOfWork, row: StockRow) -> bool:
    """Adjust the stock as the row says; returns whether anything changed (False: it was like that already).

    Raises:
        InvalidValue: a count below nothing.
        Refused: UNKNOWN_SKU, NOT_FOUND (the location), TOO_LONG, INSUFFICIENT_STOCK.
    """
    variant = await Variant.get_or_none(sku=row.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {row.sku}: create it first", "sku")
    location = await Location.get_or_none(code=row.location)
    if location is None:
        raise Refused("NOT_FOUND", f"there is no location with code {row.location}: create it first", "location")
    reason = _reason(row)
    if len(reason) > _MAX_REASON or len(row.bin or "") > _MAX_BIN:
        raise Refused("TOO_LONG", f"reason and reference together take {_MAX_REASON} characters, the bin {_MAX_BIN}")
    level = await StockLevel.get_or_none(variant_id=variant.id, location_id=location.id)
    if await _is_known(row, level, reason):
        return False
    data = AdjustStock(
        sku=row.sku,
        location_id=location.id,
        reason=reason,
        quantity=row.quantity or 0,
        counted=row.counted,
        bin=row.bin,
    )
    await adjust_stock(uow, data)
    return True


def _reason(row: StockRow) -> str:
    reason = row.reason or f"imported from {row.source.file}"
    return f"{reason} ({row.reference})" if row.reference else reason


async def _is_known(row: StockRow, level: StockLevel | None, reason: str) -> bool:
    """Whether the count is what the shelf has, or the delivery was booked under its reference before."""
    if level is None:
        return False
    if row.counted is not None and level.is_divided and row.bin is not None:
        holdings = StockHolding.filter(variant_id=level.variant_id, location_id=level.location_id, bin=row.bin)
        return sum([holding.on_hand for holding in await holdings]) == row.counted
    if row.counted is not None:
        return level.on_hand == row.counted and row.bin in {None, level.bin}
    return await StockMovement.exists(variant_id=level.variant_id, location_id=level.location_id, reason=reason)
