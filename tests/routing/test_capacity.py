from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.capacity import Work, a_list_of_limits, day_began, is_full
from packhouse.routing.questions import Candidate, Question, Rule, RuleSet, question_as_json, question_from_json
from packhouse.routing.rules import route
from packhouse.routing.states import RuleKind
from packhouse.sdk import new_id

MUG = new_id()


def place(code: str, priority: int, work: Work | None) -> Candidate:
    return Candidate(new_id(), code, priority, True, {MUG: 5}, work=work)


def ranked(*limits: dict[str, Any], exclude: bool = False) -> RuleSet:
    options = {"limits": list(limits), "exclude": exclude}
    return RuleSet("web-1", (Rule(RuleKind.CAPACITY, options), Rule(RuleKind.PRIORITY)))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "at", "began"),
    [
        ({}, "2026-03-02 15:30", "2026-03-02 00:00"),
        ({"timeZone": "America/New_York"}, "2026-03-02 03:00", "2026-03-01 05:00"),
        ({"cutOff": "15:00"}, "2026-03-02 14:59", "2026-03-01 15:00"),
        ({"cutOff": "15:00"}, "2026-03-02 15:00", "2026-03-02 15:00"),
        # an hour ahead in summer; the night before the clocks went forward was an hour shorter
        ({"cutOff": "15:00", "timeZone": "Europe/London"}, "2026-07-01 14:00", "2026-07-01 14:00"),
        ({"cutOff": "15:00", "timeZone": "Europe/London"}, "2026-03-29 13:00", "2026-03-28 15:00"),
    ],
)
def test_a_day_begins_at_the_cut_off_where_the_location_is(limit: dict[str, str], at: str, began: str) -> None:
    assert day_began(limit, moment(at)) == moment(began)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (the zone is given apart)
    st.times().map(lambda clock: clock.strftime("%H:%M")),
    st.sampled_from(["UTC", "Europe/London", "America/St_Johns", "Pacific/Auckland"]),
)
def test_every_moment_is_in_a_day_that_has_begun_and_is_not_over(at: datetime, clock: str, zone: str) -> None:
    began = day_began({"cutOff": clock, "timeZone": zone}, at)
    assert timedelta(0) <= at - began < timedelta(hours=25, minutes=1)
    assert day_began({"cutOff": clock, "timeZone": zone}, began) == began or at - began > timedelta(hours=22)


def test_full_is_who_has_as_many_units_or_orders_as_a_day_takes() -> None:
    limit = {"location": "london", "unitsPerDay": 10, "ordersPerDay": 3}
    assert [is_full(limit, work) for work in (Work(9, 2), Work(10, 1), Work(1, 3), Work(99, 99))] == [
        False,
        True,
        True,
        True,
    ]
    assert is_full({"location": "closed", "ordersPerDay": 0}, Work())
    assert not is_full({"location": "london", "unitsPerDay": 10}, Work(9, 500))


def test_a_full_location_goes_last_or_sends_nothing() -> None:
    places = place("london", 1, Work(500, 80)), place("york", 9, Work(3, 1))
    limits = {"location": "london", "unitsPerDay": 500}, {"location": "york", "unitsPerDay": 500}
    last = route(Question({MUG: 7}, places), ranked(*limits))
    assert [sum(units.values()) for units in last.assignments.values()] == [5, 2]
    assert list(last.assignments) == [places[1].location_id, places[0].location_id]
    alone = route(Question({MUG: 1}, places), ranked(*limits)).receipt["candidates"]
    assert [(each["location"], each["work"], each["lost"]) for each in alone] == [
        ("york", {"units": 3, "orders": 1}, ""),
        ("london", {"units": 500, "orders": 80}, "it has all the work that it takes in a day; york has room"),
    ]
    never = route(Question({MUG: 7}, places), ranked(*limits, exclude=True))
    assert never.missing == {MUG: 2}
    assert never.receipt["candidates"][1]["lost"] == "it has all the work that it takes in a day"


def test_who_has_no_limit_or_was_not_counted_is_not_full() -> None:
    places = place("london", 1, None), place("york", 9, Work(3, 1))
    decision = route(Question({MUG: 1}, places), ranked({"location": "london", "unitsPerDay": 0}, exclude=True))
    assert list(decision.assignments) == [places[0].location_id]
    assert [each["work"] for each in decision.receipt["candidates"]] == [None, {"units": 3, "orders": 1}]


@given(st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_work_is_kept_with_its_question(units: int, orders: int, exclude: bool) -> None:
    question = Question({MUG: 1}, (place("london", 1, Work(units, orders)), place("york", 9, None)))
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(question))))
    assert kept == question
    rules = ranked({"location": "london", "unitsPerDay": 5, "ordersPerDay": 5}, exclude=exclude)
    assert route(kept, rules) == route(question, rules)
    sender = route(kept, rules).receipt["candidates"][0]["location"]
    assert sender == ("york" if units >= 5 or orders >= 5 else "london")


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ([], "a list of"),
        ({"location": "london"}, "a list of"),
        (["london"], "a list of"),
        ([{"location": "london", "unitsPerDay": 1, "perHour": 1}], "without perHour"),
        ([{"unitsPerDay": 1}], "each name a location"),
        ([{"location": "london"}], "unitsPerDay or ordersPerDay"),
        ([{"location": "london", "unitsPerDay": -1}], "unitsPerDay or ordersPerDay"),
        ([{"location": "london", "unitsPerDay": True}], "unitsPerDay or ordersPerDay"),
        ([{"location": "london", "ordersPerDay": 1.5}], "unitsPerDay or ordersPerDay"),
        ([{"location": "london", "unitsPerDay": 1, "cutOff": "3pm"}], "cutOff is a time"),
        ([{"location": "london", "unitsPerDay": 1, "cutOff": "25:00"}], "cutOff is a time"),
        ([{"location": "london", "unitsPerDay": 1, "cutOff": 15}], "cutOff is a time"),
        ([{"location": "london", "unitsPerDay": 1, "timeZone": "London"}], "tz database"),
        ([{"location": "london", "unitsPerDay": 1, "timeZone": ["UTC"]}], "tz database"),
        ([{"location": "london", "unitsPerDay": 1}, {"location": "london", "unitsPerDay": 2}], "each location once"),
    ],
)
def test_limits_that_cannot_be_are_told(limits: object, problem: str) -> None:
    assert problem in (a_list_of_limits(limits) or "")


def test_good_limits_are_good() -> None:
    limit = {"location": "london", "unitsPerDay": 5, "ordersPerDay": 0, "cutOff": "15:00", "timeZone": "Europe/London"}
    assert a_list_of_limits([limit, {"location": "york", "ordersPerDay": 1}]) is None
