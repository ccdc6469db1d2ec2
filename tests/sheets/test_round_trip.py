"""What is exported is imported without changing anything, in both formats and whatever text there is."""

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sheets.given import ODD, exported, make_odd_shop, read_csv, taken

from packhouse.catalog.models import PriceList, Variant
from packhouse.inventory.models import StockMovement
from packhouse.sheets.components import parse_components, write_components
from packhouse.sheets.escaping import defuse, restore
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.tables import Format, read_rows
from packhouse.sheets.writing import WrittenFile
from packhouse.storage import Database, UnitOfWork
from packhouse.testing.factories import BY

ROWS = {SheetKind.CATALOG: 6, SheetKind.PRICES: 3, SheetKind.STOCK: 2}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_nothing_changes(database: Database, tmp_path: Path, suffix: str) -> None:
    await make_odd_shop(database)
    movements = await StockMovement.all().count()
    for kind, rows in ROWS.items():
        path = tmp_path / f"{kind.value}.{suffix}"
        assert await exported(database, kind, path) == rows
        for is_dry in (True, False):
            result = await taken(database, kind, path, is_dry=is_dry)
            assert (result.counts, result.reasons) == ((0, rows, 0), {})
    assert await StockMovement.all().count() == movements


async def test_an_empty_house_becomes_the_same(database: Database, tmp_path: Path) -> None:
    """The sheets of one database make the same catalogue and prices where there is nothing yet."""
    await make_odd_shop(database)
    catalog, prices = tmp_path / "catalog.xlsx", tmp_path / "prices.csv"
    await exported(database, SheetKind.CATALOG, catalog)
    await exported(database, SheetKind.PRICES, prices)
    before = (read_csv(prices), await Variant.all().order_by("sku").values_list("sku", "title", "is_bundle"))
    await database.write(BY, _forget_all)
    dry = await taken(database, SheetKind.CATALOG, catalog, is_dry=True)
    assert (dry.counts, dry.reasons, await Variant.all().count()) == ((6, 0, 0), {}, 0)
    assert (await taken(database, SheetKind.CATALOG, catalog)).counts == (6, 0, 0)
    assert (await taken(database, SheetKind.PRICES, prices)).counts == (3, 0, 0)
    again = tmp_path / "again.csv"
    await exported(database, SheetKind.PRICES, again)
    variants = await Variant.all().order_by("sku").values_list("sku", "title", "is_bundle")
    key = lambda row: (row["sku"], row["price_list"])  # noqa: E731  (sorted by two columns)
    assert (sorted(read_csv(again), key=key), variants) == (sorted(before[0], key=key), before[1])
    assert (await taken(database, SheetKind.CATALOG, catalog)).counts == (0, 6, 0)


async def _forget_all(uow: UnitOfWork) -> None:
    for table in ("stock_movement", "stock_level", "price", "price_list", "bundle_component", "variant"):
        await uow.execute(f"DELETE FROM {table}")


async def test_no_cell_is_a_formula(database: Database, tmp_path: Path) -> None:
    await make_odd_shop(database)
    await exported(database, SheetKind.CATALOG, tmp_path / "catalog.csv")
    await exported(database, SheetKind.CATALOG, tmp_path / "catalog.xlsx")
    titles = {row["sku"]: row["title"] for row in read_csv(tmp_path / "catalog.csv")}
    assert titles[f"'{ODD}"] == "'@SUM(A1)\n'-quoted\r"
    assert titles["INNER"] == "''=not a formula"
    assert (tmp_path / "catalog.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    sheet = openpyxl.load_workbook(tmp_path / "catalog.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "b"}
    assert {cell.number_format for cell in cells if cell.data_type == "s"} == {"@"}


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20))
def test_defused_text_can_be_restored(text: str) -> None:
    assert restore(defuse(text)) == text
    assert not defuse(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.integers(1, 9999), max_size=4))
def test_components_can_be_read_back(units: dict[str, int]) -> None:
    assert parse_components(write_components(units)) == units


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(
        st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_any_text_survives_both_formats(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / f"texts.{suffix}"
    with WrittenFile(path) as writer:
        writer.write([[str(index) for index in range(len(texts))], texts])
        writer.finish()
    _, row = read_rows(path, Format())
    assert [restore(str(cell)) for cell in row.cells] == texts


async def test_a_period_and_a_group_are_kept(database: Database, tmp_path: Path) -> None:
    await make_odd_shop(database)
    await exported(database, SheetKind.PRICES, tmp_path / "prices.csv")
    (row,) = (row for row in read_csv(tmp_path / "prices.csv") if row["price_list"] == "'=winter")
    assert (row["channel"], row["currency"], row["min_quantity"], row["price"]) == ("web", "EUR", "10", "0.00")
    assert (row["customer_group"], row["valid_from"]) == ("trade", "2030-11-01T08:30:00.000125+00:00")
    assert (await PriceList.get(code="=winter")).valid_to is None
