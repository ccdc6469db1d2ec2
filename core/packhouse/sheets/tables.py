"""The rows of a sheet that somebody sends: CSV or XLSX, of a bounded number of columns, without errors of a spreadsheet."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from packhouse.sdk import CellError, TableCell, TableRow, Unreadable, read_table

XLSX, CSV = ".xlsx", ".csv"

# More than any sheet of ours has, with as many again that somebody added.
_MOST_COLUMNS = 100
_WHOLE_DIGITS = 1e15


@dataclass(frozen=True, slots=True)
class Format:
    """How a file writes text and numbers."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""


def read_rows(path: Path, form: Format) -> Generator[TableRow]:
    """The rows of a file, the header first; empty rows are left out.

    Raises:
        Unreadable: the file is not there, is neither CSV nor XLSX, or is larger unpacked than can be meant.
    """
    if path.suffix.lower() not in {CSV, XLSX}:
        raise Unreadable(f"{path.name} is neither .csv nor .xlsx")
    rows = read_table(path, encoding=form.encoding, delimiter=form.delimiter, most_columns=_MOST_COLUMNS)
    try:
        for row in rows:
            spoilt = not row.problem and any(isinstance(cell, CellError) for cell in row.cells)
            yield replace(row, problem="holds an error of the spreadsheet") if spoilt else row
    finally:
        rows.close()


def shown(cell: TableCell) -> str:
    """A cell as text, for people."""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_DIGITS else format(cell, ".15g")
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
