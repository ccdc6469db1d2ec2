"""The three reports, as functions. Medians and p90 are nearest-rank (see rules.py)."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from packhouse.reporting.rules import (
    DeliveryOutcome,
    DeliveryPerformance,
    HourOfWeek,
    OrderFilter,
    Period,
    ReportGroup,
    ReportStep,
    ReviewScores,
    StepDuration,
    StepDurationGroup,
    WeekTally,
    time_zone,
)
from packhouse.reporting.statements import (
    first_order_statement,
    performance_statement,
    quarters_statement,
    step_statements,
)
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.storage.dialect import read_time

ALWAYS = Period()
ALL_ORDERS = OrderFilter()

Row = Mapping[str, Any]

_WINDOW = timedelta(days=90)


async def step_durations(
    database: Database,
    period: Period = ALWAYS,
    group: ReportGroup = ReportGroup.NONE,
    orders: OrderFilter = ALL_ORDERS,
) -> list[StepDurationGroup]:
    """How long each step took, by group, groups by key with the unknown last.

    A group has every step; one of which nothing was measured is left out (but for the one of ReportGroup.NONE).
    """
    found: dict[str | None, dict[ReportStep, list[Row]]] = defaultdict(lambda: defaultdict(list))
    if group is ReportGroup.NONE:
        found[None] = defaultdict(list)
    for statement in step_statements(database.dialect, group, period, orders):
        for row in await database.fetch(statement.sql, *statement.values):
            found[row["grp"]][ReportStep(row["step"])].append(row)
    return [
        StepDurationGroup(key, tuple(_step_duration(step, found[key][step]) for step in ReportStep))
        for key in _in_order(found)
    ]


async def delivery_performance(
    database: Database,
    period: Period = ALWAYS,
    group: ReportGroup = ReportGroup.NONE,
    orders: OrderFilter = ALL_ORDERS,
    *,
    as_of: datetime | None = None,
) -> list[DeliveryPerformance]:
    """Promised against actual delivery, by group, groups by key with the unknown last.

    An order is delivered when nothing of it is left to ship and its last shipment was delivered; late when that was after
    the promised moment. Of several promises the newest one made before the delivery counts. Overdue: not delivered though
    promised before `as_of` (now), and neither completed, cancelled nor expired. A delivery whose time nobody noted
    (imported history) is none of these.
    """
    statement = performance_statement(database.dialect, group, period, orders, as_of or now())
    found: dict[str | None, dict[DeliveryOutcome, Row]] = defaultdict(dict)
    if group is ReportGroup.NONE:
        found[None] = {}
    for row in await database.fetch(statement.sql, *statement.values):
        found[row["grp"]][DeliveryOutcome(row["outcome"])] = row
    return [_performance(key, found[key]) for key in _in_order(found)]


async def orders_by_hour_of_week(
    database: Database, zone: str, period: Period = ALWAYS, orders: OrderFilter = ALL_ORDERS
) -> list[HourOfWeek]:
    """Orders placed and their totals in each of the 168 hours of the week, local to an IANA time zone.

    Both databases count by quarters of an hour; the zone's rules are Python's, so the answers are equal.

    Raises:
        InvalidValue: there is no such time zone.
    """
    tally = WeekTally(time_zone(zone))
    async for window in _windows(database, period, orders):
        statement = quarters_statement(database.dialect, window, orders)
        for row in await database.fetch(statement.sql, *statement.values):
            tally.add(int(row["quarter"]), row["currency"], int(row["n"]), int(row["total"]))
    return tally.cells()


async def _windows(database: Database, period: Period, orders: OrderFilter) -> AsyncIterator[Period]:
    """The parts of the period that have orders, each short enough to hold its quarters of an hour in memory."""
    rest: Period | None = period
    while rest is not None:
        statement = first_order_statement(database.dialect, rest, orders)
        rows = await database.fetch(statement.sql, *statement.values)
        if not rows:
            return
        start = read_time(rows[0]["placed_at"])
        end = _window_end(start)
        if period.end is None or end < period.end:
            yield Period(start, end)
            rest = Period(end, period.end)
        else:
            yield Period(start, period.end)
            rest = None


def _window_end(start: datetime) -> datetime:
    latest = datetime.max.replace(tzinfo=UTC)
    return start + _WINDOW if start < latest - _WINDOW else latest


def _in_order(keys: Mapping[str | None, object]) -> list[str | None]:
    return sorted(keys, key=lambda key: (key is None, key or ""))


def _step_duration(step: ReportStep, rows: list[Row]) -> StepDuration:
    """The figures of a step from its rows: one of what is in order, one of what is not."""
    counted = next((row for row in rows if row["in_order"]), None)
    contradictory = sum(int(row["n"]) for row in rows if not row["in_order"])
    if counted is None:
        return StepDuration(step, contradictory=contradictory)
    return StepDuration(step, int(counted["n"]), int(counted["median"]), int(counted["p90"]), contradictory)


def _performance(key: str | None, rows: Mapping[DeliveryOutcome, Row]) -> DeliveryPerformance:
    late = rows.get(DeliveryOutcome.LATE)
    return DeliveryPerformance(
        key=key,
        promised=sum(int(row["n"]) for row in rows.values()),
        on_time=_count(rows.get(DeliveryOutcome.ON_TIME)),
        late=_count(late),
        overdue=_count(rows.get(DeliveryOutcome.OVERDUE)),
        median_lateness_seconds=int(late["median"]) if late else None,
        p90_lateness_seconds=int(late["p90"]) if late else None,
        on_time_reviews=_scores(rows.get(DeliveryOutcome.ON_TIME)),
        late_reviews=_scores(late),
    )


def _count(row: Row | None) -> int:
    return int(row["n"]) if row else 0


def _scores(row: Row | None) -> ReviewScores:
    return ReviewScores(int(row["reviews"]), int(row["score"] or 0)) if row else ReviewScores()
