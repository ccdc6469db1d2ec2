"""The figures of the reports."""

from decimal import Decimal

import strawberry

from packhouse.reporting import rules
from packhouse.reporting.rules import ReportGroup, ReportStep, ReportUnit
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import Money

expose(ReportGroup, ReportStep, ReportUnit)

_KEY = "Code of the channel, location or carrier; null for all orders, or where it is not known (not shipped yet)."


@strawberry.type(description="How long one step took.")
class StepDuration:
    step: ReportStep = strawberry.field(description="Which step.")
    unit: ReportUnit = strawberry.field(description="What is counted.")
    count: int = strawberry.field(description="How many went through the step.")
    median_seconds: int | None = strawberry.field(
        description="Nearest-rank median: half of them took this long or less. Whole seconds, fractions dropped."
    )
    p90_seconds: int | None = strawberry.field(
        description="Nearest-rank 90th percentile: nine in ten took this long or less. Whole seconds, fractions dropped."
    )
    contradictory_count: int = strawberry.field(
        description="How many ended the step before they began it, according to the data; they are in no other figure."
    )

    @classmethod
    def of(cls, row: rules.StepDuration) -> "StepDuration":
        """The figures of a step."""
        return cls(
            step=row.step,
            unit=row.step.unit,
            count=row.count,
            median_seconds=row.median_seconds,
            p90_seconds=row.p90_seconds,
            contradictory_count=row.contradictory,
        )


@strawberry.type(description="How long each step took in one channel, location or carrier.")
class StepDurationGroup:
    key: str | None = strawberry.field(description=_KEY)
    steps: list[StepDuration] = strawberry.field(description="Every step, in the order of an order's way.")

    @classmethod
    def of(cls, row: rules.StepDurationGroup) -> "StepDurationGroup":
        """The steps of a group."""
        return cls(key=row.key, steps=[StepDuration.of(step) for step in row.steps])


@strawberry.type(description="Promised against actual delivery in one channel, location or carrier.")
class DeliveryPerformance:
    key: str | None = strawberry.field(description=_KEY)
    promised: int = strawberry.field(description="Orders with a promise that counts: the newest made before delivery.")
    delivered: int = strawberry.field(
        description="Promised orders of which nothing is left to ship and the last shipment was delivered."
    )
    on_time: int = strawberry.field(description="Delivered at the promised moment or before.")
    late: int = strawberry.field(description="Delivered after the promised moment.")
    undelivered_past_promise: int = strawberry.field(
        description="Not delivered though the promised moment is past; without completed, cancelled and expired orders."
    )
    on_time_share: Decimal | None = strawberry.field(
        description="On-time orders of the delivered ones, 0 to 1, to 28 digits; null where none was delivered."
    )
    median_lateness_seconds: int | None = strawberry.field(
        description="Nearest-rank median of the late orders' seconds from promise to delivery."
    )
    p90_lateness_seconds: int | None = strawberry.field(
        description="Nearest-rank 90th percentile of the late orders' seconds from promise to delivery."
    )
    on_time_review_count: int = strawberry.field(description="Reviews of the on-time orders.")
    on_time_average_score: Decimal | None = strawberry.field(description="Their average score, 1 to 5.")
    late_review_count: int = strawberry.field(description="Reviews of the late orders.")
    late_average_score: Decimal | None = strawberry.field(description="Their average score, 1 to 5.")

    @classmethod
    def of(cls, row: rules.DeliveryPerformance) -> "DeliveryPerformance":
        """The figures of a group."""
        return cls(
            key=row.key,
            promised=row.promised,
            delivered=row.delivered,
            on_time=row.on_time,
            late=row.late,
            undelivered_past_promise=row.overdue,
            on_time_share=row.on_time_share,
            median_lateness_seconds=row.median_lateness_seconds,
            p90_lateness_seconds=row.p90_lateness_seconds,
            on_time_review_count=row.on_time_reviews.count,
            on_time_average_score=row.on_time_reviews.average,
            late_review_count=row.late_reviews.count,
            late_average_score=row.late_reviews.average,
        )


@strawberry.type(description="Orders placed in one hour of the local week.")
class HourOfWeek:
    weekday: int = strawberry.field(description="1 (Monday) to 7 (Sunday), as ISO 8601 counts.")
    hour: int = strawberry.field(description="0 to 23.")
    orders: int = strawberry.field(description="Orders placed, cancelled ones included.")
    amounts: list[Money] = strawberry.field(description="Sum of their totals, one for each currency.")

    @classmethod
    def of(cls, row: rules.HourOfWeek) -> "HourOfWeek":
        """The figures of an hour."""
        amounts = [Money(amount=amount.amount, currency=amount.currency) for amount in row.amounts]
        return cls(weekday=row.weekday, hour=row.hour, orders=row.orders, amounts=amounts)
