"""One row by the names of the mapping's fields, each read as what it should be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from packhouse.sdk import InvalidValue, Money, SourceRow
from packhouse_spreadsheet.mapping import Format
from packhouse_spreadsheet.sheets import RawRow

_MAX_UNITS = 2**31 - 1


class BadRow(Exception):
    """A row cannot be read: the reason names the column."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reading:
    """How the texts of all files are read: the mapping's format, time zone and currency."""

    form: Format
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Layout:
    """A file as the mapping sees it: its name, the position of each field's column, the columns' names, the defaults."""

    name: str
    file: str
    positions: Mapping[str, int]
    columns: Mapping[str, str]
    defaults: Mapping[str, str]
    reading: Reading

    def key(self, row: RawRow, field: str) -> str:
        """A joining column of a row that may be broken; empty where it is not there."""
        position = self.positions.get(field)
        return row.cells[position].strip() if position is not None and position < len(row.cells) else ""

    def content(self, row: RawRow) -> tuple[str, ...]:
        """The cells that the mapping reads: what has to be equal in two rows that say the same."""
        return tuple(row.cells[position].strip() for position in sorted(set(self.positions.values())))

    def source(self, row: RawRow) -> SourceRow:
        """Where the row was read."""
        return SourceRow(self.file, row.line, row.cells)


class Record:
    """A row whose fields are asked for by name.

    Raises:
        BadRow: the row is broken as a whole.
    """

    def __init__(self, layout: Layout, row: RawRow) -> None:
        if row.problem:
            raise BadRow(row.problem)
        self.layout = layout
        self.row = row

    @property
    def source(self) -> SourceRow:
        """Where the row was read."""
        return self.layout.source(self.row)

    def text(self, field: str) -> str:
        """The field's text without spaces around it; its default where the cell is empty; else empty."""
        position = self.layout.positions.get(field)
        text = self.row.cells[position].strip() if position is not None else ""
        return text or self.layout.defaults.get(field, "").strip()

    def required(self, field: str) -> str:
        """The field's text.

        Raises:
            BadRow: there is none.
        """
        text = self.text(field)
        if not text:
            raise BadRow(f"{self._named(field)} is empty")
        return text

    def number(self, field: str) -> Decimal | None:
        """A decimal number; None where there is none.

        Raises:
            BadRow: it is no number.
        """
        text = self.text(field)
        if not text:
            return None
        form = self.layout.reading.form
        if not _number_pattern(form.decimal, form.thousands).fullmatch(text):
            raise BadRow(f"{self._named(field)}: {text!r} is not a number")
        plain = text.replace(form.thousands, "") if form.thousands else text
        return Decimal(plain.replace(form.decimal, "."))

    def money(self, field: str, currency: str) -> Money | None:
        """An amount that is not below nothing; None where there is none.

        Raises:
            BadRow: no number, negative, or more digits than the currency has.
        """
        number = self.number(field)
        if number is None:
            return None
        if number < 0:
            raise BadRow(f"{self._named(field)}: {number} is negative")
        try:
            return Money.of(number, currency)
        except InvalidValue as error:
            raise BadRow(f"{self._named(field)}: {error.message}") from error

    def whole(self, field: str, least: int, most: int = _MAX_UNITS) -> int | None:
        """A whole number; None where there is none.

        Raises:
            BadRow: no whole number, or beyond the limits.
        """
        number = self.number(field)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise BadRow(f"{self._named(field)}: {number} is not a whole number")
        if not least <= number <= most:
            raise BadRow(f"{self._named(field)}: {number} is not between {least} and {most}")
        return int(number)

    def time(self, field: str) -> datetime | None:
        """A time in UTC; None where there is none.

        Raises:
            BadRow: in none of the mapping's formats, or a local time that the mapping rejects.
        """
        text = self.text(field)
        if not text:
            return None
        parsed = self._parsed(field, text)
        try:
            return (parsed if parsed.tzinfo else self._in_zone(field, parsed)).astimezone(UTC)
        except OverflowError as error:
            raise BadRow(f"{self._named(field)}: {text!r} is out of range") from error

    def _parsed(self, field: str, text: str) -> datetime:
        formats = self.layout.reading.form.dates
        for form in formats:
            try:
                return datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007  (the zone follows)
            except ValueError:
                continue
        raise BadRow(f"{self._named(field)}: {text!r} is not a time written as {' or '.join(formats)}")

    def _in_zone(self, field: str, local: datetime) -> datetime:
        """A local time in the mapping's zone.

        With fold 0 Python takes the offset before a clock change: a time that was left out is shifted by the change, and
        of a time that came twice it is the earlier.
        """
        form, zone = self.layout.reading.form, self.layout.reading.zone
        aware = local.replace(tzinfo=zone, fold=0)
        after = aware.replace(fold=1)
        if aware.utcoffset() == after.utcoffset():
            return aware
        exists = aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
        if exists and form.ambiguous == "reject":
            raise BadRow(f"{self._named(field)}: {local} came twice in {zone.key}")
        if not exists and form.nonexistent == "reject":
            raise BadRow(f"{self._named(field)}: {local} was left out by a clock change in {zone.key}")
        return after if exists and form.ambiguous == "later" else aware

    def _named(self, field: str) -> str:
        return self.layout.columns.get(field, field)

    def problem(self, field: str, text: str) -> BadRow:
        """What is wrong with a field."""
        return BadRow(f"{self._named(field)}: {text}")


@cache
def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """A number as the mapping writes it: a separator stands between groups of three digits, or it is none."""
    grouped = rf"|\d{{1,3}}({re.escape(thousands)}\d{{3}}){{1,6}}" if thousands else ""
    return re.compile(rf"[+-]?(\d{{1,20}}{grouped})({re.escape(decimal)}\d{{1,20}})?", re.ASCII)


def address_values(records: list[Record], country: str | None) -> dict[str, Any]:
    """The parts of an address, each from the first record that has it; empty when only the country would be known."""
    parts = ("name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone", "email")
    values = {part: next((text for record in records if (text := record.text(part))), "") for part in parts}
    if not any(values[part] for part in ("line1", "line2", "city", "region", "postcode")):
        return {}
    return {**values, "country": values["country"] or country or ""}
