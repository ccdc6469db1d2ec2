from datetime import timedelta

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType

from packhouse.storage import Database
from packhouse.testing.graphql import Execute
from packhouse.testing.past_orders import START, OrderRow, ShipmentRow, after, save_orders

PROMISED = after(days=2)


@pytest.fixture
async def orders(database: Database) -> None:
    def sent(hours: int, *scores: int) -> OrderRow:
        return OrderRow(
            confirmed_at=after(minutes=1),
            lines=[(1, 1, 0)],
            shipments=[ShipmentRow(after(hours=5), PROMISED + timedelta(hours=hours), "delivered", "ups")],
            promises=[(PROMISED, START)],
            reviews=[(score, after(days=7)) for score in scores],
        )

    demo = OrderRow(after(hours=1), channel="demo", is_demo=True)
    await save_orders(database, sent(-3, 5), sent(-1, 4), sent(3, 1), demo)


@pytest.mark.usefixtures("orders")
async def test_step_durations(execute: Execute) -> None:
    document = """
        query Steps($period: ReportPeriod, $filter: ReportFilter) {
          stepDurations(period: $period, groupBy: CARRIER, filter: $filter) {
            key
            steps { step unit count medianSeconds p90Seconds contradictoryCount }
          }
        }"""
    (group,) = (await execute(document))["stepDurations"]
    assert group["key"] == "ups"
    figures = {step.pop("step"): step for step in group["steps"]}
    assert figures["HANDED_OVER_TO_DELIVERED"] == {
        "unit": "SHIPMENT",
        "count": 3,
        "medianSeconds": 42 * 3600,
        "p90Seconds": 46 * 3600,
        "contradictoryCount": 0,
    }
    assert figures["WORK_STARTED_TO_PACKED"] == {
        "unit": "FULFILLMENT_ORDER",
        "count": 0,
        "medianSeconds": None,
        "p90Seconds": None,
        "contradictoryCount": 0,
    }
    later = {"period": {"from": "2026-03-03T00:00:00+01:00"}}
    assert await execute(document, later) == {"stepDurations": []}
    elsewhere = {"filter": {"channels": ["shop"]}}
    assert await execute(document, elsewhere) == {"stepDurations": []}


@pytest.mark.usefixtures("orders")
async def test_delivery_performance(execute: Execute) -> None:
    document = """{
          deliveryPerformance {
            key promised delivered onTime late undeliveredPastPromise onTimeShare medianLatenessSeconds p90LatenessSeconds
            onTimeReviewCount onTimeAverageScore lateReviewCount lateAverageScore
          }
        }"""
    assert await execute(document) == {
        "deliveryPerformance": [
            {
                "key": None,
                "promised": 3,
                "delivered": 3,
                "onTime": 2,
                "late": 1,
                "undeliveredPastPromise": 0,
                "onTimeShare": "0.6666666666666666666666666667",
                "medianLatenessSeconds": 3 * 3600,
                "p90LatenessSeconds": 3 * 3600,
                "onTimeReviewCount": 2,
                "onTimeAverageScore": "4.5",
                "lateReviewCount": 1,
                "lateAverageScore": "1",
            }
        ]
    }


@pytest.mark.usefixtures("orders")
async def test_orders_by_hour_of_week(execute: Execute) -> None:
    document = """
        query Hours($zone: String!, $filter: ReportFilter) {
          ordersByHourOfWeek(timeZone: $zone, filter: $filter) { weekday hour orders amounts { amount currency } }
        }"""
    cells = (await execute(document, {"zone": "Europe/Berlin", "filter": {"includeDemo": True}}))["ordersByHourOfWeek"]
    assert len(cells) == 168
    assert [cell for cell in cells if cell["orders"]] == [
        {"weekday": 1, "hour": 10, "orders": 3, "amounts": [{"amount": "30.00", "currency": "GBP"}]},
        {"weekday": 1, "hour": 11, "orders": 1, "amounts": [{"amount": "10.00", "currency": "GBP"}]},
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('ordersByHourOfWeek(timeZone: "Mars/Base") { hour }', "'Mars/Base' is not an IANA time zone"),
        ('stepDurations(period: {from: "2026-01-01T00:00:00"}) { key }', "is not a moment in ISO 8601 with an offset"),
        (
            'deliveryPerformance(period: {from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"}) { key }',
            "2026-01-01 00:00:00+00:00 is not after the start",
        ),
    ],
)
async def test_questions_that_make_no_sense_are_refused(execute: Execute, field: str, message: str) -> None:
    (error,) = await execute(f"{{ {field} }}", errors=True)
    assert message in error["message"]


def test_every_report_is_described(graphql_schema: strawberry.Schema) -> None:
    reports = ("StepDuration", "StepDurationGroup", "DeliveryPerformance", "HourOfWeek", "ReportPeriod", "ReportFilter")
    for name in reports:
        described = graphql_schema._schema.type_map[name]
        assert isinstance(described, GraphQLObjectType | GraphQLInputObjectType)
        assert described.description
        assert all(field.description for field in described.fields.values())
