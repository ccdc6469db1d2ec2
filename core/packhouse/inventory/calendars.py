"""When somebody works: days of the week, holidays, and until when an order is work of the same day; pure.

Days are those of the calendar's own time zone, written as ISO 8601 does; days of the week are numbers, Monday 1 to Sunday 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from packhouse.sdk import InvalidValue

MONDAY_TO_FRIDAY = frozenset(range(1, 6))
_SUNDAY = 7
_MOST_HOLIDAYS = 400
_MOST_HANDLING_DAYS = 90
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """On which days somebody works: the days of the week, less the holidays."""

    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays and day not in self.holidays

    def first_from(self, day: date) -> date:
        """The day itself, or the next one on which somebody works."""
        while day not in self:
            day += _DAY
        return day

    def after(self, day: date, count: int) -> date:
        """The day so many working days behind another; with none the day itself, or the next on which somebody works."""
        for _ in range(count):
            day = self.first_from(day + _DAY)
        return day if count else self.first_from(day)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A location's calendar. An order given out before `cut_off` is work of the same day, and leaves `handling_days`
    working days later.
    """

    time_zone: str
    cut_off: str
    days: WorkingDays = WorkingDays()
    handling_days: int = 0

    def leaves_on(self, at: datetime) -> date:
        """The day on which an order leaves that is given out at a moment."""
        zone = ZoneInfo(self.time_zone)
        today = at.astimezone(zone).date()
        is_over = at >= moment_of(today, time.fromisoformat(self.cut_off), zone)
        return self.days.after(self.days.first_from(today + _DAY if is_over else today), self.handling_days)


def moment_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which clocks somewhere show a time; the first one where they show it twice."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def begin_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC."""
    return moment_of(day, time.min, zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day, in UTC."""
    return begin_of_day(day + _DAY, zone) - timedelta(seconds=1)


def last_cut_off(time_zone: str, cut_off: str, at: datetime) -> datetime:
    """When the clocks of a zone last showed a time, up to a moment, in UTC."""
    zone, clock = ZoneInfo(time_zone), time.fromisoformat(cut_off)
    today = at.astimezone(zone).date()
    last = moment_of(today, clock, zone)
    return last if last <= at else moment_of(today - _DAY, clock, zone)


def checked_calendar(calendar: Calendar, path: str = "calendar") -> Calendar:
    """The calendar itself if it can be kept.

    Raises:
        InvalidValue: a time zone, time or days that cannot be.
    """
    check_time_zone(calendar.time_zone, f"{path}.timeZone")
    if not is_clock(calendar.cut_off):
        raise InvalidValue(f"{path}.cutOff", f'{calendar.cut_off!r} is not a time such as "15:00"')
    check_days(calendar.days, path)
    if not 0 <= calendar.handling_days <= _MOST_HANDLING_DAYS:
        raise InvalidValue(f"{path}.handlingDays", f"expected 0 to {_MOST_HANDLING_DAYS} working days")
    return calendar


def check_days(days: WorkingDays, path: str) -> None:
    """Let pass what can be kept.

    Raises:
        InvalidValue: no day of the week, one that is none, or too many holidays.
    """
    if not days.weekdays or not all(1 <= day <= _SUNDAY for day in days.weekdays):
        raise InvalidValue(f"{path}.workingDays", "expected days of the week, Monday 1 to Sunday 7, one at least")
    if len(days.holidays) > _MOST_HOLIDAYS:
        raise InvalidValue(f"{path}.holidays", f"expected at most {_MOST_HOLIDAYS} days")


def check_time_zone(name: str, field: str) -> None:
    """Let pass what the tz database knows.

    Raises:
        InvalidValue: it is no time zone.
    """
    if name not in available_timezones():
        raise InvalidValue(field, f'{name!r} is not a time zone of the tz database, such as "Europe/London"')


def is_clock(value: object) -> bool:
    """Whether it is a time of the day such as 15:00."""
    try:
        return isinstance(value, str) and time.fromisoformat(value).strftime("%H:%M") == value
    except ValueError:
        return False


def calendar_as_json(calendar: Calendar) -> dict[str, Any]:
    """A calendar as it is kept."""
    return {
        "timeZone": calendar.time_zone,
        "cutOff": calendar.cut_off,
        "handlingDays": calendar.handling_days,
        **days_as_json(calendar.days),
    }


def calendar_from_json(kept: Mapping[str, Any]) -> Calendar:
    """The calendar that was kept."""
    return Calendar(kept["timeZone"], kept["cutOff"], days_from_json(kept), kept["handlingDays"])


def days_as_json(days: WorkingDays) -> dict[str, Any]:
    """Working days as they are kept."""
    return {"weekdays": sorted(days.weekdays), "holidays": [day.isoformat() for day in sorted(days.holidays)]}


def days_from_json(kept: Mapping[str, Any]) -> WorkingDays:
    """The working days that were kept."""
    return WorkingDays(frozenset(kept["weekdays"]), frozenset(map(date.fromisoformat, kept["holidays"])))
