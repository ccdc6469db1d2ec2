from datetime import datetime, timedelta, timezone

import pytest

from packhouse.reporting.queries import step_durations
from packhouse.reporting.rules import (
    OrderFilter,
    Period,
    ReportGroup,
    ReportStep,
    ReportUnit,
    StepDuration,
    StepDurationGroup,
)
from packhouse.sdk import InvalidValue
from packhouse.storage import Database
from packhouse.testing.past_orders import START, OrderRow, ShipmentRow, WorkRow, after, save_location, save_orders

HOUR = 3600
DAY = 24 * HOUR


def figures(group: StepDurationGroup) -> dict[ReportStep, tuple[int, int | None, int | None]]:
    return {step.step: (step.count, step.median_seconds, step.p90_seconds) for step in group.steps if step.count}


async def test_without_orders_every_step_is_empty(database: Database) -> None:
    nothing = StepDurationGroup(None, tuple(StepDuration(step) for step in ReportStep))
    assert await step_durations(database) == [nothing]
    assert await step_durations(database, group=ReportGroup.CARRIER) == []


async def test_every_step_of_an_order_is_measured(database: Database) -> None:
    location = await save_location(database, "london")
    work = WorkRow(location, after(minutes=1), after(hours=1), after(hours=1, minutes=5), after(hours=8))
    order = OrderRow(
        confirmed_at=after(seconds=20),
        lines=[(2, 2, 0)],
        work=[work],
        shipments=[ShipmentRow(after(hours=9), after(days=2), "delivered", "ups", location, work.id)],
        reviews=[(3, after(days=9)), (5, after(days=4))],
    )
    await save_orders(database, order)
    expected = {
        ReportStep.PLACED_TO_CONFIRMED: (1, 20, 20),
        ReportStep.WORK_CREATED_TO_STARTED: (1, 59 * 60, 59 * 60),
        ReportStep.WORK_STARTED_TO_PACKED: (1, 300, 300),
        ReportStep.WORK_PACKED_TO_CLOSED: (1, 7 * HOUR - 300, 7 * HOUR - 300),
        ReportStep.CONFIRMED_TO_HANDED_OVER: (1, 9 * HOUR - 20, 9 * HOUR - 20),
        ReportStep.HANDED_OVER_TO_DELIVERED: (1, 39 * HOUR, 39 * HOUR),
        ReportStep.PLACED_TO_DELIVERED: (1, 2 * DAY, 2 * DAY),
        ReportStep.DELIVERED_TO_REVIEWED: (1, 2 * DAY, 2 * DAY),
    }
    for group, key in (
        (ReportGroup.NONE, None),
        (ReportGroup.CHANNEL, "web"),
        (ReportGroup.LOCATION, "london"),
        (ReportGroup.CARRIER, "ups"),
    ):
        (found,) = await step_durations(database, group=group)
        assert (found.key, figures(found)) == (key, expected)


async def test_an_order_is_delivered_with_its_last_shipment(database: Database) -> None:
    first, second = ShipmentRow(delivered_at=after(days=1)), ShipmentRow(delivered_at=after(days=3))
    on_its_way, voided = ShipmentRow(), ShipmentRow(status="voided")
    await save_orders(
        database,
        OrderRow(channel="both", lines=[(2, 2, 0)], shipments=[first, second, voided]),
        OrderRow(channel="one of two", lines=[(2, 2, 0)], shipments=[first, on_its_way]),
        OrderRow(channel="rest unshipped", lines=[(2, 1, 0)], shipments=[first]),
        OrderRow(channel="rest cancelled", lines=[(2, 1, 1)], shipments=[first]),
        OrderRow(channel="imported without lines", shipments=[first]),
        OrderRow(channel="nothing sent", lines=[(1, 0, 1)]),
    )
    groups = await step_durations(database, group=ReportGroup.CHANNEL)
    # a channel where nothing was measured is not there at all
    delivered = {group.key: figures(group)[ReportStep.PLACED_TO_DELIVERED] for group in groups}
    assert delivered == {
        "both": (1, 3 * DAY, 3 * DAY),
        "imported without lines": (1, DAY, DAY),
        "rest cancelled": (1, DAY, DAY),
    }


async def test_an_order_of_two_carriers_counts_once_in_each(database: Database) -> None:
    def sent(carrier: str, days: int) -> ShipmentRow:
        return ShipmentRow(after(hours=2), after(days=days), "delivered", carrier)

    await save_orders(
        database,
        OrderRow(confirmed_at=after(seconds=8), shipments=[sent("ups", 1), sent("ups", 2), sent("dhl", 3)]),
        OrderRow(confirmed_at=after(seconds=4)),
    )
    groups = await step_durations(database, group=ReportGroup.CARRIER)
    assert [group.key for group in groups] == ["dhl", "ups", None]
    dhl, ups, unsent = (figures(group) for group in groups)
    assert dhl[ReportStep.PLACED_TO_CONFIRMED] == ups[ReportStep.PLACED_TO_CONFIRMED] == (1, 8, 8)
    assert dhl[ReportStep.HANDED_OVER_TO_DELIVERED] == (1, 3 * DAY - 2 * HOUR, 3 * DAY - 2 * HOUR)
    assert ups[ReportStep.HANDED_OVER_TO_DELIVERED] == (2, DAY - 2 * HOUR, 2 * DAY - 2 * HOUR)
    assert ups[ReportStep.PLACED_TO_DELIVERED] == (1, 3 * DAY, 3 * DAY)
    assert unsent == {ReportStep.PLACED_TO_CONFIRMED: (1, 4, 4)}


async def test_a_location_is_where_the_work_is_or_else_where_the_parcel_left(database: Database) -> None:
    london, leeds = await save_location(database, "london"), await save_location(database, "leeds")
    unsent = [WorkRow(london, after(hours=1)), WorkRow(leeds, after(hours=1), status="cancelled")]
    await save_orders(
        database,
        OrderRow(confirmed_at=after(seconds=1), work=unsent),
        OrderRow(confirmed_at=after(seconds=2), shipments=[ShipmentRow(after(hours=1), location_id=leeds)]),
        OrderRow(confirmed_at=after(seconds=3), shipments=[ShipmentRow(after(hours=2))]),
    )
    groups = await step_durations(database, group=ReportGroup.LOCATION)
    confirmed = {group.key: figures(group)[ReportStep.PLACED_TO_CONFIRMED] for group in groups}
    assert confirmed == {"london": (1, 1, 1), "leeds": (1, 2, 2), None: (1, 3, 3)}


async def test_a_step_that_ends_before_it_begins_is_counted_apart(database: Database) -> None:
    for seconds in (-5, 10, 30):
        await save_orders(database, OrderRow(confirmed_at=after(seconds=seconds)))
    (group,) = await step_durations(database)
    assert group.steps[0] == StepDuration(ReportStep.PLACED_TO_CONFIRMED, 2, 10, 30, contradictory=1)


async def test_fractions_of_a_second_are_dropped(database: Database) -> None:
    placed = START + timedelta(microseconds=999_999)
    for channel, passed in (("a", 1), ("b", 999_999), ("c", 1_000_000), ("d", 1_999_999), ("e", 0)):
        order = OrderRow(placed, placed + timedelta(microseconds=passed), channel)
        await save_orders(database, order)
    groups = await step_durations(database, group=ReportGroup.CHANNEL)
    assert [group.steps[0].median_seconds for group in groups] == [0, 0, 1, 1, 0]
    assert [group.steps[0].count for group in groups] == [1] * 5


async def test_period_and_filters_choose_the_orders(database: Database) -> None:
    def placed(
        hours: int, seconds: int, channel: str = "web", *, demo: bool = False, imported: bool = False
    ) -> OrderRow:
        at = after(hours=hours)
        confirmed = at + timedelta(seconds=seconds)
        return OrderRow(at, confirmed, channel, is_demo=demo, is_imported=imported)

    draft = OrderRow(confirmed_at=after(seconds=6), status="draft")
    await save_orders(
        database, placed(0, 1), placed(1, 2, "shop"), placed(2, 3, demo=True), placed(3, 4, imported=True), draft
    )

    async def counted(period: Period, orders: OrderFilter) -> tuple[int, int | None]:
        (group,) = await step_durations(database, period, orders=orders)
        return group.steps[0].count, group.steps[0].p90_seconds

    assert await counted(Period(), OrderFilter()) == (3, 4)
    assert await counted(Period(), OrderFilter(include_demo=True)) == (4, 4)
    assert await counted(Period(), OrderFilter(include_imported=False)) == (2, 2)
    assert await counted(Period(), OrderFilter(("shop",))) == (1, 2)
    assert await counted(Period(), OrderFilter(("shop", "web"))) == (3, 4)
    assert await counted(Period(), OrderFilter(())) == (0, None)
    # the start belongs to the period, the end does not
    assert await counted(Period(START, after(hours=1)), OrderFilter()) == (1, 1)
    assert await counted(Period(end=after(hours=3)), OrderFilter()) == (2, 2)
    assert await counted(Period(start=after(hours=3)), OrderFilter()) == (1, 4)


def test_a_period_must_make_sense() -> None:
    with pytest.raises(InvalidValue, match=r"period\.to: .* is not after the start"):
        Period(START, START)
    with pytest.raises(InvalidValue, match=r"period\.from: .* has no time zone"):
        Period(START.replace(tzinfo=None))
    with pytest.raises(InvalidValue, match=r"period\.to: 0001-01-01T00:00:00\+09:00 is out of range"):
        Period(end=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9))))


def test_every_step_says_what_it_is_measured_on() -> None:
    assert [step.unit for step in ReportStep] == [
        ReportUnit.ORDER,
        ReportUnit.FULFILLMENT_ORDER,
        ReportUnit.FULFILLMENT_ORDER,
        ReportUnit.FULFILLMENT_ORDER,
        ReportUnit.SHIPMENT,
        ReportUnit.SHIPMENT,
        ReportUnit.ORDER,
        ReportUnit.ORDER,
    ]
