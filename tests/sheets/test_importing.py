"""Bad rows are named and change nothing; the others come in."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.sheets.given import taken, written

from packhouse.catalog.models import BundleComponent, Price, PriceList, Variant
from packhouse.inventory.commands.move_stock import MoveStock, move_stock
from packhouse.inventory.models import StockLevel, StockMovement
from packhouse.sdk import BadMapping, Unreadable
from packhouse.sheets.importing import columns_of
from packhouse.sheets.kinds import SheetKind
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_shop, make_variant
from packhouse.testing.proofs import contradictions

CATALOG, PRICES, STOCK = SheetKind.CATALOG, SheetKind.PRICES, SheetKind.STOCK


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)
    return path


async def test_a_catalogue_comes_in_with_bundles_above_their_components(database: Database, tmp_path: Path) -> None:
    await make_variant(database, "MUG")
    path = written(
        tmp_path / "catalog.csv",
        "sku,title,weight_grams,barcode,components",
        "SET,A set,,,1 x MUG; 2 x SAUCER",
        "MUG,A new title,310,BAR-MUG,",
        "SAUCER,A saucer,-1,,",
        "SAUCER,A saucer,100,0001,",
        "BAD,Bad set,,,1 x NOWHERE",
        "WORSE,Worse set,,,one MUG",
    )
    expected = {
        4: "weight_grams: '-1' is not a whole number from 0 to 2147483647",
        6: "there is no variant with SKU NOWHERE (the other columns were taken in)",
        7: "components: 'one MUG' is not written as 2 x CUP; 1 x SAUCER (the other columns were taken in)",
    }
    dry = await taken(database, CATALOG, path, is_dry=True)
    assert (dry.counts, dry.reasons) == ((3, 0, 3), expected)
    assert await Variant.all().values_list("sku", "title") == [("MUG", "Title of MUG")]
    result = await taken(database, CATALOG, path)
    assert (result.counts, result.reasons) == ((3, 0, 3), expected)
    mug, saucer = await Variant.get(sku="MUG"), await Variant.get(sku="SAUCER")
    assert (mug.title, mug.weight_grams, mug.barcode, saucer.barcode) == ("A new title", 310, "BAR-MUG", "0001")
    parts = BundleComponent.filter(bundle__sku="SET").order_by("component__sku")
    assert await parts.values_list("component__sku", "quantity") == [("MUG", 1), ("SAUCER", 2)]
    assert (await taken(database, CATALOG, path)).counts == (0, 3, 3)


async def test_what_a_spreadsheet_made_of_codes_is_refused(database: Database, tmp_path: Path) -> None:
    await make_variant(database, "00123")
    await Variant.filter(sku="00123").update(barcode="0400638")
    path = workbook(
        tmp_path / "catalog.xlsx",
        ["sku", "title", "barcode", None],
        [123, "Mug", "1", None],
        ["00123", "Mug", 400638],
        ["A", "Mug", 4006381333931],
        ["B", "Mug", "4.00638E+12"],
        ["C", "Mug", 40063813339310001],
        [datetime(2026, 3, 1), "Mug", ""],  # noqa: DTZ001  (as a spreadsheet has it)
        [" D", "Mug", ""],
        ["E", "", ""],
        ["F", "#REF!", ""],
        ["G", "Mug", "", "more"],
    )
    result = await taken(database, CATALOG, path)
    assert result.counts == (1, 0, 9)
    assert {line: reason.partition(":")[0] for line, reason in result.reasons.items()} == {
        2: "sku",
        3: "barcode",
        5: "barcode",
        6: "barcode",
        7: "sku",
        8: "sku",
        9: "title",
        10: "holds an error of the spreadsheet",
        11: "has 4 cells, the header has 3",
    }
    assert result.reasons[2] == "sku: 123 has lost zeros of 00123: format the column as text"
    assert await Variant.all().order_by("sku").values_list("sku", "barcode") == [
        ("00123", "0400638"),
        ("A", "4006381333931"),
    ]


async def test_prices_with_a_comma_are_refused_and_a_mapping_allows_them(database: Database, tmp_path: Path) -> None:
    await make_shop(database)
    path = written(
        tmp_path / "prices.csv",
        "Artikel;Preis;Bemerkung",
        "MUG;12,50;",
        "PLATE;1.299,00;",
        "CUP;1,00;",
        "MUG;1,00;again",
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        '[format]\ndelimiter = ";"\ndecimal = ","\nthousands = "."\n'
        '[prices]\ncolumns = { sku = "Artikel", price = "Preis" }\ndefaults = { currency = "GBP", channel = "web" }\n'
    )
    result = await taken(database, PRICES, path, mapping=mapping)
    assert (result.counts, result.reasons) == (
        (2, 0, 2),
        {4: "there is no variant with SKU CUP", 5: "line 2 is about the same: only that counts"},
    )
    prices = Price.filter(price_list__code="web-GBP").order_by("amount")
    assert await prices.values_list("variant__sku", "amount") == [("MUG", 1250), ("PLATE", 129900)]
    plain = written(
        tmp_path / "plain.csv", "sku,currency,price", 'MUG,GBP,"12,50"', "MUG,JPY,1.5", "MUG,euro,1", "MUG,GBP,-1"
    )
    refused = await taken(database, PRICES, plain)
    assert refused.reasons == {
        2: "price: '12,50' is not an amount: write it as 12.50, or give a mapping with decimal = \",\"",
        3: "price: 1.5 has more digits than JPY allows (0)",
        4: "currency: 'EURO' is not an ISO 4217 currency code such as GBP",
        5: "price: -1.00 GBP is below nothing",
    }
    assert await Price.all().count() == 4


async def test_rows_of_a_price_list_agree_about_it(database: Database, tmp_path: Path) -> None:
    await make_shop(database)
    path = workbook(
        tmp_path / "prices.xlsx",
        ["sku", "price_list", "currency", "min_quantity", "price", "valid_from", "valid_to"],
        ["MUG", "winter", "GBP", 1, 9.99, datetime(2030, 11, 1), "2031-02-01"],  # noqa: DTZ001  (a typed cell)
        ["MUG", "winter", "GBP", 10, 8.5, "2030-11-01", "2031-02-01"],
        ["PLATE", "winter", "GBP", 1, 5, "2030-11-01", None],
        ["PLATE", "", "GBP", 1, 5, "2030-11-01", None],
        ["PLATE", "summer", "GBP", 1, 5, "2030-11-01", "2030-10-01"],
        ["PLATE", "all-GBP", "EUR", 1, 5, None, None],
    )
    result = await taken(database, PRICES, path)
    assert (result.counts, result.reasons) == (
        (2, 0, 4),
        {
            4: "line 2 says something else about price list winter",
            5: "price_list is empty: prices of a group or a period are on a list of their own",
            6: "valid_to: the list would end before it begins",
            7: "price list all-GBP is for every channel in GBP: name another list",
        },
    )
    winter = await PriceList.get(code="winter")
    assert (winter.valid_from, winter.valid_to) == (datetime(2030, 11, 1, tzinfo=UTC), datetime(2031, 2, 1, tzinfo=UTC))
    assert await Price.filter(price_list=winter).order_by("min_quantity").values_list("min_quantity", "amount") == [
        (1, 999),
        (10, 850),
    ]


async def test_stock_is_counted_and_protected_by_typed_movements(database: Database, tmp_path: Path) -> None:
    await make_shop(database)
    path = written(
        tmp_path / "stock.csv",
        "sku,location,bin,expected,counted,safety_stock,reason",
        "MUG,london,B-7,10,7,2,two broke",
        "PLATE,london,,9,8,,",
        "PLATE,paris,,,1,,",
        "CUP,london,,,1,,",
    )
    result = await taken(database, STOCK, path)
    assert (result.counts, result.reasons) == (
        (1, 0, 3),
        {
            3: "8 were counted where 9 were expected, but there are 10 now: it moved since the sheet was written; export it"
            " again, or make a stock count",
            4: "there is no location with code paris: create it first",
            5: "there is no variant with SKU CUP",
        },
    )
    mug = await StockLevel.get(variant__sku="MUG")
    assert (mug.on_hand, mug.bin, mug.safety_stock) == (7, "B-7", 2)
    moved = StockMovement.filter(variant__sku="MUG").exclude(kind="adjust").order_by("kind")
    assert await moved.values_list("kind", "on_hand", "safety_stock", "reason", "actor") == [
        ("count", -3, 0, "two broke", "tester"),
        ("protect", 0, 2, "two broke", "tester"),
    ]
    again = await taken(database, STOCK, path)
    assert again.counts == (0, 1, 3)
    stale = written(tmp_path / "stale.csv", "sku,location,expected,counted,safety_stock", "MUG,london,10,10,3")
    assert (await taken(database, STOCK, stale)).counts == (1, 0, 0)
    mug = await StockLevel.get(variant__sku="MUG")
    assert (mug.on_hand, mug.safety_stock) == (7, 3)
    assert await StockMovement.filter(reason="imported from stale.csv").values_list("kind", "on_hand") == [
        ("protect", 0)
    ]


async def test_a_level_in_several_bins_is_counted_as_a_whole(database: Database, tmp_path: Path) -> None:
    location = await make_shop(database)
    away = MoveStock("MUG", location.id, 4, "A-1", "A-2", "tidied up")
    await database.write(BY, lambda uow: move_stock(uow, away))
    path = written(
        tmp_path / "stock.csv", "sku,location,bin,expected,counted", "MUG,london,A-1,10,9", "PLATE,london,A-1,10,10"
    )
    assert (await taken(database, STOCK, path)).counts == (1, 1, 0)
    assert (await StockLevel.get(variant__sku="MUG")).on_hand == 9
    moved = written(tmp_path / "moved.csv", "sku,location,bin", "MUG,london,A-7")
    assert (await taken(database, STOCK, moved)).reasons == {
        2: "MUG lies in several bins there: move its units (moveStock)"
    }
    assert (await StockLevel.get(variant__sku="MUG")).bin == "A-1"
    assert await contradictions(database) == []


async def test_columns_that_cannot_be_meant(database: Database, tmp_path: Path) -> None:
    for rows, problem in (
        (["sku,titel", "A,B"], "column 'titel': there is no such column (did you mean title?)"),
        (["title", "B"], "column sku is missing"),
        (["sku,sku,title", "A,B,C"], "column sku is there 2 times"),
        ([], "has no header"),
    ):
        with pytest.raises(BadMapping) as caught:
            await taken(database, CATALOG, written(tmp_path / "catalog.csv", *rows))
        assert problem in caught.value.problems
    (tmp_path / "broken.xlsx").write_bytes(b"PK no zip")
    for name in ("absent.csv", "catalog.ods", "broken.xlsx"):
        with pytest.raises(Unreadable):
            await taken(database, CATALOG, tmp_path / name)
    assert await Variant.all().count() == 0


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("[prices]", "[catalog] is missing: it names the columns; there may be catalog, prices, stock"),
        ('[catalog]\ncolumns = { skuu = "A" }', "catalog.columns.skuu: there is no such column (did you mean sku?)"),
        ("[catalogue]", "catalogue: Extra inputs are not permitted"),
        (
            '[catalog]\n[format]\ndecimal = ","\nthousands = ","',
            "format: decimal and thousands cannot be the same character",
        ),
        ("[catalog", "is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used(tmp_path: Path, mapping: str, problem: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(mapping)
    with pytest.raises(BadMapping) as caught:
        columns_of(CATALOG, path)
    assert [each.startswith(problem) for each in caught.value.problems] == [True]


async def test_bytes_that_are_no_text_spoil_their_own_row(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(b'\xef\xbb\xbfsku,title\nA,\xff\nB,"x"y\nC,"two\nlines"\nD,nul\x00\n')
    result = await taken(database, CATALOG, path)
    assert result.counts == (1, 0, 3)
    assert list(result.reasons) == [2, 3, 6]
    assert await Variant.all().values_list("sku", "title") == [("C", "two\nlines")]


def test_amounts_are_exact() -> None:
    from packhouse.sheets.cells import Record
    from packhouse.sheets.tables import Format

    cells = {"text": "0.10", "typed": 0.1, "long": "90071992547409.91"}
    record = Record(1, cells, Format())
    assert [record.amount(name) for name in cells] == [Decimal("0.10"), Decimal("0.1"), Decimal("90071992547409.91")]
