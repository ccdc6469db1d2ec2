"""A shop with everything that a spreadsheet gets wrong, and short ways to write and take in its sheets."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.commands.list_price import ListPrice, Period, list_price
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import Location
from packhouse.sdk import Money
from packhouse.sheets.exporting import export_sheet
from packhouse.sheets.importing import SheetImport, columns_of, import_sheet
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.seen import RowOutcome
from packhouse.sheets.writing import WrittenFile
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_shop

ODD = "=2+5; \\x ,\"'"


async def make_odd_shop(database: Database) -> Location:
    """MUG and PLATE of `make_shop`, an odd variant, a bundle of bundles, and a price list with a period."""
    location = await make_shop(database)
    for data in (
        CreateVariant(ODD, "@SUM(A1)\n'-quoted\r", barcode="00012345", hs_code="0691", country_of_origin="GB"),
        CreateVariant("INNER", "'=not a formula", weight_grams=1200, length_mm=10, requires_shipping=True),
        CreateVariant("OUTER", "_x0041_ \x0b Tröpfchen", url="https://shop.example/outer"),
        CreateVariant("0042", "#N/A", requires_shipping=False),
    ):
        await database.write(BY, lambda uow, data=data: create_variant(uow, data))  # type: ignore[misc]
    for bundle in (
        SetBundle("INNER", (BundlePart(ODD, 2), BundlePart("MUG", 1))),
        SetBundle("OUTER", (BundlePart("INNER", 3), BundlePart("PLATE", 1))),
    ):
        await database.write(BY, lambda uow, bundle=bundle: set_bundle(uow, bundle))  # type: ignore[misc]
    winter = Period(datetime(2030, 11, 1, 8, 30, 0, 125, tzinfo=UTC), None)
    listed = ListPrice(ODD, Money.of("0.00", "EUR"), "=winter", 10, "web", "trade", winter)
    await database.write(BY, lambda uow: list_price(uow, listed))
    shelf = AdjustStock("MUG", location.id, "set for a test", bin="-A1", safety_stock=2)
    await database.write(BY, lambda uow: adjust_stock(uow, shelf))
    return location


async def exported(database: Database, kind: SheetKind, path: Path) -> int:
    with WrittenFile(path) as writer:
        return await export_sheet(database, kind, writer)


class Taken:
    """What became of a file: outcomes, and reasons by line."""

    def __init__(self) -> None:
        self.reasons: dict[int, str] = {}
        self.outcomes: Counter[RowOutcome] = Counter()

    @property
    def counts(self) -> tuple[int, int, int]:
        """Changed, unchanged, rejected."""
        changed, unchanged, rejected = (self.outcomes[outcome] for outcome in RowOutcome)
        return changed, unchanged, rejected


async def taken(
    database: Database, kind: SheetKind, path: Path, *, mapping: Path | None = None, is_dry: bool = False
) -> Taken:
    result = Taken()
    data = SheetImport(kind, path, columns_of(kind, mapping), is_dry)
    result.outcomes = await import_sheet(
        database, BY, data, lambda source, reason: result.reasons.__setitem__(source.line, reason)
    )
    return result


def written(path: Path, *rows: str) -> Path:
    path.write_text("\r\n".join(rows) + "\r\n", encoding="utf-8")
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
