"""Reading a table of transit times as CSV: all of it or, where a row cannot be, nothing.

Columns, in any order: location or origin_country, country, min_days, max_days; and where wanted postcode_prefix, speed, time_zone.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from packhouse.routing.commands.set_transit_times import SetTransitTimes, Way, set_transit_times
from packhouse.sdk import InvalidValue, ShippingSpeed, Unreadable
from packhouse.storage import UnitOfWork

_NEEDED = frozenset(("country", "min_days", "max_days"))
_MOST_DIGITS = 4
_KNOWN = _NEEDED | {"location", "origin_country", "postcode_prefix", "speed", "time_zone"}

Lines = list[tuple[int, Way]]
Origin = tuple[str, str]
"""The code of a location, or an empty text and a country."""


def read_transit_times(path: Path) -> dict[Origin, Lines]:
    """The ways of a file by their origin, each with its line.

    Raises:
        Unreadable: no such file, or no table of transit times.
        InvalidValue: a row that cannot be; its field is the line.
    """
    found: dict[Origin, Lines] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            _check_columns(path, rows.fieldnames or ())
            for row in rows:
                way = _way(row, rows.line_num)
                origin = (row.get("location") or "").strip(), (row.get("origin_country") or "").strip()
                found.setdefault(origin, []).append((rows.line_num, way))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    return found


async def import_transit_times(uow: UnitOfWork, found: Mapping[Origin, Lines]) -> int:
    """Set the ways from every origin in one transaction; those from other origins stay. Returns how many were set.

    Raises:
        InvalidValue: a row that cannot be; its field is the line.
        Refused: UNKNOWN_LOCATION.
    """
    for (location, country), lines in found.items():
        try:
            await set_transit_times(uow, SetTransitTimes([way for _, way in lines], location, country))
        except InvalidValue as invalid:
            name, _, index = invalid.field.partition(".")
            line = lines[int(index.partition(".")[0])][0] if name == "times" and index else lines[0][0]
            raise InvalidValue(f"line {line}", invalid.message) from None
    return sum(map(len, found.values()))


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if lacking := sorted(_NEEDED - set(names)):
        raise Unreadable(f"{path} has no column {', '.join(lacking)}")
    if unknown := sorted(set(names) - _KNOWN):
        raise Unreadable(f"{path} has {', '.join(unknown)} (known columns: {', '.join(sorted(_KNOWN))})")


def _way(row: Mapping[str | None, str | None], line: int) -> Way:
    if None in row or None in row.values():
        raise InvalidValue(f"line {line}", "has not as many cells as the heading")
    cells = {name: (cell or "").strip() for name, cell in row.items() if name}
    if not all(cells[name].isdecimal() and len(cells[name]) <= _MOST_DIGITS for name in ("min_days", "max_days")):
        raise InvalidValue(f"line {line}", "min_days and max_days are whole numbers")
    speed = cells.get("speed", "").lower() or ShippingSpeed.STANDARD.value
    if speed not in list(ShippingSpeed):
        raise InvalidValue(f"line {line}", f"the speed is one of {', '.join(ShippingSpeed)}, not {speed!r}")
    return Way(
        cells["country"],
        int(cells["min_days"]),
        int(cells["max_days"]),
        cells.get("postcode_prefix", ""),
        ShippingSpeed(speed),
        cells.get("time_zone", ""),
    )
