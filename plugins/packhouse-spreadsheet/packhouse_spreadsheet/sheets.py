"""Rows of CSV and XLSX files as text, one at a time: typed cells of a spreadsheet as the mapping's format would write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from packhouse.sdk import TableCell, read_table
from packhouse_spreadsheet.mapping import Format


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
    for row in read_table(path, sheet=sheet, encoding=form.encoding, delimiter=form.delimiter):
        yield RawRow(row.line, tuple(_text(cell, form) for cell in row.cells), row.problem)


def _text(cell: TableCell, form: Format) -> str:
    """A typed cell as the mapping's format would write it."""
    if isinstance(cell, datetime | date):
        return cell.isoformat() if "iso" in form.dates else cell.strftime(form.dates[0])
    if isinstance(cell, float):
        # fifteen digits are what a spreadsheet shows; the sixteenth and seventeenth are the noise of binary fractions
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g").replace(".", form.decimal)
    return str(cell)
