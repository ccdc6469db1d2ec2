"""Stock as a sheet: by SKU and location."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.models import Location, StockLevel
from packhouse.sdk import Refused
from packhouse.sheets.cells import Record
from packhouse.sheets.sheet import PAGE, Item
from packhouse.sheets.writing import Value
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.dialect import read_id

COLUMNS = ("sku", "location", "bin", "expected", "counted", "safety_stock", "reason")
_LOCATIONS = f"SELECT id, code FROM location WHERE code > $1 ORDER BY code LIMIT {PAGE}"
_PAGE = f"""
SELECT stock_level.variant_id, variant.sku, stock_level.bin, stock_level.on_hand, stock_level.safety_stock
FROM stock_level JOIN variant ON variant.id = stock_level.variant_id
WHERE stock_level.location_id = $1 AND stock_level.variant_id > $2 ORDER BY stock_level.variant_id LIMIT {PAGE}
"""
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StockRow:
    """What a row says about a variant at a location; None says nothing. `counted` replaces `expected` units."""

    sku: str
    location: str
    bin: str | None
    expected: int | None
    counted: int | None
    safety_stock: int | None
    reason: str


class StockSheet:
    """Balances, whole levels: what lies in which of several bins, and of which lot, is not said here. `expected` is what was there when the sheet was written, so that what moved since is noticed."""

    columns = COLUMNS
    required = ("sku", "location")

    def __init__(self, file: str) -> None:
        self._reason = f"imported from {file}"[:255]

    async def pages(self, reader: Reader) -> AsyncIterator[list[tuple[Value, ...]]]:
        """All balances, location by location."""
        after = ""
        while locations := await reader.fetch(_LOCATIONS, after):
            for location in locations:
                variant = _BEFORE_ALL
                while rows := await reader.fetch(_PAGE, location["id"], variant):
                    yield [
                        (
                            row["sku"],
                            location["code"],
                            row["bin"],
                            row["on_hand"],
                            row["on_hand"],
                            row["safety_stock"],
                            "",
                        )
                        for row in rows
                    ]
                    variant = read_id(rows[-1]["variant_id"])
            after = locations[-1]["code"]

    def read(self, record: Record) -> Item:
        """What a row says."""
        says = StockRow(
            sku=record.required("sku"),
            location=record.required("location"),
            bin=record.text("bin") if "bin" in record else None,
            expected=record.whole("expected"),
            counted=record.whole("counted"),
            safety_stock=record.whole("safety_stock"),
            reason=record.text("reason").strip(),
        )
        return Item(record.line, f"{says.location}\x1f{says.sku}", says)

    async def changes(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that are different."""
        skus = Variant.filter(sku__in=list({item.says.sku for item in items})).values_list("id", "sku")
        codes = Location.filter(code__in=list({item.says.location for item in items})).values_list("id", "code")
        sku_of, code_of = dict(await skus), dict(await codes)
        rows = await StockLevel.filter(variant_id__in=list(sku_of), location_id__in=list(code_of))
        known = {f"{code_of[row.location_id]}\x1f{sku_of[row.variant_id]}": row for row in rows}
        return [item for item in items if _differs(item.says, known)]

    async def apply(self, uow: UnitOfWork, item: Item) -> None:
        """Adjust the stock with the row's reason, else with the file's name.

        Raises:
            InvalidValue: see `adjust_stock`.
            Refused: NOT_FOUND (the location), STOCK_MOVED (since the sheet was written), DIVIDED, and those of `adjust_stock`.
        """
        says: StockRow = item.says
        location = await Location.get_or_none(code=says.location)
        if location is None:
            raise Refused("NOT_FOUND", f"there is no location with code {says.location}: create it first", "location")
        variant = await Variant.get_or_none(sku=says.sku)
        levels = StockLevel.filter(variant_id=variant.id if variant else None, location_id=location.id)
        level = await levels.select_for_update().get_or_none()
        if level is not None and level.is_divided and says.bin not in {None, level.bin}:
            raise Refused("DIVIDED", f"{says.sku} lies in several bins there: move its units (moveStock)", "bin")
        await adjust_stock(
            uow,
            AdjustStock(
                sku=says.sku,
                location_id=location.id,
                reason=says.reason or self._reason,
                counted=None if says.counted is None else _count(says, level.on_hand if level else 0),
                # where the level is divided, a bin would say that only what lies there was counted
                bin=None if level is not None and level.is_divided else says.bin,
                safety_stock=says.safety_stock,
            ),
        )


def _count(says: StockRow, on_hand: int) -> int | None:
    """The count to book; None where the sheet's figure was left as it was written, or is true already.

    Raises:
        Refused: STOCK_MOVED.
    """
    if says.counted in {says.expected, on_hand}:
        return None
    if says.expected not in {None, on_hand}:
        raise Refused(
            "STOCK_MOVED",
            f"{says.counted} were counted where {says.expected} were expected, but there are {on_hand} now: it moved since"
            " the sheet was written; export it again, or make a stock count",
            "counted",
        )
    return says.counted


def _differs(says: StockRow, known: Mapping[str, StockLevel]) -> bool:
    level = known.get(f"{says.location}\x1f{says.sku}")
    if level is None:
        return bool(says.counted or says.safety_stock or says.bin)
    is_counted = says.counted not in {None, says.expected, level.on_hand}
    return is_counted or says.bin not in {None, level.bin} or says.safety_stock not in {None, level.safety_stock}
