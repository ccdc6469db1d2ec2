"""Cells of a row as what they mean: each reader names the column and says what it would take."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from packhouse.sdk import TableCell
from packhouse.sheets.escaping import restore
from packhouse.sheets.tables import Format, shown

_MOST_WHOLE = 2_147_483_647
_EXACT = 1e15
_WHOLE = re.compile(r"-?\d{1,20}")
_AMOUNT = re.compile(r"-?\d{1,30}(\.\d{1,30})?")
# what a spreadsheet makes of a long number
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class BadCell(Exception):
    """A cell, or a row as a whole, cannot be what it has to be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Record:
    """A row by our names of its columns, with the file's line.

    A column that the file does not have is not `in` it: it says nothing. An empty cell says that there is nothing.
    """

    line: int
    cells: Mapping[str, TableCell]
    form: Format

    def __contains__(self, column: str) -> bool:
        return column in self.cells

    def text(self, column: str) -> str:
        """The text, exactly as it stands, "" where it is empty.

        Raises:
            BadCell: the spreadsheet made a date of it, or a number with more digits than it keeps.
        """
        cell = self.cells.get(column, "")
        if isinstance(cell, datetime | date):
            raise BadCell(f"{column}: {cell.isoformat()} is a date that a spreadsheet made: format the column as text")
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            if abs(cell) >= _EXACT:
                raise BadCell(f"{column}: a spreadsheet keeps 15 digits of a number: format the column as text")
            return shown(cell)
        return restore(cell) if isinstance(cell, str) else shown(cell)

    def required(self, column: str) -> str:
        """The text, which is not empty."""
        text = self.text(column)
        if not text.strip():
            raise BadCell(f"{column} is empty")
        return text

    def code(self, column: str) -> str:
        """The digits of a barcode or the like, which spreadsheets like to take for a number."""
        text = self.text(column)
        if _SCIENTIFIC.fullmatch(text):
            raise BadCell(f"{column}: {text} is a number that a spreadsheet shortened: format the column as text")
        return text

    def whole(self, column: str) -> int | None:
        """A whole number of 0 or more; None where it is empty."""
        text = self._number(column)
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or not 0 <= int(text) <= _MOST_WHOLE:
            raise BadCell(f"{column}: {text!r} is not a whole number from 0 to {_MOST_WHOLE}")
        return int(text)

    def amount(self, column: str) -> Decimal:
        """An amount of money, which is not empty."""
        text = self._number(column)
        if not text:
            raise BadCell(f"{column} is empty")
        if not _AMOUNT.fullmatch(text):
            hint = ', or give a mapping with decimal = ","' if "," in text and self.form.decimal == "." else ""
            raise BadCell(f"{column}: {text!r} is not an amount: write it as 12.50{hint}")
        return Decimal(text)

    def flag(self, column: str) -> bool:
        """Yes or no."""
        text = shown(self.cells.get(column, "")).strip().lower()
        if text not in _FLAGS:
            raise BadCell(f"{column}: {text!r} is neither yes nor no")
        return _FLAGS[text]

    def moment(self, column: str) -> datetime | None:
        """A time, in UTC where it says nothing else; None where it is empty. A date alone is its midnight."""
        cell = self.cells.get(column, "")
        if isinstance(cell, date) and not isinstance(cell, datetime):
            cell = datetime.combine(cell, time())
        if not isinstance(cell, datetime):
            text = shown(cell).strip()
            if not text:
                return None
            try:
                cell = datetime.fromisoformat(text)
            except ValueError as error:
                raise BadCell(f"{column}: {text!r} is not a time such as 2026-01-31T09:00Z") from error
        try:
            return cell.replace(tzinfo=UTC) if cell.tzinfo is None else cell.astimezone(UTC)
        except OverflowError as error:
            raise BadCell(f"{column}: {cell.isoformat()} is not a time in UTC") from error

    def _number(self, column: str) -> str:
        cell = self.cells.get(column, "")
        if isinstance(cell, datetime | date | bool):
            raise BadCell(f"{column}: {shown(cell)} is not a number")
        text = shown(cell).strip()
        if isinstance(cell, str):
            if self.form.thousands:
                text = text.replace(self.form.thousands, "")
            if self.form.decimal != ".":
                if "." in text:
                    raise BadCell(f"{column}: {text!r} has a point where the mapping says {self.form.decimal!r}")
                text = text.replace(self.form.decimal, ".")
        return text
