from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.inventory.calendars import (
    Calendar,
    WorkingDays,
    begin_of_day,
    calendar_as_json,
    calendar_from_json,
    checked_calendar,
    end_of_day,
    last_cut_off,
)
from packhouse.sdk import InvalidValue

LONDON = "Europe/London"
# Easter of 2026: Good Friday the 3rd of April, Easter Monday the 6th
EASTER = frozenset((date(2026, 4, 3), date(2026, 4, 6)))
ZONES = ("UTC", LONDON, "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Africa/Cairo")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        # the 2nd of March 2026 is a Monday
        ("2026-03-02 14:59:59", "2026-03-02"),
        ("2026-03-02 15:00:00", "2026-03-03"),
        ("2026-03-06 15:00:00", "2026-03-09"),
        ("2026-03-07 09:00:00", "2026-03-09"),
        # the clocks go forward on the 29th: 15:00 in London is 14:00 in UTC
        ("2026-03-30 13:59:59", "2026-03-30"),
        ("2026-03-30 14:00:00", "2026-03-31"),
        # and back on the 25th of October
        ("2026-10-26 14:59:59", "2026-10-26"),
        ("2026-10-26 15:00:00", "2026-10-27"),
        # over Easter
        ("2026-04-02 13:59:59", "2026-04-02"),
        ("2026-04-02 14:00:00", "2026-04-07"),
        ("2026-04-03 08:00:00", "2026-04-07"),
    ],
)
def test_before_the_cut_off_it_leaves_the_same_day(at: str, leaves: str) -> None:
    assert Calendar(LONDON, "15:00", WorkingDays(holidays=EASTER)).leaves_on(moment(at)) == day(leaves)


@pytest.mark.parametrize(
    ("handling", "leaves"), [(0, "2026-04-01"), (1, "2026-04-02"), (2, "2026-04-07"), (5, "2026-04-10")]
)
def test_handling_takes_working_days(handling: int, leaves: str) -> None:
    calendar = Calendar(LONDON, "15:00", WorkingDays(holidays=EASTER), handling)
    assert calendar.leaves_on(moment("2026-04-01 12:00:00")) == day(leaves)


@pytest.mark.parametrize(
    ("zone", "leaves"),
    [("Pacific/Auckland", "2026-03-10"), ("Europe/London", "2026-03-09"), ("America/Los_Angeles", "2026-03-09")],
)
def test_a_day_is_the_locations_own(zone: str, leaves: str) -> None:
    # Monday 06:30 in London is 19:30 in Auckland, and Sunday 23:30 in Los Angeles
    assert Calendar(zone, "18:00").leaves_on(moment("2026-03-09 06:30:00")) == day(leaves)


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        # New York skips 02:00 to 03:00 on the 8th of March: 02:30 is taken for 03:30 there, 07:30 in UTC
        ("2026-03-08 07:29:59", "2026-03-08"),
        ("2026-03-08 07:30:00", "2026-03-09"),
        # and repeats 01:00 to 02:00 on the 1st of November: see the test below for a cut-off that is shown twice
        ("2026-11-01 07:29:59", "2026-11-01"),
        ("2026-11-01 07:30:00", "2026-11-02"),
    ],
)
def test_a_cut_off_that_the_clocks_skip_is_an_hour_later(at: str, leaves: str) -> None:
    every_day = WorkingDays(frozenset(range(1, 8)))
    assert Calendar("America/New_York", "02:30", every_day).leaves_on(moment(at)) == day(leaves)


def test_a_cut_off_that_the_clocks_show_twice_is_the_first() -> None:
    calendar = Calendar("America/New_York", "01:30", WorkingDays(frozenset(range(1, 8))))
    assert calendar.leaves_on(moment("2026-11-01 05:29:59")) == day("2026-11-01")
    assert calendar.leaves_on(moment("2026-11-01 05:30:00")) == day("2026-11-02")
    assert last_cut_off("America/New_York", "01:30", moment("2026-11-01 06:45:00")) == moment("2026-11-01 05:30:00")


@pytest.mark.parametrize(
    ("zone", "of", "begins", "ends"),
    [
        (LONDON, "2026-03-29", "2026-03-29 00:00:00", "2026-03-29 22:59:59"),
        (LONDON, "2026-10-25", "2026-10-24 23:00:00", "2026-10-25 23:59:59"),
        # midnight is skipped in Cairo: the day begins at 01:00
        ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00:00", "2026-04-24 20:59:59"),
        ("Pacific/Auckland", "2026-03-02", "2026-03-01 11:00:00", "2026-03-02 10:59:59"),
    ],
)
def test_a_day_ends_with_its_last_second_there(zone: str, of: str, begins: str, ends: str) -> None:
    assert (begin_of_day(day(of), ZoneInfo(zone)), end_of_day(day(of), ZoneInfo(zone))) == (
        moment(begins),
        moment(ends),
    )


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (the zone is given apart)
    st.sampled_from(ZONES),
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(0, 5),
)
def test_it_leaves_on_a_working_day_that_is_not_over_and_later_never_sooner(
    at: datetime, zone: str, weekdays: set[int], handling: int
) -> None:
    calendar = Calendar(zone, "15:00", WorkingDays(frozenset(weekdays)), handling)
    leaves = calendar.leaves_on(at)
    assert leaves.isoweekday() in weekdays
    assert end_of_day(leaves, ZoneInfo(zone)) >= at.replace(microsecond=0)
    assert calendar.leaves_on(at.replace(microsecond=0)) <= leaves
    assert Calendar(zone, "15:00", calendar.days, handling + 1).leaves_on(at) > leaves
    assert calendar_from_json(orjson.loads(orjson.dumps(calendar_as_json(calendar)))) == calendar


@pytest.mark.parametrize(
    ("calendar", "field"),
    [
        (Calendar("London", "15:00"), "calendar.timeZone"),
        (Calendar(LONDON, "3pm"), "calendar.cutOff"),
        (Calendar(LONDON, "15:00:30"), "calendar.cutOff"),
        (Calendar(LONDON, "15:00", WorkingDays(frozenset())), "calendar.workingDays"),
        (Calendar(LONDON, "15:00", WorkingDays(frozenset((0,)))), "calendar.workingDays"),
        (Calendar(LONDON, "15:00", WorkingDays(frozenset((8,)))), "calendar.workingDays"),
        (Calendar(LONDON, "15:00", handling_days=-1), "calendar.handlingDays"),
        (Calendar(LONDON, "15:00", handling_days=91), "calendar.handlingDays"),
        (
            Calendar(LONDON, "15:00", WorkingDays(holidays=frozenset(map(date.fromordinal, range(1, 402))))),
            "calendar.holidays",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_told(calendar: Calendar, field: str) -> None:
    with pytest.raises(InvalidValue) as told:
        checked_calendar(calendar)
    assert told.value.field == field
