"""Calendars and transit times as data, and what is read of them."""

from datetime import date
from typing import Any

from strawberry.relay import to_base64

from packhouse.inventory.calendars import Calendar, WorkingDays
from packhouse.inventory.commands.set_calendar import SetCalendar, set_calendar
from packhouse.inventory.models import Location
from packhouse.routing.models import CountryCalendar, TransitTime
from packhouse.routing.promises import Transit
from packhouse.routing.questions import Destination
from packhouse.routing.timetables import timetables
from packhouse.sdk import ShippingSpeed, new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location
from packhouse.testing.graphql import Execute
from packhouse.testing.statements import noted_statements, query_plan

SET_CALENDAR = """mutation ($input: SetLocationCalendarInput!) { setLocationCalendar(input: $input) {
  location { calendar { timeZone cutOff handlingDays workingDays holidays } } userErrors { code field } } }"""
SET_COUNTRY = """mutation ($input: SetCountryCalendarInput!) { setCountryCalendar(input: $input) {
  countryCalendar { country timeZone deliveryDays holidays } userErrors { code field } } }"""
SET_TIMES = """mutation ($input: SetTransitTimesInput!) { setTransitTimes(input: $input) { count userErrors { code field } } }"""
CALENDAR = Calendar("Europe/London", "15:00")


def time(country: str = "GB", least: int = 1, most: int = 2, **more: str) -> dict[str, Any]:
    return {"country": country, "minDays": least, "maxDays": most, **more}


async def set_times(execute: Execute, *times: dict[str, Any], **origin: str) -> Any:
    return (await execute(SET_TIMES, {"input": {"origin": origin, "times": list(times)}}))["setTransitTimes"]


async def test_a_locations_calendar_is_set_shown_and_removed(database: Database, execute: Execute) -> None:
    london = to_base64("Location", (await make_location(database)).id)
    calendar = {"timeZone": "Europe/London", "cutOff": "15:00", "handlingDays": 1, "holidays": ["2026-12-25"]}
    answer = (await execute(SET_CALENDAR, {"input": {"locationId": london, "calendar": calendar}}))[
        "setLocationCalendar"
    ]
    assert answer == {"location": {"calendar": {**calendar, "workingDays": [1, 2, 3, 4, 5]}}, "userErrors": []}
    removed = (await execute(SET_CALENDAR, {"input": {"locationId": london}}))["setLocationCalendar"]
    assert removed == {"location": {"calendar": None}, "userErrors": []}


async def test_a_country_has_one_calendar(database: Database, execute: Execute) -> None:
    del database
    for days in ([1, 2, 3], [6]):
        value = {"country": "GB", "timeZone": "Europe/London", "deliveryDays": days, "holidays": ["2026-12-25"]}
        answer = (await execute(SET_COUNTRY, {"input": value}))["setCountryCalendar"]
        assert answer == {"countryCalendar": value, "userErrors": []}
    found = await execute("query { countryCalendars(first: 5) { edges { node { country deliveryDays } } } }")
    assert found["countryCalendars"]["edges"] == [{"node": {"country": "GB", "deliveryDays": [6]}}]


async def test_transit_times_replace_those_of_their_origin_alone(database: Database, execute: Execute) -> None:
    await make_location(database)
    assert (await set_times(execute, time(), time("FR", 3, 5), country="GB"))["count"] == 2
    assert (await set_times(execute, time(postcodePrefix="e1 "), location="london"))["count"] == 1
    assert (await set_times(execute, time("DE", speed="PRIORITY", timeZone="Europe/Berlin"), country="GB"))[
        "count"
    ] == 1
    found = await execute(
        """query { transitTimes(first: 9) { edges { node {
             location { code } originCountry country postcodePrefix speed minDays maxDays timeZone } } } }"""
    )
    assert [edge["node"] for edge in found["transitTimes"]["edges"]] == [
        {
            "location": {"code": "london"},
            "originCountry": None,
            **time(),
            "postcodePrefix": "E1",
            "speed": "STANDARD",
            "timeZone": None,
        },
        {
            "location": None,
            "originCountry": "GB",
            **time("DE"),
            "postcodePrefix": "",
            "speed": "PRIORITY",
            "timeZone": "Europe/Berlin",
        },
    ]
    assert (await set_times(execute, location="london"))["count"] == 0
    only = await execute('query { transitTimes(originCountry: "GB", first: 9) { edges { node { country } } } }')
    assert only["transitTimes"]["edges"] == [{"node": {"country": "DE"}}]
    assert await TransitTime.all().count() == 1


async def test_times_that_cannot_be_are_refused_and_nothing_changes(database: Database, execute: Execute) -> None:
    await make_location(database)
    await set_times(execute, time("ES", 4, 6), country="GB")
    country = {"country": "GB"}
    cases: list[tuple[list[Any], dict[str, str], str, str]] = [
        ([time()], {}, "INVALID_VALUE", "origin"),
        ([time()], {"location": "london", "country": "GB"}, "INVALID_VALUE", "origin"),
        ([time()], {"location": "mars"}, "UNKNOWN_LOCATION", "origin.location"),
        ([time()], {"country": "gb"}, "INVALID_VALUE", "origin.country"),
        ([time("GBR")], country, "INVALID_VALUE", "times.0.country"),
        ([time(), time("FR", 3, 2)], country, "INVALID_VALUE", "times.1.minDays"),
        ([time("FR", -1, 2)], country, "INVALID_VALUE", "times.0.minDays"),
        ([time(postcodePrefix="E1"), time(postcodePrefix="e-1")], country, "INVALID_VALUE", "times.1"),
        ([time(postcodePrefix=11 * "1")], country, "INVALID_VALUE", "times.0.postcodePrefix"),
        ([time(timeZone="London")], country, "INVALID_VALUE", "times.0.timeZone"),
    ]
    for times, origin, code, field in cases:
        answer = await set_times(execute, *times, **origin)
        assert answer == {"count": None, "userErrors": [{"code": code, "field": field.split(".")}]}
    assert [(row.country, row.min_days) for row in await TransitTime.all()] == [("ES", 4)]


async def test_calendars_that_cannot_be_are_refused_and_nothing_changes(database: Database, execute: Execute) -> None:
    location = await make_location(database)
    london = to_base64("Location", location.id)
    good = {"timeZone": "Europe/London", "cutOff": "15:00"}
    for id_, calendar, code, field in (
        (london, {**good, "cutOff": "late"}, "INVALID_VALUE", ["calendar", "cutOff"]),
        (london, {**good, "workingDays": []}, "INVALID_VALUE", ["calendar", "workingDays"]),
        (to_base64("Location", new_id()), good, "NOT_FOUND", ["locationId"]),
        (to_base64("Order", location.id), good, "INVALID_ID", ["locationId"]),
    ):
        answer = await execute(SET_CALENDAR, {"input": {"locationId": id_, "calendar": calendar}})
        assert answer["setLocationCalendar"] == {"location": None, "userErrors": [{"code": code, "field": field}]}
    for change, field in (
        ({"country": "Mars"}, "country"),
        ({"timeZone": "Mars"}, "timeZone"),
        ({"deliveryDays": [9]}, "days.workingDays"),
    ):
        value = {"country": "GB", "timeZone": "UTC", **change}
        answer = (await execute(SET_COUNTRY, {"input": value}))["setCountryCalendar"]
        assert answer["userErrors"] == [{"code": "INVALID_VALUE", "field": field.split(".")}]
    assert (await Location.get(id=location.id)).calendar is None
    assert await CountryCalendar.all().count() == 0


async def test_the_nearest_description_of_a_way_counts(database: Database, execute: Execute) -> None:
    london, york, oslo = [await make_location(database, code) for code in ("london", "york", "oslo")]
    for location in (london, york):
        data = SetCalendar(location.id, CALENDAR)
        await database.write(BY, lambda uow, data=data: set_calendar(uow, data))  # type: ignore[misc]  # mypy reads no default of a lambda
    await set_times(
        execute,
        time("GB", 2, 3),
        time("GB", 5, 6, postcodePrefix="BT"),
        time("GB", 7, 8, postcodePrefix="BT9", timeZone="Europe/Dublin"),
        time("GB", 1, 1, speed="PRIORITY"),
        country="GB",
    )
    await set_times(execute, time("GB", 1, 2, postcodePrefix="LS"), time("FR", 4, 9), location="london")
    ids = sorted((london.id, york.id, oslo.id))

    async def ways(postcode: str, speed: ShippingSpeed = ShippingSpeed.STANDARD, to: str = "GB") -> list[Any]:
        found = await timetables(database, ids, Destination(to, postcode), speed)
        assert set(found) == {london.id, york.id}, "who has no calendar promises nothing"
        return [
            None if (way := found[each.id].transit) is None else (way.min_days, way.max_days, way.time_zone)
            for each in (london, york)
        ]

    everywhere = (2, 3, "Europe/London")
    assert await ways("ls1 4ap") == [(1, 2, "Europe/London"), everywhere]
    assert await ways("BT7 1NN") == 2 * [(5, 6, "Europe/London")]
    assert await ways("BT9 5AB") == 2 * [(7, 8, "Europe/Dublin")]
    assert await ways("") == 2 * [everywhere]
    assert await ways("LS1 4AP", ShippingSpeed.PRIORITY) == 2 * [(1, 1, "Europe/London")]
    assert await ways("LS1 4AP", ShippingSpeed.EXPEDITED) == [None, None]
    assert await ways("75001", to="FR") == [(4, 9, "Europe/London"), None]
    value = {"country": "FR", "timeZone": "Europe/Paris", "deliveryDays": [1, 2], "holidays": ["2026-07-14"]}
    await execute(SET_COUNTRY, {"input": value})
    assert (await timetables(database, ids, Destination("FR"), ShippingSpeed.STANDARD))[london.id].transit == Transit(
        4, 9, "Europe/Paris", WorkingDays(frozenset((1, 2)), frozenset((date(2026, 7, 14),)))
    )


async def test_timetables_are_one_indexed_statement(database: Database, execute: Execute) -> None:
    london = await make_location(database)
    await database.write(BY, lambda uow: set_calendar(uow, SetCalendar(london.id, CALENDAR)))
    await set_times(execute, time(), location="london")
    with noted_statements() as statements:
        assert await timetables(database, [], Destination("GB"), ShippingSpeed.STANDARD) == {}
        await timetables(database, [london.id], Destination("GB", "LS1 4AP"), ShippingSpeed.STANDARD)
    (statement,) = statements
    if database.dialect.value == "sqlite":
        # an empty table is scanned by PostgreSQL, whatever indexes it has
        plan = await query_plan(database, statement)
        assert "SCAN" not in plan
        assert "USING INDEX transit_time_way (country=? AND postcode_prefix=? AND speed=?)" in plan
