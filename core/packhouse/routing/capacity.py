"""How much work a location takes in a day, and when its day begins; pure.

A limit is {location, unitsPerDay, ordersPerDay, cutOff, timeZone}: what is given out behind the cut-off is work of the next day.
The cut-off is that of the location's calendar, where the limit has none of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from packhouse.inventory.calendars import Calendar, is_clock, last_cut_off

Limit = Mapping[str, Any]

_OPTIONS = frozenset(("location", "unitsPerDay", "ordersPerDay", "cutOff", "timeZone"))
_COUNTS = ("unitsPerDay", "ordersPerDay")


@dataclass(frozen=True, slots=True)
class Work:
    """What has been given out to a location since its day began."""

    units: int = 0
    orders: int = 0


def has_cut_off(limit: Limit) -> bool:
    """Whether a limit says itself when the day begins."""
    return "cutOff" in limit or "timeZone" in limit


def day_began(limit: Limit, at: datetime, calendar: Calendar | None = None) -> datetime:
    """When the day began in which work given out at that moment is counted: at the last cut-off, midnight without one."""
    if calendar is not None and not has_cut_off(limit):
        return last_cut_off(calendar.time_zone, calendar.cut_off, at)
    return last_cut_off(limit.get("timeZone", "UTC"), limit.get("cutOff", "00:00"), at)


def is_full(limit: Limit, work: Work) -> bool:
    """Whether a location has all that it takes in a day; the order that fills it may be larger than the rest."""
    return any(
        name in limit and done >= limit[name] for name, done in zip(_COUNTS, (work.units, work.orders), strict=True)
    )


def a_list_of_limits(value: object) -> str | None:
    """What is wrong with limits as they were given; None: nothing."""
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        return "a list of {location, unitsPerDay, ordersPerDay, cutOff, timeZone} that is not empty"
    for limit in value:
        if problem := _wrong(limit):
            return problem
    places = [limit["location"] for limit in value]
    return None if len(set(places)) == len(places) else "a list that names each location once"


def _wrong(limit: dict[str, object]) -> str | None:
    if unknown := set(limit) - _OPTIONS:
        return f"without {', '.join(sorted(unknown))} (a limit has {', '.join(sorted(_OPTIONS))})"
    if not isinstance(limit.get("location"), str) or not limit["location"]:
        return "limits that each name a location"
    counts = [limit[name] for name in _COUNTS if name in limit]
    if not counts or any(type(count) is not int or count < 0 for count in counts):
        return "limits with unitsPerDay or ordersPerDay, whole numbers of 0 or more"
    if not is_clock(limit.get("cutOff", "00:00")):
        return 'limits whose cutOff is a time such as "15:00"'
    zone = limit.get("timeZone", "UTC")
    if not isinstance(zone, str) or zone not in available_timezones():
        return 'limits whose timeZone is one of the tz database, such as "Europe/London"'
    return None
