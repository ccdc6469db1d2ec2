"""Ranking by promised delivery, and products that are not sent everywhere."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.promises import Promise, Window
from packhouse.routing.questions import (
    Candidate,
    Destination,
    Item,
    Question,
    Rule,
    RuleSet,
    question_as_json,
    question_from_json,
)
from packhouse.routing.restrictions import a_list_of_restrictions, forbids
from packhouse.routing.rules import route
from packhouse.routing.states import RuleKind
from packhouse.sdk import ShippingSpeed, new_id

MUG, KNIFE = new_id(), new_id()
ITEMS = {MUG: Item("MUG", 300, "6912.00"), KNIFE: Item("KNIFE", None, "8211.92")}
LEAVES = datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
FASTEST = RuleSet("web-1", (Rule(RuleKind.FASTEST), Rule(RuleKind.PRIORITY)))


def promise(latest: int | None) -> Promise:
    """Delivered by that day of March."""
    if latest is None:
        return Promise(date(2026, 3, 2), LEAVES)
    day = date(2026, 3, latest)
    closes = datetime(2026, 3, latest, 23, 59, 59, tzinfo=UTC)
    return Promise(date(2026, 3, 2), LEAVES, Window(day, day, closes.replace(hour=0, minute=0, second=0), closes))


def place(code: str, priority: int = 1, *, promised: Promise | None = None, **stock: int) -> Candidate:
    available = {MUG: stock.get("mugs", 5), KNIFE: stock.get("knives", 5)}
    return Candidate(new_id(), code, priority, True, available, promise=promised)


def restricted(*restrictions: dict[str, Any]) -> RuleSet:
    return RuleSet(
        "web-1", (Rule(RuleKind.RESTRICTIONS, {"restrictions": list(restrictions)}), Rule(RuleKind.PRIORITY))
    )


def test_who_delivers_first_sends_and_the_receipt_says_when() -> None:
    places = place("london", 1, promised=promise(6)), place("york", 9, promised=promise(4)), place("oslo", 1)
    rows = route(Question({MUG: 1}, places), FASTEST).receipt["candidates"]
    assert [(row["location"], row["scores"]["fastest"], row["lost"]) for row in rows] == [
        ("york", 0.0, ""),
        ("london", 2.0, "york delivers on 2026-03-04 at the latest, not on 2026-03-06"),
        ("oslo", 10000.0, "york delivers on 2026-03-04 at the latest, it promises no delivery"),
    ]
    assert (rows[0]["promise"]["latest"], rows[0]["promise"]["dispatchOn"], rows[2]["promise"]) == (
        "2026-03-04",
        "2026-03-02",
        None,
    )


def test_the_next_rule_decides_where_nobody_is_faster_or_nobody_promises() -> None:
    same = place("york", 9, promised=promise(4)), place("london", 1, promised=promise(4))
    assert list(route(Question({MUG: 1}, same), FASTEST).assignments) == [same[1].location_id]
    unknown = place("york", 9), place("london", 1, promised=promise(None))
    assert list(route(Question({MUG: 1}, unknown), FASTEST).assignments) == [unknown[1].location_id]


def test_who_has_nothing_does_not_count_as_the_fastest() -> None:
    places = place("empty", mugs=0, promised=promise(3)), place("london", promised=promise(6))
    rows = route(Question({MUG: 1}, places), FASTEST).receipt["candidates"]
    assert [(row["location"], row["scores"]["fastest"]) for row in rows] == [("empty", -3.0), ("london", 0.0)]


@pytest.mark.parametrize(
    ("restriction", "country", "location", "is_forbidden"),
    [
        ({"skus": ["KNIFE"]}, "GB", "london", True),
        ({"skus": ["MUG"]}, "GB", "london", False),
        ({"hsCodes": ["8211"]}, "GB", "london", True),
        ({"hsCodes": ["8211.9"]}, "GB", "london", True),
        ({"hsCodes": ["82119"]}, "GB", "london", True),
        ({"hsCodes": ["9303"]}, "GB", "london", False),
        ({"skus": ["MUG"], "hsCodes": ["82"]}, "GB", "london", True),
        ({"skus": ["KNIFE"], "countries": ["US", "CA"]}, "GB", "london", False),
        ({"skus": ["KNIFE"], "countries": ["US", "GB"]}, "GB", "london", True),
        ({"skus": ["KNIFE"], "locations": ["york"]}, "GB", "london", False),
        ({"skus": ["KNIFE"], "locations": ["york"], "countries": ["GB"]}, "GB", "york", True),
    ],
)
def test_a_restriction_is_for_products_countries_and_locations(
    restriction: dict[str, Any], country: str, location: str, is_forbidden: bool
) -> None:
    assert forbids(restriction, ITEMS[KNIFE], country, location) is is_forbidden


def test_what_may_not_be_sent_comes_from_elsewhere_or_from_nowhere() -> None:
    places = place("london", 1), place("york", 9)
    question = Question({MUG: 1, KNIFE: 1}, places, Destination("IE"), items=ITEMS)
    from_york = route(question, restricted({"hsCodes": ["8211"], "countries": ["IE"], "locations": ["london"]}))
    assert from_york.assignments == {places[0].location_id: {MUG: 1}, places[1].location_id: {KNIFE: 1}}
    assert [row["restricted"] for row in from_york.receipt["candidates"]] == [["KNIFE"], []]
    alone = Question({KNIFE: 1}, places, Destination("IE"), items={KNIFE: ITEMS[KNIFE]})
    nobody = route(alone, restricted({"skus": ["KNIFE"]}))
    assert nobody.missing == {KNIFE: 1}
    assert [row["lost"] for row in nobody.receipt["candidates"]] == 2 * ["may not send KNIFE to IE"]
    assert [each.available for each in route(question, restricted({"skus": ["KNIFE"]})).senders] == 2 * [
        {MUG: 5, KNIFE: 0}
    ]


@given(st.none() | st.integers(3, 20), st.none() | st.integers(3, 20), st.sampled_from(ShippingSpeed))
def test_promises_products_and_speed_are_kept_with_their_question(
    london: int | None, york: int | None, speed: ShippingSpeed
) -> None:
    places = place("london", promised=promise(london)), place("york", promised=None if york is None else promise(york))
    question = Question({MUG: 1, KNIFE: 1}, places, Destination("GB"), items=ITEMS, speed=speed)
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(question))))
    assert kept == question
    assert route(kept, FASTEST) == route(question, FASTEST)


@pytest.mark.parametrize(
    ("restrictions", "problem"),
    [
        ([], "a list of"),
        ("KNIFE", "a list of"),
        (["KNIFE"], "a list of"),
        ([{"countries": ["GB"]}], "skus or hsCodes"),
        ([{"skus": ["KNIFE"], "tags": ["sharp"]}], "without tags"),
        ([{"skus": []}], "skus is a list"),
        ([{"skus": "KNIFE"}], "skus is a list"),
        ([{"skus": ["KNIFE"], "countries": ["gb"]}], "codes such as"),
        ([{"hsCodes": ["knives"]}], "begin with digits"),
    ],
)
def test_restrictions_that_cannot_be_are_told(restrictions: object, problem: str) -> None:
    assert problem in (a_list_of_restrictions(restrictions) or "")


def test_good_restrictions_are_good() -> None:
    good = {"skus": ["KNIFE"], "hsCodes": ["8211"], "countries": ["IE"], "locations": ["london"]}
    assert a_list_of_restrictions([good, {"skus": ["MUG"]}]) is None
