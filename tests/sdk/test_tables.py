"""Rows of files: what each cell becomes, what is wrong with a row, and how much memory a long file takes."""

import tracemalloc
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from packhouse.sdk import CellError, TableRow, Unreadable, read_table

ROWS: list[list[Any]] = [
    ["sku", "count", "when", "note", None],
    ["MUG", 3, datetime(2026, 7, 1, 9, 30), "_x0041_ & <b>"],  # noqa: DTZ001  (a spreadsheet knows no zones)
    [],
    ["PLATE", 0.25, date(2026, 7, 2), True, None, None],
    [None, None, None, "alone"],
    [4711, -1, time(9, 30), timedelta(hours=30), "beside"],
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in ROWS:
        sheet.append(row)
    sheet.append(["#N/A", "#REF!", "=1/0", "fine"])
    sheet.row_dimensions[2].height = 30
    other = book.create_sheet("Others")
    other.append(["name"])
    other["A9"] = "far below"
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_cells_of_a_workbook_keep_their_types(workbook: Path) -> None:
    assert list(read_table(workbook)) == [
        TableRow(1, ("sku", "count", "when", "note")),
        TableRow(2, ("MUG", 3, datetime(2026, 7, 1, 9, 30), "A & <b>")),  # noqa: DTZ001
        TableRow(4, ("PLATE", 0.25, datetime(2026, 7, 2), True)),  # noqa: DTZ001
        TableRow(5, ("", "", "", "alone")),
        TableRow(6, (4711, -1, "09:30:00", "1 day, 6:00:00", "beside"), "has 5 cells, the header has 4"),
        TableRow(7, ("#N/A", "#REF!", "", "fine")),
    ]
    spoilt = list(read_table(workbook))[-1].cells
    assert [isinstance(cell, CellError) for cell in spoilt] == [True, True, False, False]


def test_a_sheet_by_its_name_with_rows_left_out(workbook: Path) -> None:
    assert list(read_table(workbook, sheet="Others")) == [TableRow(1, ("name",)), TableRow(9, ("far below",))]
    with pytest.raises(Unreadable, match=r"book\.xlsx has no sheet 'Orders'; it has: Sheet, Others"):
        list(read_table(workbook, sheet="Orders"))


def test_they_are_what_openpyxl_itself_reads(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            theirs = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
            ours = [row.cells for row in read_table(workbook, sheet=sheet.title)]
            assert [_plain(row) for row in ours] == [
                _plain(row)[: len(cells)] for row, cells in zip(theirs, ours, strict=True)
            ]
    finally:
        book.close()


def _plain(row: tuple[Any, ...]) -> list[str]:
    return ["" if cell is None else str(cell).replace("_x0041_", "A") for cell in row]


def test_what_is_no_workbook_is_csv(tmp_path: Path) -> None:
    path = tmp_path / "orders.tsv"
    path.write_bytes(b'sku\tname\nMUG\tCaf\xe9\n\nPLATE\n"open\tx\n')
    assert list(read_table(path, encoding="latin-1", delimiter="\t")) == [
        TableRow(1, ("sku", "name")),
        TableRow(2, ("MUG", "Café")),
        TableRow(4, ("PLATE",), "has 1 cells, the header has 2"),
        TableRow(5, (), "is no CSV: unexpected end of data"),
    ]
    assert next(iter(read_table(path, delimiter="\t"))).cells == ("sku", "name")
    with pytest.raises(Unreadable, match="the header has 2 cells: a sheet has 1 columns at most"):
        list(read_table(path, encoding="latin-1", delimiter="\t", most_columns=1))
    with pytest.raises(Unreadable, match=r"none\.csv cannot be read: No such file or directory"):
        list(read_table(tmp_path / "none.csv"))


def test_a_long_workbook_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    short, long = (peak(written(tmp_path / f"{rows}.xlsx", rows)) for rows in (1_000, 6_000))
    assert long - short < 100_000, (short, long)


def written(path: Path, rows: int) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(1, rows + 1):
        sheet.row_dimensions[number].height = 20
        sheet.append([number, number])
    book.save(path)
    return path


def peak(path: Path) -> int:
    next(read_table(path))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_table(path)) > 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
