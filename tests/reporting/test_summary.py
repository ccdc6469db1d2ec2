from datetime import timedelta

import pytest

from packhouse.reporting.rules import OrderFilter
from packhouse.reporting.summary import describe_seconds, report_tables
from packhouse.storage import Database
from packhouse.testing.past_orders import START, OrderRow, ShipmentRow, after, save_orders


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_659, "1 h"),
        (7_320, "2 h 2 min"),
        (86_399, "23 h 59 min"),
        (86_460, "1 d"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_are_told_in_two_units(seconds: int | None, text: str) -> None:
    assert describe_seconds(seconds) == text


async def test_the_three_reports_fit_a_terminal(database: Database) -> None:
    parcel = ShipmentRow(after(hours=5), after(days=2), "delivered", "ups")
    order = OrderRow(confirmed_at=after(seconds=90), is_demo=True, shipments=[parcel])
    promised = [(after(days=2, hours=-3), START)]
    late = OrderRow(
        START + timedelta(days=7), is_demo=True, shipments=[parcel], promises=promised, reviews=[(2, START)]
    )
    await save_orders(database, order, late, OrderRow(is_demo=True, promises=promised))

    steps, deliveries, hours = await report_tables(database)
    assert steps.title == "Time in each step"
    assert steps.columns == ("step", "count", "median", "p90")
    assert steps.rows[0] == ("placed to confirmed", "1", "1 min 30 s", "1 min 30 s")
    assert steps.rows[1] == ("work created to started", "0", "-", "-")
    assert [row[0] for row in deliveries.rows] == ["ups", "(none yet)"]
    assert deliveries.rows[0] == ("ups", "1", "1", "1", "0.0 %", "0", "3 h", "-", "2.00")
    assert deliveries.rows[1] == ("(none yet)", "1", "0", "0", "-", "1", "-", "-", "-")
    assert hours.title == "Busiest hours of the week (UTC)"
    assert hours.rows == (("Monday 09:00", "3", "30.00 GBP"),)
    for table in (steps, deliveries, hours):
        assert all(len(row) == len(table.columns) for row in table.rows)


async def test_without_demo_orders_the_tables_are_empty(database: Database) -> None:
    await save_orders(database, OrderRow(is_demo=True))
    steps, deliveries, hours = await report_tables(database, orders=OrderFilter())
    assert all(row[1] == "0" for row in steps.rows)
    assert (deliveries.rows, hours.rows) == ((), ())
