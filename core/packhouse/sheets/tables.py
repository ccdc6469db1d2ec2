"""Rows of CSV and XLSX files, one at a time. A row that is broken comes with the problem, and the next ones still come.

Of XLSX, openpyxl keeps some 180 bytes of each row that was read; nothing is kept of CSV.
"""

import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from packhouse.sdk import Unreadable
from packhouse.sheets.escaping import unescape_xml

XLSX, CSV = ".xlsx", ".csv"

Cell = str | int | float | bool | datetime | date

_MOST_LINES = 1_048_576
# Unpacked, and of that the table of texts, which is held in memory.
_MOST_BYTES = 2_000_000_000
_MOST_TEXT_BYTES = 100_000_000
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
        yield RawRow(row.line, row.cells, row.problem or _problem(row.cells, width))


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
        reader = csv.reader(file, delimiter=form.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield RawRow(line, (), f"is no CSV: {error}")
                continue
            if any(cells):
                yield RawRow(line, tuple(cells))


def _xlsx_rows(path: Path) -> Iterator[RawRow]:
    try:
        _check_size(path)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise Unreadable(f"{path.name} is no XLSX file: {error}") from error
    try:
        sheet = book.worksheets[0]
        # what a file says about its own size is not to be trusted
        sheet.reset_dimensions()
        width = None
        for line, row in enumerate(sheet.iter_rows(), 1):
            if line > _MOST_LINES:
                raise Unreadable(f"{path.name} has more than {_MOST_LINES} rows")
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


def _check_size(path: Path) -> None:
    with ZipFile(path) as archive:
        sizes = {each.filename: each.file_size for each in archive.infolist()}
    if sum(sizes.values()) > _MOST_BYTES or sizes.get("xl/sharedStrings.xml", 0) > _MOST_TEXT_BYTES:
        raise Unreadable(f"{path.name} is too large: save it as CSV, or in parts")


def _value(cell: Any) -> Cell:  # noqa: ANN401  (openpyxl has no types)
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape_xml(value)
    return value if isinstance(value, int | float | datetime | date) else str(value)


def _is_error(cell: Any) -> bool:  # noqa: ANN401  (openpyxl has no types)
    return getattr(cell, "data_type", "") == "e"
