from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.inventory.calendars import Calendar, WorkingDays
from packhouse.routing.promises import (
    Promise,
    Timetable,
    Transit,
    Window,
    promise_as_json,
    promise_from_json,
    promise_of,
    promise_of_all,
)

LONDON = Calendar("Europe/London", "15:00")
AUCKLAND = Calendar("Pacific/Auckland", "15:00")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def promised(calendar: Calendar, transit: Transit, at: str) -> tuple[str, str, str]:
    promise = promise_of(Timetable(calendar, transit), moment(at))
    assert promise.delivery is not None
    return str(promise.dispatch_on), str(promise.delivery.earliest), str(promise.delivery.latest)


@pytest.mark.parametrize(
    ("at", "days", "expected"),
    [
        # Monday before the cut-off
        ("2026-03-02 14:59:59", (1, 2), ("2026-03-02", "2026-03-03", "2026-03-04")),
        ("2026-03-02 15:00:00", (1, 2), ("2026-03-03", "2026-03-04", "2026-03-05")),
        # Friday: the weekend does not count
        ("2026-03-06 12:00:00", (1, 2), ("2026-03-06", "2026-03-09", "2026-03-10")),
        ("2026-03-06 12:00:00", (0, 0), ("2026-03-06", "2026-03-06", "2026-03-06")),
        # the 25th and 26th of December are holidays, and a weekend follows
        ("2026-12-23 12:00:00", (1, 3), ("2026-12-23", "2026-12-24", "2026-12-29")),
    ],
)
def test_the_way_takes_working_days_of_where_it_goes(at: str, days: tuple[int, int], expected: tuple[str, ...]) -> None:
    christmas = WorkingDays(holidays=frozenset((day("2026-12-25"), day("2026-12-26"))))
    assert promised(LONDON, Transit(*days, "Europe/London", christmas), at) == expected


def test_a_place_where_saturday_is_a_delivery_day_is_reached_on_saturday() -> None:
    six_days = WorkingDays(frozenset(range(1, 7)))
    assert promised(LONDON, Transit(1, 2, "Europe/London", six_days), "2026-03-06 12:00:00") == (
        "2026-03-06",
        "2026-03-07",
        "2026-03-09",
    )
    # it leaves on a Saturday, which is no delivery day there: the same day is the next one that is
    weekend = Calendar("Europe/London", "15:00", WorkingDays(frozenset((6, 7))))
    assert promised(weekend, Transit(0, 0, "Europe/London"), "2026-03-07 12:00:00")[1:] == ("2026-03-09", "2026-03-09")


def test_days_are_the_senders_and_then_the_receivers_and_moments_are_theirs() -> None:
    # Monday 01:00 in UTC is 14:00 in Auckland
    promise = promise_of(Timetable(AUCKLAND, Transit(3, 4, "America/Los_Angeles")), moment("2026-03-02 01:00:00"))
    assert (promise.dispatch_on, promise.dispatch_by) == (day("2026-03-02"), moment("2026-03-02 10:59:59"))
    # the clocks in Los Angeles go forward on Sunday the 8th
    assert promise.delivery == Window(
        day("2026-03-05"), day("2026-03-06"), moment("2026-03-05 08:00:00"), moment("2026-03-07 07:59:59")
    )
    later = promise_of(Timetable(AUCKLAND, Transit(3, 5, "America/Los_Angeles")), moment("2026-03-02 01:00:00"))
    assert later.delivery is not None
    assert (later.delivery.latest, later.delivery.closes) == (day("2026-03-09"), moment("2026-03-10 06:59:59"))


def test_without_transit_times_only_the_dispatch_is_promised() -> None:
    promise = promise_of(Timetable(LONDON), moment("2026-07-01 13:59:59"))
    assert promise == Promise(day("2026-07-01"), moment("2026-07-01 22:59:59"))


def test_an_order_in_parts_is_there_when_the_last_part_is() -> None:
    at = moment("2026-03-02 01:00:00")
    near = promise_of(Timetable(LONDON, Transit(1, 5, "Europe/London")), at)
    far = promise_of(Timetable(AUCKLAND, Transit(3, 4, "Europe/London")), at)
    whole = promise_of_all([near, far])
    assert whole is not None
    assert (whole.dispatch_on, whole.dispatch_by) == (near.dispatch_on, near.dispatch_by), (
        "Auckland's Monday ends first"
    )
    assert whole.delivery is not None
    assert (whole.delivery.earliest, whole.delivery.latest) == (day("2026-03-05"), day("2026-03-09"))
    assert promise_of_all([near]) == near
    assert promise_of_all([near, None]) is None
    assert promise_of_all([]) is None
    partly = promise_of_all([near, promise_of(Timetable(AUCKLAND), at)])
    assert partly is not None
    assert partly.delivery is None


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (the zone is given apart)
    st.sampled_from(["UTC", "Europe/London", "America/New_York", "Pacific/Auckland"]),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_a_window_opens_before_it_closes_and_is_kept(at: datetime, zone: str, least: int, more: int) -> None:
    promise = promise_of(Timetable(LONDON, Transit(least, least + more, zone)), at)
    window = promise.delivery
    assert window is not None
    assert promise.dispatch_on <= window.earliest <= window.latest
    assert window.opens < window.closes
    assert window.closes - window.opens >= timedelta(hours=22)
    assert promise_from_json(orjson.loads(orjson.dumps(promise_as_json(promise)))) == promise
