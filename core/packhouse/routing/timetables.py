"""Reading what promises are made of: locations' calendars, and how long the way from each of them takes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from packhouse.inventory.calendars import Calendar, WorkingDays, calendar_from_json, days_from_json
from packhouse.routing.geography import normal_postcode
from packhouse.routing.promises import Timetable, Transit
from packhouse.routing.questions import Destination
from packhouse.sdk import ShippingSpeed
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id, read_json

LONGEST_PREFIX = 10

_CALENDARS = "SELECT id, calendar FROM location WHERE calendar IS NOT NULL AND id IN ({locations})"
_TIMETABLES = """
SELECT location.id, location.calendar, transit_time.location_id AS of_location, transit_time.postcode_prefix,
       transit_time.min_days, transit_time.max_days, transit_time.time_zone,
       country_calendar.time_zone AS country_zone, country_calendar.days
FROM location
LEFT JOIN transit_time ON transit_time.country = $1 AND transit_time.speed = $2
  AND transit_time.postcode_prefix IN ({prefixes})
  AND (transit_time.location_id = location.id
       OR transit_time.location_id IS NULL AND transit_time.origin_country = location.address ->> 'country')
LEFT JOIN country_calendar ON country_calendar.country = $1
WHERE location.calendar IS NOT NULL AND location.id IN ({locations})
"""


async def calendars_of(reader: Reader, locations: Sequence[UUID]) -> Mapping[UUID, Calendar]:
    """The calendars of locations; those that have none are left out."""
    rows = await reader.fetch(_CALENDARS.format(locations=placeholders(len(locations))), *locations)
    return {read_id(row["id"]): calendar_from_json(read_json(row["calendar"])) for row in rows}


async def timetables(
    reader: Reader, locations: Sequence[UUID], destination: Destination, speed: ShippingSpeed
) -> Mapping[UUID, Timetable]:
    """The timetable of each location that has a calendar, in one statement; none where nothing is asked for.

    Times from the location itself come before those from its country, then the longest prefix of the postcode counts.
    """
    if not locations:
        return {}
    prefixes = _prefixes(destination.postcode)
    sql = _TIMETABLES.format(
        prefixes=placeholders(len(prefixes), 3), locations=placeholders(len(locations), 3 + len(prefixes))
    )
    rows = await reader.fetch(sql, destination.country, speed.value, *prefixes, *locations)
    best: dict[UUID, Mapping[str, Any]] = {}
    for row in sorted(rows, key=_exactness):
        best[read_id(row["id"])] = row
    return {location_id: _timetable(row) for location_id, row in best.items()}


def _prefixes(postcode: str) -> list[str]:
    whole = normal_postcode(postcode)[:LONGEST_PREFIX]
    return [whole[:length] for length in range(len(whole) + 1)]


def _exactness(row: Mapping[str, Any]) -> tuple[bool, int]:
    return row["of_location"] is not None, len(row["postcode_prefix"] or "")


def _timetable(row: Mapping[str, Any]) -> Timetable:
    calendar = calendar_from_json(read_json(row["calendar"]))
    if row["min_days"] is None:
        return Timetable(calendar)
    days = WorkingDays() if row["days"] is None else days_from_json(read_json(row["days"]))
    # nobody said which zone it is there: the sender's is the nearest guess
    zone = row["time_zone"] or row["country_zone"] or calendar.time_zone
    return Timetable(calendar, Transit(row["min_days"], row["max_days"], zone, days))
