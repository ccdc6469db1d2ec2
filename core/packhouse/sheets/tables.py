"""Rows of CSV and XLSX files, one at a time. A row that is broken comes with the problem, and the next ones still come.

Of XLSX, openpyxl keeps some 180 bytes of each row that was read; nothing is kept of CSV.
"""

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import openpyxl

from packhouse.sdk import Unreadable
from packhouse.sheets.escaping import unescape_xml
from packhouse.sheets.unpacking import check_unpacked

XLSX, CSV = ".xlsx", ".csv"

Cell = str | int | float | bool | datetime | date

_MOST_LINES = 1_048_576
# More than any sheet of ours has, with as many again that somebody added.
_MOST_COLUMNS = 100
# Cells that a spreadsheet has left behind beside the sheet, each of which costs time.
_MOST_CELLS = 2_000
# All lines of one row, also where its texts have several.
_MOST_ROW_CHARACTERS = 1_000_000
_WHOLE_DIGITS = 1e15


@dataclass(frozen=True, slots=True)
class Format:
    """How a file writes text and numbers."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row: the line on which it begins (from 1), its cells ("" where empty), and what is wrong with it, if anything."""

    line: int
    cells: tuple[Cell, ...]
    problem: str = ""


def read_rows(path: Path, form: Format) -> Generator[RawRow]:
    """The rows of a file, the header first; empty rows are left out.

    Raises:
        Unreadable: the file is not there, is neither CSV nor XLSX, or is larger unpacked than can be meant.
    """
    suffix = path.suffix.lower()
    if suffix not in {CSV, XLSX}:
        raise Unreadable(f"{path.name} is neither .csv nor .xlsx")
    try:
        yield from _checked(_xlsx_rows(path) if suffix == XLSX else _csv_rows(path, form))
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def shown(cell: Cell) -> str:
    """A cell as text, for people."""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_DIGITS else format(cell, ".15g")
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _checked(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    width = None
    for row in rows:
        if width is None:
            width = len(row.cells)
            if width > _MOST_COLUMNS:
                raise Unreadable(f"the header has {width} cells: a sheet has {_MOST_COLUMNS} columns at most")
        problem = row.problem or _problem(row.cells, width)
        yield RawRow(row.line, row.cells[: width + 1] if problem else row.cells, problem)


def _problem(cells: tuple[Cell, ...], width: int) -> str:
    if len(cells) != width:
        return f"has {len(cells)} cells, the header has {width}"
    texts = [cell for cell in cells if isinstance(cell, str)]
    if any("\0" in text for text in texts):
        return "holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for text in texts if not text.isascii() for character in text):
        return "holds bytes that are not text in the file's encoding"
    return ""


def _csv_rows(path: Path, form: Format) -> Iterator[RawRow]:
    # bytes that are no text become surrogates, so that they spoil their own row only
    with path.open(encoding=form.encoding, errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=form.delimiter, strict=True)
        while True:
            line = lines.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield RawRow(line, (), f"is no CSV: {error}")
                continue
            if any(cells):
                yield RawRow(line, tuple(cells))


class _Lines:
    """The lines of a file. One row does not get more of them than can be meant."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._count = 0
        self._characters = 0

    def begin_row(self) -> int:
        """The number of the line on which the next row begins."""
        self._characters = 0
        return self._count + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_MOST_ROW_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self._count += 1
        self._characters += len(line)
        if self._characters > _MOST_ROW_CHARACTERS:
            raise Unreadable(f"the row of line {self._count} is longer than {_MOST_ROW_CHARACTERS} characters")
        return line


def _xlsx_rows(path: Path) -> Iterator[RawRow]:
    check_unpacked(path)
    # openpyxl says in many ways that it cannot read a file: by errors of XML, of ZIP, and of its own code
    try:
        # a file of ours, because openpyxl leaves its own open where it fails
        with path.open("rb") as file, closing(_sheet_rows(file, path.name)) as rows:
            yield from rows
    except (Unreadable, OSError):
        raise
    except Exception as error:
        raise Unreadable(f"{path.name} is no XLSX file that can be read ({type(error).__name__})") from error


def _sheet_rows(file: BinaryIO, name: str) -> Generator[RawRow]:
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        # what a file says about its own size is not to be trusted
        sheet.reset_dimensions()
        width = None
        for line, row in enumerate(sheet.iter_rows(), 1):
            if line > _MOST_LINES:
                raise Unreadable(f"{name} has more than {_MOST_LINES} rows")
            if len(row) > _MOST_CELLS:
                raise Unreadable(f"row {line} has {len(row)} cells: remove all that is not part of the sheet")
            cells = tuple(_value(cell) for cell in row)
            if all(cell == "" for cell in cells):
                continue
            if width is None:
                width = len(cells) - next(index for index, cell in enumerate(reversed(cells)) if cell != "")
            # spreadsheets write rows with fewer cells, or more empty ones, than the header has
            filled = (*cells, *("" for _ in range(width - len(cells))))
            is_wider = any(cell != "" for cell in filled[width:])
            problem = "holds an error of the spreadsheet" if any(_is_error(cell) for cell in row) else ""
            yield RawRow(line, filled if is_wider else filled[:width], problem)
    finally:
        book.close()


def _value(cell: Any) -> Cell:  # noqa: ANN401  (openpyxl has no types)
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape_xml(value)
    return value if isinstance(value, int | float | datetime | date) else str(value)


def _is_error(cell: Any) -> bool:  # noqa: ANN401  (openpyxl has no types)
    return getattr(cell, "data_type", "") == "e"
