"""Files that are made to do harm: each is refused with a reason, in the memory of a page, and nothing changes."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest
from tests.sheets.given import taken, written

from packhouse.catalog.models import PriceList, Variant
from packhouse.sdk import BadMapping, TableRow, Unreadable
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.tables import Format, read_rows
from packhouse.storage import Database
from packhouse.testing.factories import make_variant

SHEET, TEXTS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TITLES = (
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c><c r="B1" t="inlineStr"><is><t>title</t></is></c></row>'
)


def sheet(rows: bytes, before: bytes = b"") -> bytes:
    return b'%s<worksheet xmlns="%s"><sheetData>%s%s</sheetData></worksheet>' % (before, _MAIN, _TITLES, rows)


def prefixed(rows: bytes) -> bytes:
    return (
        sheet(rows)
        .replace(b"</", b"</x:")
        .replace(b"<", b"<x:")
        .replace(b"<x:/x:", b"</x:")
        .replace(b"xmlns", b"xmlns:x")
    )


def book(parts: dict[str, bytes | None]) -> bytes:
    """A workbook as a spreadsheet writes it, some of its parts others or left out."""
    plain, made = io.BytesIO(), io.BytesIO()
    workbook = openpyxl.Workbook()
    workbook.active.append(["sku", "title"])
    workbook.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted({*source.namelist(), *parts}):
            content = parts[name] if name in parts else source.read(name)
            if content is not None:
                target.writestr(name, content)
    return made.getvalue()


def laughs() -> bytes:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (depth, b"&e%d;" % (depth - 1) * 20) for depth in range(1, 9))
    return b'<!DOCTYPE a [<!ENTITY e0 "%s">%s]>' % (b"x" * 1_000, entities)


TOO_LARGE = "is too large: save it as CSV, or in parts"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "a text that unpacks to gigabytes": (book({SHEET: sheet(b"<row><c><v>" + b"x" * 2_100_000)}), TOO_LARGE),
    "a row of millions of cells": (book({SHEET: sheet(b"<row>" + b"<c/>" * 530_000 + b"</row>")}), TOO_LARGE),
    "a row of what looks like rows": (book({SHEET: sheet(b"<row>" + b"<rows/>" * 310_000)}), TOO_LARGE),
    "a row under another prefix": (book({SHEET: prefixed(b"<row>" + b"<c/>" * 350_000 + b"</row>")}), TOO_LARGE),
    "styles that unpack to gigabytes": (book({"xl/styles.xml": b"<a>" + b"<b/>" * 2_600_000}), TOO_LARGE),
    "a table of millions of texts": (book({TEXTS: b"<si/>" * 8_100_000}), TOO_LARGE),
    "thousands of parts": (book({f"xl/{number}.bin": b"" for number in range(1_001)}), TOO_LARGE),
    "a column that no spreadsheet has": (
        book({SHEET: sheet(b'<row r="2"><c r="ZZZ2"><v>1</v></c></row>')}),
        "row 2 has 18278 cells: remove all that is not part of the sheet",
    ),
    "entities of entities": (book({SHEET: sheet(b"<row><c><v>&e8;</v></c></row>", laughs())}), "(ParseError)"),
    "half a sheet": (book({SHEET: sheet(b"")[:-20]}), "(ParseError)"),
    "numbers that are none": (book({SHEET: sheet(b"<row><c><v>abc</v></c></row>")}), "(ValueError)"),
    "a text that is not there": (book({SHEET: sheet(b'<row><c t="s"><v>9</v></c></row>')}), "(IndexError)"),
    "no sheet": (book({SHEET: None}), "has no sheet"),
    "no book": (book({BOOK: None}), "(KeyError)"),
    "a ZIP of something else": (book({"[Content_Types].xml": b"<x/>"}), "File contains no valid workbook part"),
    "no ZIP": (b"PK\3\4 this is none", "File is not a zip file"),
    "half a ZIP": (book({})[:2_000], "File is not a zip file"),
    "nothing": (b"", "File is not a zip file"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_workbook(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.xlsx"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match=r"catalog.xlsx|row 2") as caught:
            list(read_rows(path, Format()))
        assert reason in caught.value.reason
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_rows_under_another_prefix_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "catalog.xlsx"
    path.write_bytes(book({SHEET: prefixed(b"")}))
    assert [row.cells for row in read_rows(path, Format())] == [("sku", "title")]


def csv_rows(content: bytes, tmp_path: Path, form: Format = Format()) -> list[TableRow]:  # noqa: B008  (a frozen value)
    path = tmp_path / "catalog.csv"
    path.write_bytes(content)
    return list(read_rows(path, form))


def test_a_header_of_a_million_columns(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"the header has 101 cells: a sheet has 100 columns at most"):
        csv_rows(b"x," * 100, tmp_path)
    with pytest.raises(Unreadable, match=r"the row of line 1 is longer than 1000000 characters"):
        csv_rows(b"," * 1_000_001, tmp_path)


def test_a_row_that_never_ends(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"longer than 1000000 characters"):
        csv_rows(b"sku,title\n" + b'"\n",' * 300_000, tmp_path)


def test_a_wide_row_is_not_kept(tmp_path: Path) -> None:
    _, wide, plain = csv_rows(b"sku,title\n" + b"," * 400_000 + b"x\nA,b\n", tmp_path)
    assert (len(wide.cells), wide.problem) == (3, "has 400001 cells, the header has 2")
    assert plain == TableRow(3, ("A", "b"))


def test_line_numbers_count_the_lines_of_texts(tmp_path: Path) -> None:
    assert [row.line for row in csv_rows(b'sku,title\nA,"one\ntwo"\n\nB,x\n', tmp_path)] == [1, 2, 5]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp037"])
async def test_another_encoding_than_was_said(database: Database, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "catalog.csv").write_bytes("sku,title\nMUG,A mug\n".encode(encoding))
    with pytest.raises(BadMapping):
        await taken(database, SheetKind.CATALOG, tmp_path / "catalog.csv")
    assert await Variant.all().count() == 0


async def test_times_at_the_ends_of_the_calendar(database: Database, tmp_path: Path) -> None:
    await make_variant(database, "MUG", price=None)
    times = ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "2026-02-30", "24:00"]
    rows = [f"list-{number},MUG,GBP,1.00,{at}," for number, at in enumerate(times)]
    path = written(tmp_path / "prices.csv", "price_list,sku,currency,price,valid_from,valid_to", *rows)
    result = await taken(database, SheetKind.PRICES, path)
    assert result.counts == (0, 0, 4)
    assert {reason.partition(":")[0] for reason in result.reasons.values()} == {"valid_from"}, result.reasons
    assert await PriceList.all().count() == 0
