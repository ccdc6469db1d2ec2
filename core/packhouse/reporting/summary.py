"""The reports as small tables of text, for a terminal."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from packhouse.reporting.queries import ALWAYS, delivery_performance, orders_by_hour_of_week, step_durations
from packhouse.reporting.rules import (
    DeliveryPerformance,
    HourOfWeek,
    OrderFilter,
    Period,
    ReportGroup,
    StepDurationGroup,
)
from packhouse.storage import Database

WITH_DEMO = OrderFilter(include_demo=True)

_NONE = "-"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BUSIEST = 5
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table: its title, its column heads, and rows of as many texts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


async def report_tables(
    database: Database, period: Period = ALWAYS, orders: OrderFilter = WITH_DEMO, *, zone: str = "UTC"
) -> list[ReportTable]:
    """The three reports on the orders of a period, demo orders too unless `orders` says otherwise.

    Raises:
        InvalidValue: there is no time zone `zone`.
    """
    steps = await step_durations(database, period, ReportGroup.NONE, orders)
    carriers = await delivery_performance(database, period, ReportGroup.CARRIER, orders)
    hours = await orders_by_hour_of_week(database, zone, period, orders)
    return [_steps_table(steps), _performance_table(carriers), _hours_table(hours, zone)]


def describe_seconds(seconds: int | None) -> str:
    """A duration for people in its largest unit and the next one: `3 d 4 h`, `12 min 5 s`, `0 s`; a dash for None."""
    if seconds is None:
        return _NONE
    largest = next((index for index, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    parts: list[str] = []
    rest = seconds
    for name, size in _UNITS[largest : largest + 2]:
        count, rest = divmod(rest, size)
        if count or not parts:
            parts.append(f"{count} {name}")
    return " ".join(parts)


def _steps_table(groups: list[StepDurationGroup]) -> ReportTable:
    rows = [
        (
            step.step.value.replace("_", " "),
            str(step.count),
            describe_seconds(step.median_seconds),
            describe_seconds(step.p90_seconds),
        )
        for group in groups
        for step in group.steps
    ]
    return ReportTable("Time in each step", ("step", "count", "median", "p90"), tuple(rows))


def _performance_table(groups: list[DeliveryPerformance]) -> ReportTable:
    columns = (
        "carrier",
        "promised",
        "delivered",
        "late",
        "on time",
        "overdue",
        "median lateness",
        "score",
        "score if late",
    )
    rows = [
        (
            group.key or "(none yet)",
            str(group.promised),
            str(group.delivered),
            str(group.late),
            _percent(group.on_time_share),
            str(group.overdue),
            describe_seconds(group.median_lateness_seconds),
            _score(group.on_time_reviews.average),
            _score(group.late_reviews.average),
        )
        for group in groups
    ]
    return ReportTable("Promised against actual delivery", columns, tuple(rows))


def _hours_table(cells: list[HourOfWeek], zone: str) -> ReportTable:
    busiest = sorted((cell for cell in cells if cell.orders), key=lambda cell: -cell.orders)[:_BUSIEST]
    rows = [
        (
            f"{_WEEKDAYS[cell.weekday - 1]} {cell.hour:02d}:00",
            str(cell.orders),
            ", ".join(str(amount) for amount in cell.amounts),
        )
        for cell in busiest
    ]
    return ReportTable(f"Busiest hours of the week ({zone})", ("hour", "orders", "amounts"), tuple(rows))


def _percent(share: Decimal | None) -> str:
    return _NONE if share is None else f"{(share * 100).quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)} %"


def _score(average: Decimal | None) -> str:
    return _NONE if average is None else str(average.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
