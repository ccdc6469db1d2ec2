from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from packhouse.feedback.models import Review
from packhouse.reporting.queries import delivery_performance
from packhouse.reporting.rules import DeliveryPerformance, ReportGroup, ReviewScores
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.past_orders import START, OrderRow, ShipmentRow, after, save_location, save_orders

MINUTE = 60
DAY = 24 * 3600
PROMISED = after(days=3)
CHECKOUT = [(PROMISED, START)]


def delivered(late_by: timedelta, carrier: str = "ups") -> ShipmentRow:
    return ShipmentRow(after(days=1), PROMISED + late_by, "delivered", carrier)


async def test_without_orders_there_are_no_figures(database: Database) -> None:
    (nothing,) = await delivery_performance(database)
    assert nothing == DeliveryPerformance(None)
    assert (nothing.delivered, nothing.on_time_share, nothing.late_reviews.average) == (0, None, None)
    assert await delivery_performance(database, group=ReportGroup.CHANNEL) == []


async def test_late_is_delivered_after_the_promised_moment(database: Database) -> None:
    tick = timedelta(microseconds=1)
    lateness = (timedelta(0), tick, -tick, timedelta(minutes=5), timedelta(days=1), timedelta(days=-2))
    for late_by in lateness:
        await save_orders(database, OrderRow(shipments=[delivered(late_by)], promises=CHECKOUT))
    (found,) = await delivery_performance(database)
    assert found == DeliveryPerformance(
        None,
        promised=6,
        on_time=3,
        late=3,
        overdue=0,
        median_lateness_seconds=5 * MINUTE,
        p90_lateness_seconds=DAY,
    )
    assert found.delivered == 6
    assert found.on_time_share == Decimal("0.5")


async def test_the_newest_promise_before_the_delivery_counts(database: Database) -> None:
    first, corrected = (after(days=2), START), (after(days=4), after(days=1))
    excuse = (after(days=9), after(days=5))
    parcel = ShipmentRow(delivered_at=after(days=3))
    await save_orders(
        database,
        OrderRow(channel="first", promises=[first], shipments=[parcel]),
        OrderRow(channel="corrected", promises=[corrected, first], shipments=[parcel]),
        OrderRow(channel="excused", promises=[excuse, first], shipments=[parcel]),
        OrderRow(channel="only excused", promises=[excuse], shipments=[parcel]),
        OrderRow(channel="unpromised", shipments=[parcel]),
        OrderRow(channel="waiting", promises=[first, corrected, excuse], shipments=[ShipmentRow()]),
    )
    found = await delivery_performance(database, group=ReportGroup.CHANNEL, as_of=after(days=8))
    assert {group.key: (group.promised, group.on_time, group.late, group.overdue) for group in found} == {
        "corrected": (1, 1, 0, 0),
        "excused": (1, 0, 1, 0),
        "first": (1, 0, 1, 0),
        "waiting": (1, 0, 0, 0),
    }


async def test_overdue_orders_are_those_that_somebody_waits_for(database: Database) -> None:
    waiting = OrderRow(lines=[(1, 0, 0)], promises=CHECKOUT)
    half = OrderRow(lines=[(2, 1, 0)], promises=CHECKOUT, shipments=[delivered(timedelta(0))])
    cancelled = replace(OrderRow(promises=CHECKOUT), status="cancelled")
    expired = replace(OrderRow(promises=CHECKOUT), status="expired")
    # delivered, but nobody noted when
    completed = OrderRow(status="completed", promises=CHECKOUT, shipments=[ShipmentRow(status="delivered")])
    await save_orders(database, waiting, half, cancelled, expired, completed)

    async def overdue(**since_promise: float) -> tuple[int, int]:
        (found,) = await delivery_performance(database, as_of=PROMISED + timedelta(**since_promise))
        return found.promised, found.overdue

    assert await overdue(seconds=1) == (5, 2)
    assert await overdue(seconds=0) == (5, 0)
    # the clock is now unless said otherwise
    (found,) = await delivery_performance(database)
    assert found.overdue == 2


async def test_an_order_cancelled_after_it_was_sent_counts_as_delivered(database: Database) -> None:
    order = OrderRow(status="cancelled", promises=CHECKOUT, shipments=[delivered(timedelta(days=1))])
    await save_orders(database, order)
    (found,) = await delivery_performance(database)
    assert (found.late, found.on_time_share) == (1, Decimal(0))


async def test_review_scores_are_of_late_and_of_on_time_orders(database: Database) -> None:
    def reviewed(late_by: timedelta, *scores: int) -> OrderRow:
        reviews = [(score, after(days=9)) for score in scores]
        return OrderRow(shipments=[delivered(late_by)], promises=CHECKOUT, reviews=reviews)

    on_time, late = timedelta(0), timedelta(days=1)
    await save_orders(
        database,
        reviewed(on_time, 5, 4),
        reviewed(on_time),
        reviewed(on_time, 4),
        reviewed(late, 1),
        reviewed(late, 2),
        OrderRow(promises=CHECKOUT, reviews=[(1, after(days=9))]),
        OrderRow(reviews=[(1, after(days=9))]),
    )
    removed = await Review.filter(score=2).first()
    assert removed is not None
    await Review.create(
        order_id=removed.order_id, platform="test", external_id="removed", score=5, created_at=now(), removed_at=now()
    )
    (found,) = await delivery_performance(database)
    assert (found.on_time_reviews, found.late_reviews) == (ReviewScores(3, 13), ReviewScores(2, 3))
    assert found.late_reviews.average == Decimal("1.5")
    assert found.on_time_reviews.average == Decimal(13) / 3
    assert found.on_time_share == Decimal("0.6")


async def test_groups_are_carriers_and_locations(database: Database) -> None:
    london = await save_location(database, "london")
    ups, dhl = delivered(timedelta(0)), delivered(timedelta(days=1), "dhl")
    await save_orders(
        database,
        OrderRow(promises=CHECKOUT, shipments=[ups, dhl]),
        OrderRow(promises=CHECKOUT, shipments=[replace(ups, location_id=london)]),
        OrderRow(promises=CHECKOUT),
    )
    by_carrier = await delivery_performance(database, group=ReportGroup.CARRIER)
    assert [(group.key, group.on_time, group.late, group.overdue) for group in by_carrier] == [
        ("dhl", 0, 1, 0),
        ("ups", 1, 1, 0),
        (None, 0, 0, 1),
    ]
    by_location = await delivery_performance(database, group=ReportGroup.LOCATION)
    assert [(group.key, group.on_time, group.late, group.overdue) for group in by_location] == [
        ("london", 1, 0, 0),
        (None, 0, 1, 1),
    ]
