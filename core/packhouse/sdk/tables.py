"""Rows of CSV and XLSX files, one at a time. A row that is broken comes with the problem, and the next ones still come.

A file of any length takes the memory of its longest row, and of XLSX that of its table of texts.
"""

import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from packhouse.sdk.errors import Unreadable
from packhouse.sdk.xlsx import MOST_CELLS, TableCell, xlsx_rows

_XLSX = (".xlsx", ".xlsm")
# All lines of one row, also where its texts have several.
_MOST_ROW_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: the line on which it begins (from 1), its cells ("" where empty), and what is wrong with it, if anything.

    Cells of CSV are texts. Those of XLSX have the types of the spreadsheet; times are local to nowhere; one that could not be
    computed is a `CellError`.
    """

    line: int
    cells: tuple[TableCell, ...]
    problem: str = ""


def read_table(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str = "utf-8-sig",
    delimiter: str = ",",
    most_columns: int = MOST_CELLS,
) -> Generator[TableRow]:
    """The rows of a file, the header first; empty rows are left out. `.xlsx` and `.xlsm` are workbooks, of which one `sheet` is
    read (the first where none is named); all else is CSV.

    Raises:
        Unreadable: the file is not there or is no such table, has no such sheet, or is larger than can be meant.
    """
    try:
        is_workbook = path.suffix.lower() in _XLSX
        rows = xlsx_rows(path, sheet) if is_workbook else _csv_rows(path, encoding, delimiter)
        yield from _checked((TableRow(*row) for row in rows), most_columns)
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _checked(rows: Iterator[TableRow], most_columns: int) -> Iterator[TableRow]:
    width = None
    for row in rows:
        if width is None:
            width = len(row.cells)
            if width > most_columns:
                raise Unreadable(f"the header has {width} cells: a sheet has {most_columns} columns at most")
        problem = row.problem or _problem(row.cells, width)
        yield TableRow(row.line, row.cells[: width + 1] if problem else row.cells, problem)


def _problem(cells: tuple[TableCell, ...], width: int) -> str:
    if len(cells) != width:
        return f"has {len(cells)} cells, the header has {width}"
    texts = [cell for cell in cells if isinstance(cell, str)]
    if any("\0" in text for text in texts):
        return "holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for text in texts if not text.isascii() for character in text):
        return "holds bytes that are not text in the file's encoding"
    return ""


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, tuple[TableCell, ...], str]]:
    # bytes that are no text become surrogates, so that they spoil their own row only
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = lines.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, (), f"is no CSV: {error}"
                continue
            if any(cells):
                yield line, tuple(cells), ""


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
