"""The reports as root fields."""

from typing import Annotated

import strawberry

from packhouse.reporting import queries
from packhouse.reporting.graphql.inputs import ReportFilter, ReportPeriod
from packhouse.reporting.graphql.types import DeliveryPerformance, HourOfWeek, StepDurationGroup
from packhouse.reporting.rules import OrderFilter, Period, ReportGroup
from packhouse.web.context import Info

PeriodArgument = Annotated[
    ReportPeriod | None, strawberry.argument(description="When the orders were placed; ever if left out.")
]
FilterArgument = Annotated[
    ReportFilter | None, strawberry.argument(description="Which orders count; all but demo orders if left out.")
]
GroupArgument = Annotated[ReportGroup, strawberry.argument(description="What to split by.")]
ZoneArgument = Annotated[
    str,
    strawberry.argument(description="IANA time zone that the hours are of, daylight saving included: Europe/London."),
]


@strawberry.type
class ReportingQueries:
    """Figures over many orders."""

    @strawberry.field(description="How long orders, shipments and warehouse work took in each step.")
    async def step_durations(
        self,
        info: Info,
        period: PeriodArgument = None,
        group_by: GroupArgument = ReportGroup.NONE,
        filter: FilterArgument = None,
    ) -> list[StepDurationGroup]:
        """Groups by key, the unknown last."""
        found = await queries.step_durations(info.context.database, _period(period), group_by, _filter(filter))
        return [StepDurationGroup.of(group) for group in found]

    @strawberry.field(description="Promised against actual delivery: on time, late, and still waited for.")
    async def delivery_performance(
        self,
        info: Info,
        period: PeriodArgument = None,
        group_by: GroupArgument = ReportGroup.NONE,
        filter: FilterArgument = None,
    ) -> list[DeliveryPerformance]:
        """Groups by key, the unknown last."""
        found = await queries.delivery_performance(info.context.database, _period(period), group_by, _filter(filter))
        return [DeliveryPerformance.of(group) for group in found]

    @strawberry.field(description="Orders placed in each of the 168 hours of the week, Monday 0 h first.")
    async def orders_by_hour_of_week(
        self, info: Info, time_zone: ZoneArgument, period: PeriodArgument = None, filter: FilterArgument = None
    ) -> list[HourOfWeek]:
        """All 168 hours, empty ones too."""
        database = info.context.database
        found = await queries.orders_by_hour_of_week(database, time_zone, _period(period), _filter(filter))
        return [HourOfWeek.of(cell) for cell in found]


def _period(given: ReportPeriod | None) -> Period:
    return given.value() if given else Period()


def _filter(given: ReportFilter | None) -> OrderFilter:
    return given.value() if given else OrderFilter()
