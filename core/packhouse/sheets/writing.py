"""Writing rows: CSV in pieces as they come, XLSX into a file. Text stays text, whatever it begins with."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

import openpyxl
from openpyxl.cell import WriteOnlyCell

from packhouse.sdk import Refused
from packhouse.sheets.escaping import defuse, escape_xml

Value = str | int | Decimal | bool | None

_AS_TEXT = "@"
_MOST_ROWS = 1_048_575
_EXACT_DIGITS = 15


class TableWriter(Protocol):
    """Takes rows, a batch at a time, and is finished at the end."""

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        """Write rows."""

    def finish(self) -> None:
        """Write what is left."""


class CsvWriter:
    """CSV in UTF-8 with the mark by which Excel knows it; `take` hands over what was written since."""

    def __init__(self) -> None:
        # the mark is the encoder's, which writes it once
        self._bytes = io.BytesIO()
        self._text = io.TextIOWrapper(self._bytes, encoding="utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text)

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        """Write rows."""
        self._writer.writerows([_plain(value) for value in row] for row in rows)

    def finish(self) -> None:
        """Nothing is left."""

    def take(self) -> bytes:
        """What was written since the last time."""
        written = self._bytes.getvalue()
        self._bytes.seek(0)
        self._bytes.truncate()
        return written


class CsvFile:
    """A CSV file that is written row by row."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer = CsvWriter()

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        """Write rows."""
        self._writer.write(rows)
        self._file.write(self._writer.take())

    def finish(self) -> None:
        """Nothing is left."""


class XlsxFile:
    """An XLSX file; its rows are kept in a temporary file until it is finished."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet()
        self._count = 0

    def write(self, rows: Iterable[Sequence[Value]]) -> None:
        """Write rows.

        Raises:
            Refused: TOO_MANY_ROWS: no spreadsheet opens so many.
        """
        for row in rows:
            self._count += 1
            if self._count > _MOST_ROWS:
                raise Refused("TOO_MANY_ROWS", f"an XLSX file holds {_MOST_ROWS} rows: export as CSV")
            self._sheet.append([self._cell(value) for value in row])

    def finish(self) -> None:
        """Put the file together."""
        self._book.save(self._file)

    def _cell(self, value: Value) -> object:
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT_DIGITS:
            value = str(value)
        if not isinstance(value, str) or not value:
            return value
        cell = WriteOnlyCell(self._sheet, escape_xml(defuse(value)))
        # never a formula or an error, and also when somebody edits it
        cell.data_type = "s"
        cell.number_format = _AS_TEXT
        return cell


class WrittenFile:
    """A file by its name: .csv or .xlsx. It takes its name when it is complete, so that nobody finds half of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.part")

    def __enter__(self) -> TableWriter:
        self._file = self._partial.open("wb")
        self._writer: TableWriter = (
            XlsxFile(self._file) if self._path.suffix.lower() == ".xlsx" else CsvFile(self._file)
        )
        return self._writer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink()


def _plain(value: Value) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return defuse(value) if isinstance(value, str) else value
