"""What placing promises: by the calendars of who sends, kept once, and not a statement more where there are none."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.inventory.calendars import Calendar
from packhouse.inventory.commands.set_calendar import SetCalendar, set_calendar
from packhouse.inventory.models import Location
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.confirm import confirm
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.orders.models import Hold
from packhouse.routing.commands.set_transit_times import SetTransitTimes, Way, set_transit_times
from packhouse.routing.models import RoutingDecision
from packhouse.routing.replay import replay_routing
from packhouse.sdk import ShippingSpeed, now
from packhouse.shipping.models import DeliveryPromise
from packhouse.storage import Database, UnitOfWork
from packhouse.testing.factories import ADDRESS, BY, make_location, make_stock, make_variant
from packhouse.testing.graphql import Execute

# a Monday, before the cut-off
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STANDARD, PRIORITY = Way("GB", 1, 3), Way("GB", 1, 1, speed=ShippingSpeed.PRIORITY)


def request(units: int = 1, **more: Any) -> PlaceOrder:
    return PlaceOrder("web", "GBP", (PlaceLine("MUG", units),), shipping_address=ADDRESS, **more)


async def work(database: Database, location: Location, *ways: Way, **calendar: Any) -> None:
    """Give a location a calendar, and ways."""
    data = SetCalendar(location.id, Calendar(calendar.pop("zone", "Europe/London"), "15:00", **calendar))
    await database.write(BY, lambda uow: set_calendar(uow, data))
    await database.write(BY, lambda uow: set_transit_times(uow, SetTransitTimes(ways, location.code)))


async def make_places(database: Database) -> tuple[Location, Location]:
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    await make_variant(database, "MUG")
    london, york = [await make_location(database, code, priority=each) for each, code in enumerate(("london", "york"))]
    for location in (london, york):
        await make_stock(database, "MUG", location, 10)
    return london, york


async def promises(database: Database, data: PlaceOrder) -> list[Any]:
    with patch("packhouse.ordering.promising.now", return_value=MONDAY):
        order_id = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    return await promises_of(order_id)


async def promises_of(order_id: Any) -> list[Any]:
    rows = await DeliveryPromise.filter(order_id=order_id)
    return [(row.source, row.dispatch_by, row.promised_from, row.promised_by) for row in rows]


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@contextmanager
def statements_of_writing() -> Iterator[list[str]]:
    """The statements of units of work about promises, on either database."""
    sent: list[str] = []
    original = UnitOfWork.fetch

    async def noting(self: UnitOfWork, sql: str, *values: Any) -> Any:
        if "delivery_promise" in sql or "transit_time" in sql:
            sent.append(sql.split(maxsplit=1)[0])
        return await original(self, sql, *values)

    with patch.object(UnitOfWork, "fetch", noting):
        yield sent


async def test_an_order_is_promised_by_the_calendars_of_all_who_send_it(database: Database, execute: Execute) -> None:
    london, york = await make_places(database)
    assert await promises(database, request()) == [], "nobody said when anybody works"
    await work(database, london, STANDARD, PRIORITY)
    ends = 23, 59, 59
    assert await promises(database, request()) == [("calendar", at(2, *ends), at(3), at(5, *ends))]
    assert await promises(database, request(shipping_speed=ShippingSpeed.PRIORITY)) == [
        ("calendar", at(2, *ends), at(3), at(3, *ends))
    ]
    assert await promises(database, request(shipping_speed=ShippingSpeed.EXPEDITED)) == [], "no way at this speed"
    told = at(20)
    assert await promises(database, request(promised_by=told)) == [("checkout", None, None, told)]
    assert await promises(database, request(12)) == [], "york sends a part and promises nothing"
    await work(database, york, Way("GB", 2, 2), handling_days=4)
    await make_stock(database, "MUG", york, 11)
    assert await promises(database, request(12)) == [("calendar", at(6, *ends), at(10), at(10, *ends))]
    shown = await execute(
        "query { orders(first: 1) { edges { node { deliveryPromises { dispatchBy promisedFrom promisedBy } } } } }"
    )
    (newest,) = shown["orders"]["edges"]
    assert newest["node"]["deliveryPromises"] == [
        {
            "dispatchBy": "2026-03-06T23:59:59+00:00",
            "promisedFrom": "2026-03-10T00:00:00+00:00",
            "promisedBy": "2026-03-10T23:59:59+00:00",
        }
    ]


async def test_promising_costs_one_statement_to_read_and_none_where_nobody_has_a_calendar(database: Database) -> None:
    london, _ = await make_places(database)

    with statements_of_writing() as without:
        await promises(database, request())
    assert without == []
    await work(database, london, STANDARD)
    with statements_of_writing() as sent:
        await promises(database, request())
    assert sent == ["SELECT", "INSERT"]


async def test_reserved_units_and_orders_that_waited_are_promised_too(database: Database) -> None:
    london, _ = await make_places(database)
    await work(database, london, STANDARD)
    data = ReserveStock((BasketLine("MUG", 10),), 600)
    reservation = await database.write(BY, lambda uow: reserve(uow, data))
    assert len(await promises(database, request(10, reservation_id=reservation.id))) == 1

    waiting = request(15, on_shortage=OnShortage.HOLD)
    assert await promises(database, waiting) == []
    await make_stock(database, "MUG", london, 20)
    await Hold.filter(order_id=waiting.order_id).update(released_at=now())
    with patch("packhouse.ordering.promising.now", return_value=MONDAY):
        await database.write(BY, lambda uow: confirm(uow, waiting.order_id))
    assert [each[3] for each in await promises_of(waiting.order_id)] == [at(5, 23, 59, 59)]


async def test_the_fastest_sends_and_a_replay_decides_the_same(database: Database, execute: Execute) -> None:
    london, york = await make_places(database)
    await work(database, london, Way("GB", 3, 5))
    await work(database, york, Way("GB", 2, 4))
    set_rules = """mutation { setRoutingRules(input: {rules: {rules: [{kind: FASTEST}, {kind: PRIORITY}]}}) {
      userErrors { message } } }"""
    assert (await execute(set_rules))["setRoutingRules"] == {"userErrors": []}
    with (
        patch("packhouse.ordering.facts.now", return_value=MONDAY),
        statements_of_writing() as sent,
    ):
        order_id = await database.write(BY, lambda uow: place(uow, request(), lambda _: []))
    assert sent == ["SELECT", "INSERT"], "what the rule looked at is what is promised"
    assert [each[3] for each in await promises_of(order_id)] == [at(6, 23, 59, 59)]
    receipt = (await RoutingDecision.get(order_id=order_id)).receipt
    assert [
        (each["location"], each["promise"]["latest"], each["scores"]["fastest"]) for each in receipt["candidates"]
    ] == [
        ("york", "2026-03-06", 0.0),
        ("london", "2026-03-09", 3.0),
    ]
    # what the calendars say later changes no past decision
    await work(database, york, Way("GB", 9, 9))
    span = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    (figures,) = [each async for each in replay_routing(database, *span)]
    assert (figures.decisions, figures.same) == (1, 1)


async def test_a_capacity_takes_its_cut_off_from_the_calendar(database: Database, execute: Execute) -> None:
    london, _ = await make_places(database)
    await work(database, london, zone="Pacific/Auckland")
    set_rules = """mutation ($limit: JSON!) { setRoutingRules(input: {rules: {rules: [
      {kind: CAPACITY, options: $limit}, {kind: PRIORITY}]}}) { userErrors { message } } }"""

    async def since(**limit: Any) -> Any:
        limits = {"limits": [{"location": "london", "unitsPerDay": 5, **limit}]}
        assert (await execute(set_rules, {"limit": limits}))["setRoutingRules"] == {"userErrors": []}
        with (
            patch("packhouse.ordering.facts.now", return_value=MONDAY),
            patch("packhouse.ordering.facts.work_given_out", return_value={}) as counted,
        ):
            await database.write(BY, lambda uow: place(uow, request(), lambda _: []))
        return counted.call_args.args[1][london.id]

    assert await since() == at(2, 2), "15:00 in Auckland"
    assert await since(cutOff="10:00") == at(2, 10), "a limit's own comes first"


async def test_restricted_products_are_sent_from_where_they_may(database: Database, execute: Execute) -> None:
    _, york = await make_places(database)
    set_rules = """mutation ($given: JSON!) { setRoutingRules(input: {rules: {rules: [
      {kind: RESTRICTIONS, options: {restrictions: [$given]}}, {kind: PRIORITY}]}}) { userErrors { code field } } }"""
    only_york = {"skus": ["MUG"], "countries": ["GB"], "locations": ["london"]}
    assert (await execute(set_rules, {"given": only_york}))["setRoutingRules"] == {"userErrors": []}
    order_id = await database.write(BY, lambda uow: place(uow, request(), lambda _: []))
    decision = await RoutingDecision.get(order_id=order_id)
    assert [(each["location"], each["sends"], each["lost"]) for each in decision.receipt["candidates"]] == [
        ("london", 0, "may not send MUG to GB"),
        ("york", 1, ""),
    ]
    assert york.code == "york"
    elsewhere = {**only_york, "locations": ["mars"]}
    refused = (await execute(set_rules, {"given": elsewhere}))["setRoutingRules"]["userErrors"]
    assert refused == [{"code": "UNKNOWN_LOCATION", "field": ["rules", "0", "options"]}]
