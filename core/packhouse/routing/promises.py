"""When an order leaves and when it arrives, by the calendar of who sends it and the days that the way takes; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from packhouse.inventory.calendars import Calendar, WorkingDays, begin_of_day, end_of_day


@dataclass(frozen=True, slots=True)
class Transit:
    """How long the way takes: working days of the carriers from the day it leaves to the day it arrives.

    `days` are those on which carriers deliver where it goes, and `time_zone` is the zone there.
    """

    min_days: int
    max_days: int
    time_zone: str
    days: WorkingDays = field(default_factory=WorkingDays)


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a location's promises to a destination are made of; `transit` is None where nobody knows how long the way takes."""

    calendar: Calendar
    transit: Transit | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From which day to which it is delivered, where it goes, and the same as moments: the first second and the last."""

    earliest: date
    latest: date
    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """It leaves on `dispatch_on`, a day of the location, the last second of which is `dispatch_by`; and when it arrives."""

    dispatch_on: date
    dispatch_by: datetime
    delivery: Window | None = None


def promise_of(timetable: Timetable, at: datetime) -> Promise:
    """What can be promised for an order that a location is given at a moment."""
    calendar, transit = timetable.calendar, timetable.transit
    leaves = calendar.leaves_on(at)
    leaves_by = end_of_day(leaves, ZoneInfo(calendar.time_zone))
    if transit is None:
        return Promise(leaves, leaves_by)
    zone = ZoneInfo(transit.time_zone)
    earliest = transit.days.after(leaves, transit.min_days)
    latest = transit.days.after(leaves, transit.max_days)
    return Promise(leaves, leaves_by, Window(earliest, latest, begin_of_day(earliest, zone), end_of_day(latest, zone)))


def promise_of_all(parts: Iterable[Promise | None]) -> Promise | None:
    """What holds for an order sent in several parts: all of it has left, and all of it is there. None: nobody knows of one."""
    known: list[Promise] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    if not known:
        return None
    last = max(known, key=lambda part: part.dispatch_by)
    windows = [part.delivery for part in known if part.delivery is not None]
    if len(windows) < len(known):
        return Promise(last.dispatch_on, last.dispatch_by)
    opens, closes = max(windows, key=lambda each: each.opens), max(windows, key=lambda each: each.closes)
    return Promise(
        last.dispatch_on,
        last.dispatch_by,
        Window(opens.earliest, closes.latest, opens.opens, closes.closes),
    )


def promise_as_json(promise: Promise) -> dict[str, Any]:
    """A promise as it is kept."""
    window = promise.delivery
    kept = {"dispatchOn": promise.dispatch_on.isoformat(), "dispatchBy": promise.dispatch_by.isoformat()}
    if window is not None:
        kept |= {
            "earliest": window.earliest.isoformat(),
            "latest": window.latest.isoformat(),
            "opens": window.opens.isoformat(),
            "closes": window.closes.isoformat(),
        }
    return kept


def promise_from_json(kept: Mapping[str, Any]) -> Promise:
    """The promise that was kept."""
    window = None
    if "closes" in kept:
        window = Window(
            date.fromisoformat(kept["earliest"]),
            date.fromisoformat(kept["latest"]),
            datetime.fromisoformat(kept["opens"]),
            datetime.fromisoformat(kept["closes"]),
        )
    return Promise(date.fromisoformat(kept["dispatchOn"]), datetime.fromisoformat(kept["dispatchBy"]), window)
