"""Rows of CSV and XLSX files, one at a time. A row that is broken comes with the problem, and the next ones still come."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from packhouse.sdk import Unreadable
from packhouse_spreadsheet.mapping import Format

_XLSX = {".xlsx", ".xlsm"}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row: the line on which it begins (from 1), its cells as text, and what is wrong with it, if anything."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def read_rows(path: Path, sheet: str | None, form: Format) -> Iterator[RawRow]:
    """The rows of a file, the header first; empty rows are left out.

    Raises:
        Unreadable: the file is not there or is not a table, or there is no such sheet.
    """
    try:
        rows = _xlsx_rows(path, sheet, form) if path.suffix.lower() in _XLSX else _csv_rows(path, form)
        yield from _checked(rows)
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _checked(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    width = None
    for row in rows:
        if width is None:
            width = len(row.cells)
        yield RawRow(row.line, row.cells, row.problem or _problem(row.cells, width))


def _problem(cells: tuple[str, ...], width: int) -> str:
    if len(cells) != width:
        return f"has {len(cells)} cells, the header has {width}"
    if any("\0" in cell for cell in cells):
        return "holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for cell in cells if not cell.isascii() for character in cell):
        return "holds bytes that are not text in the encoding of the mapping"
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


def _xlsx_rows(path: Path, sheet: str | None, form: Format) -> Iterator[RawRow]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise Unreadable(f"{path.name} is no XLSX file: {error}") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise Unreadable(f"{path.name} has no sheet {sheet!r}; it has: {', '.join(book.sheetnames)}")
        width = None
        for line, values in enumerate((book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True), 1):
            cells = tuple(_text(value, form) for value in values)
            if not any(cells):
                continue
            if width is None:
                width = len(cells) - next(index for index, cell in enumerate(reversed(cells)) if cell)
            # Excel gives rows with fewer cells, or more empty ones, than the header has
            filled = (*cells, *("" for _ in range(width - len(cells))))
            yield RawRow(line, filled if any(filled[width:]) else filled[:width])
    finally:
        book.close()


def _text(value: object, form: Format) -> str:
    """A typed cell as the mapping's format would write it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat() if "iso" in form.dates else value.strftime(form.dates[0])
    if isinstance(value, float):
        # fifteen digits are what a spreadsheet shows; the sixteenth and seventeenth are the noise of binary fractions
        return str(int(value)) if value.is_integer() else format(value, ".15g").replace(".", form.decimal)
    return str(value)
