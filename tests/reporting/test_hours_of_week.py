from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.reporting.queries import orders_by_hour_of_week
from packhouse.reporting.rules import QUARTER, OrderFilter, Period, WeekTally, time_zone
from packhouse.sdk import InvalidValue, Money
from packhouse.storage import Database
from packhouse.testing.past_orders import START, OrderRow, after, save_orders

Cells = dict[tuple[int, int], int]


async def counted(database: Database, zone: str, period: Period | None = None) -> Cells:
    cells = await orders_by_hour_of_week(database, zone, period or Period())
    assert [(cell.weekday, cell.hour) for cell in cells] == [(day, hour) for day in range(1, 8) for hour in range(24)]
    return {(cell.weekday, cell.hour): cell.orders for cell in cells if cell.orders}


async def test_all_168_hours_are_there(database: Database) -> None:
    assert await counted(database, "Europe/London") == {}


async def test_orders_and_amounts_fall_into_the_local_hour(database: Database) -> None:
    # START is Monday 09:30 UTC: 20:30 in Sydney, 15:00 in Kolkata, Sunday 23:30 in Honolulu
    await save_orders(
        database, OrderRow(total=1050), OrderRow(total=5), OrderRow(currency="JPY", total=700), OrderRow(after(days=7))
    )
    assert await counted(database, "Australia/Sydney") == {(1, 20): 4}
    assert await counted(database, "Asia/Kolkata") == {(1, 15): 4}
    assert await counted(database, "Pacific/Honolulu") == {(7, 23): 4}
    cell = next(cell for cell in await orders_by_hour_of_week(database, "UTC") if cell.orders)
    assert (cell.weekday, cell.hour, cell.amounts) == (1, 9, (Money.of("20.55", "GBP"), Money.of("700", "JPY")))


async def test_daylight_saving_time_is_that_of_the_moment(database: Database) -> None:
    # 2026: clocks in London go forward on Sunday 29 March and back on Sunday 25 October, both at 01:00 UTC
    moments = [
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]
    await save_orders(database, *(OrderRow(moment) for moment in moments))
    assert await counted(database, "Europe/London") == {(7, 0): 1, (7, 2): 1, (7, 1): 2}


async def test_orders_years_apart_are_counted_within_the_period(database: Database) -> None:
    start = datetime(2016, 1, 4, 12, tzinfo=UTC)
    moments = [start + timedelta(days=70 * number, minutes=number) for number in range(60)]
    await save_orders(database, *(OrderRow(moment) for moment in moments))
    period = Period(moments[3], moments[55])
    expected = Counter((moment.isoweekday(), moment.hour) for moment in moments[3:55])
    assert await counted(database, "UTC", period) == expected
    everything = await orders_by_hour_of_week(database, "UTC")
    assert sum(cell.orders for cell in everything) == 60
    none = await orders_by_hour_of_week(database, "UTC", orders=OrderFilter(("shop",)))
    assert sum(cell.orders for cell in none) == 0


async def test_both_databases_agree_with_counting_one_by_one(database: Database) -> None:
    # steps of a prime number of seconds reach every hour of the week, in summer and in winter
    moments = [START + timedelta(seconds=115_249.5 * number) for number in range(300)]
    await save_orders(database, *(OrderRow(moment) for moment in moments))
    for zone in ("America/Sao_Paulo", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"):
        local = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
        assert await counted(database, zone) == Counter((moment.isoweekday(), moment.hour) for moment in local)


@given(st.datetimes(datetime(1973, 1, 1), datetime(2060, 1, 1)), st.sampled_from(sorted(available_timezones())))  # noqa: DTZ001
def test_a_quarter_of_an_hour_is_in_one_local_hour(moment: datetime, name: str) -> None:
    zone, moment = ZoneInfo(name), moment.replace(tzinfo=UTC)
    tally = WeekTally(zone)
    tally.add(int(moment.timestamp()) // QUARTER, "GBP", 1, 100)
    local = moment.astimezone(zone)
    (cell,) = [cell for cell in tally.cells() if cell.orders]
    assert (cell.weekday, cell.hour) == (local.isoweekday(), local.hour)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match=r"timeZone: .* is not an IANA time zone"):
        time_zone(name)
