from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from packhouse.channels.commands.import_orders import ImportOutcome
from packhouse.channels.importing import ImportCount, import_stock
from packhouse.channels.rejects import Rejects
from packhouse.inventory.models import StockLevel, StockMovement
from packhouse.sdk import RejectedRow, SourceRow, StockRow
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_shop


class Given:
    """A stock list that is given as a list."""

    def __init__(self, *rows: StockRow | RejectedRow) -> None:
        self.rows = rows
        self.total = len(rows)

    def __iter__(self) -> Iterator[StockRow | RejectedRow]:
        return iter(self.rows)


def row(sku: str = "MUG", location: str = "london", **changes: object) -> StockRow:
    return StockRow(SourceRow("stock.csv", 2, (sku, location)), sku, location, **changes)  # type: ignore[arg-type]


async def imported(database: Database, rejects: Path, *rows: StockRow | RejectedRow) -> ImportCount:
    with Rejects(rejects) as put_aside:
        return await import_stock(database, BY, Given(*rows), put_aside)


async def on_hand(sku: str) -> int:
    return (await StockLevel.get(variant__sku=sku, location__code="london")).on_hand


async def test_a_count_sets_and_a_delivery_adds_once(database: Database, tmp_path: Path) -> None:
    await make_shop(database)
    rows = (
        row(counted=7, bin="B-9"),
        row("PLATE", quantity=5, reference="DN-1"),
        row("PLATE", quantity=5, reference="DN-2", reason="received"),
    )
    first = await imported(database, tmp_path / "rejects.csv", *rows)
    assert first.outcomes == Counter({ImportOutcome.IMPORTED: 3})
    assert (await on_hand("MUG"), await on_hand("PLATE")) == (7, 20)
    assert (await StockLevel.get(variant__sku="MUG")).bin == "B-9"
    assert await StockMovement.filter(reason="received (DN-2)", kind="adjust").count() == 1

    movements = await StockMovement.all().count()
    again = await imported(database, tmp_path / "rejects.csv", *rows)
    assert again.outcomes == Counter({ImportOutcome.KNOWN: 3})
    assert (await on_hand("PLATE"), await StockMovement.all().count()) == (20, movements)


async def test_bad_rows_are_put_aside_and_the_rest_comes_in(database: Database, tmp_path: Path) -> None:
    await make_shop(database)
    rejects = tmp_path / "rejects.csv"
    count = await imported(
        database,
        rejects,
        row("CUP", counted=1),
        row(location="paris", counted=1),
        row(quantity=-11, reference="DN-1"),
        RejectedRow(SourceRow("stock.csv", 6, ("a",)), "has 1 cells, the header has 3"),
        row(counted=3),
    )
    assert count.outcomes == Counter({ImportOutcome.REJECTED: 4, ImportOutcome.IMPORTED: 1})
    reasons = [line.split(",")[2] for line in rejects.read_text().splitlines()[1:]]
    assert reasons[0] == "there is no variant with SKU CUP: create it first"
    assert reasons[1] == "there is no location with code paris: create it first"
    assert "does not allow" in reasons[2]
    assert await on_hand("MUG") == 3
