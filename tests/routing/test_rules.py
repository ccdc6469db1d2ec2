from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.geography import UNKNOWN, Coordinates
from packhouse.routing.kinds import covered
from packhouse.routing.questions import (
    BUILT_IN,
    Candidate,
    Destination,
    Question,
    Rule,
    RuleSet,
    question_as_json,
    question_from_json,
)
from packhouse.routing.rules import Route
from packhouse.routing.rules import route as route_question
from packhouse.routing.states import CoordinateSource, RuleKind, SplitPolicy
from packhouse.sdk import new_id

MUG, PLATE = new_id(), new_id()
NAMES = {MUG: "MUG", PLATE: "PLATE"}


def route(demand: Mapping[UUID, int], places: Sequence[Candidate], rules: RuleSet = BUILT_IN, to: str = "") -> Route:
    return route_question(Question(demand, tuple(places), Destination(to)), rules)


def place(
    code: str, mugs: int = 0, plates: int = 0, *, priority: int = 100, own: bool = True, country: str = "", **more: Any
) -> Candidate:
    return Candidate(new_id(), code, priority, own, {MUG: mugs, PLATE: plates}, country, **more)


def sent(
    demand: Mapping[UUID, int], *places: Candidate, rules: RuleSet = BUILT_IN, to: str = ""
) -> dict[str, dict[str, int]]:
    """What each location sends, by code and SKU."""
    decision = route(demand, places, rules, to)
    codes = {each.location_id: each.code for each in places}
    return {
        codes[location]: {NAMES[variant]: units for variant, units in lines.items()}
        for location, lines in decision.assignments.items()
    }


def test_one_location_that_has_everything_beats_any_split() -> None:
    near, far = place("near", 9, 0, priority=1), place("far", 1, 1, priority=900)
    assert sent({MUG: 1, PLATE: 1}, near, far) == {"far": {"MUG": 1, "PLATE": 1}}


def test_our_own_location_beats_somebody_elses() -> None:
    assert sent({MUG: 1}, place("3pl", 5, own=False, priority=1), place("ours", 5)) == {"ours": {"MUG": 1}}


def test_a_location_of_others_that_has_everything_beats_a_split_of_ours() -> None:
    ours, york = place("ours", 1), place("york", 1)
    assert sent({MUG: 2}, ours, york, place("3pl", 2, own=False)) == {"3pl": {"MUG": 2}}


def test_the_lower_priority_number_goes_first_and_then_the_code() -> None:
    assert sent({MUG: 1}, place("a", 1), place("b", 1, priority=50)) == {"b": {"MUG": 1}}
    assert sent({MUG: 1}, place("b", 1), place("a", 1)) == {"a": {"MUG": 1}}


def test_a_split_takes_whoever_has_most_first() -> None:
    assert sent({MUG: 8}, place("leeds", 2), place("london", 5), place("york", 4)) == {
        "london": {"MUG": 5},
        "york": {"MUG": 3},
    }


def test_what_nobody_has_is_missing() -> None:
    decision = route({MUG: 8, PLATE: 1}, [place("leeds", 2), place("york", 4)])
    assert decision.missing == {MUG: 2, PLATE: 1}
    assert decision.receipt["missing"] == 3


def test_an_oversold_location_has_nothing() -> None:
    assert covered(place("leeds", -3), {MUG: 1}) == 0
    assert sent({MUG: 1}, place("leeds", -3), place("york", 1)) == {"york": {"MUG": 1}}


def test_without_candidates_everything_is_missing() -> None:
    decision = route({MUG: 1}, [])
    assert (decision.assignments, decision.missing, decision.is_split_refused) == ({}, {MUG: 1}, False)
    assert decision.receipt == {
        "rules": "builtin-2",
        "split": "when_needed",
        "wanted": 1,
        "missing": 1,
        "country": "",
        "candidates": [],
    }


@pytest.mark.parametrize(
    ("loser", "why"),
    [
        (place("z"), "has nothing of it available"),
        (place("z", 1), "has 1 of 2 units; others send them in fewer parcels"),
        (place("z", 2, own=False), "best is our own"),
        (place("z", 2, priority=200), "best has a better priority"),
    ],
)
def test_the_receipt_says_why_each_candidate_lost(loser: Candidate, why: str) -> None:
    receipt = route({MUG: 2}, [loser, place("best", 2)]).receipt
    assert receipt["rules"] == "builtin-2"
    winner, lost = receipt["candidates"]
    assert (winner["location"], winner["sends"], winner["lost"]) == ("best", 2, "")
    assert (lost["location"], lost["rank"], lost["sends"], lost["lost"]) == ("z", 2, 0, why)


stocks = st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 9), st.booleans(), st.integers(0, 3)), max_size=5)


@given(st.integers(1, 12), st.integers(0, 12), stocks)
def test_every_unit_is_sent_once_or_missing_and_nobody_sends_what_they_have_not(
    mugs: int, plates: int, rows: list[tuple[int, int, bool, int]]
) -> None:
    demand = {MUG: mugs, PLATE: plates}
    places = [
        place(f"p{index}", mug, plate, own=own, priority=priority)
        for index, (mug, plate, own, priority) in enumerate(rows)
    ]
    decision = route(demand, places)
    have = {each.location_id: each.available for each in places}
    for location, lines in decision.assignments.items():
        assert all(0 < units <= have[location][variant] for variant, units in lines.items())
    for variant, wanted in demand.items():
        given_out = sum(lines.get(variant, 0) for lines in decision.assignments.values())
        total = sum(max(0, each.available[variant]) for each in places)
        assert given_out + decision.missing.get(variant, 0) == wanted
        assert given_out == min(wanted, total), "nothing is missing that anybody has"
    whole = [each for each in places if covered(each, demand) == sum(demand.values())]
    assert len(decision.assignments) == 1 or not whole
    assert route(demand, list(reversed(places))).assignments == decision.assignments, "their order does not matter"


def ranked(*rules: Rule, split: SplitPolicy = SplitPolicy.WHEN_NEEDED, most: int = 100) -> RuleSet:
    return RuleSet("web-7", rules, split, most)


def test_pinned_locations_go_first_in_their_order() -> None:
    rules = ranked(Rule(RuleKind.PINNED, {"locations": ["york", "leeds"]}), Rule(RuleKind.PRIORITY))
    places = [place("london", 5, priority=1), place("leeds", 5), place("york", 5)]
    assert sent({MUG: 1}, *places, rules=rules) == {"york": {"MUG": 1}}
    assert sent({MUG: 1}, *places[:2], rules=rules) == {"leeds": {"MUG": 1}}
    assert sent({MUG: 6}, *places, rules=rules) == {"york": {"MUG": 5}, "leeds": {"MUG": 1}}


def test_only_pinned_locations_where_that_is_said() -> None:
    rules = ranked(Rule(RuleKind.PINNED, {"locations": ["york"], "only": True}))
    decision = route({MUG: 2}, [place("london", 5), place("york", 1)], rules)
    assert decision.missing == {MUG: 1}
    assert decision.receipt["candidates"][1]["lost"] == "only pinned locations may send"


def test_a_location_sends_only_where_it_may() -> None:
    rules = ranked(Rule(RuleKind.DESTINATIONS, {"locations": ["outlet"], "countries": ["GB", "IE"]}))
    places = [place("outlet", 5), place("york", 5)]
    assert sent({MUG: 1}, *places, rules=rules, to="IE") == {"outlet": {"MUG": 1}}
    assert sent({MUG: 1}, *places, rules=rules, to="FR") == {"york": {"MUG": 1}}
    lost = route({MUG: 1}, places, rules, "FR").receipt["candidates"][1]
    assert (lost["location"], lost["lost"]) == ("outlet", "it does not send to FR")


def test_what_is_kept_back_is_not_sent() -> None:
    rules = ranked(Rule(RuleKind.KEEP_BACK, {"units": 3, "locations": ["store"]}), Rule(RuleKind.PRIORITY))
    places = [place("store", 5, priority=1), place("york", 9)]
    assert sent({MUG: 4}, *places, rules=rules) == {"store": {"MUG": 2}, "york": {"MUG": 2}}
    everywhere = ranked(Rule(RuleKind.KEEP_BACK, {"units": 5}))
    assert route({MUG: 9}, places, everywhere).missing == {MUG: 5}


def test_the_country_it_goes_to_and_the_stock_on_hand() -> None:
    places = [place("lyon", 5, country="FR"), place("york", 9, country="GB"), place("paris", 7, country="FR")]
    rules = ranked(Rule(RuleKind.SAME_COUNTRY), Rule(RuleKind.STOCK_ON_HAND))
    assert sent({MUG: 1}, *places, rules=rules, to="FR") == {"paris": {"MUG": 1}}
    assert sent({MUG: 1}, *places, rules=rules, to="GB") == {"york": {"MUG": 1}}
    assert sent({MUG: 1}, *places, rules=rules, to="DE") == {"york": {"MUG": 1}}


def test_the_order_of_the_rules_decides() -> None:
    near, whole = place("near", 1, country="GB"), place("whole", 2, country="FR")
    complete, country = Rule(RuleKind.SHIP_COMPLETE), Rule(RuleKind.SAME_COUNTRY)
    assert sent({MUG: 2}, near, whole, rules=ranked(complete, country), to="GB") == {"whole": {"MUG": 2}}
    assert sent({MUG: 2}, near, whole, rules=ranked(country, complete), to="GB") == {
        "near": {"MUG": 1},
        "whole": {"MUG": 1},
    }


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        (ranked(*BUILT_IN.rules, split=SplitPolicy.NEVER), True),
        (ranked(*BUILT_IN.rules, split=SplitPolicy.LIMITED, most=2), True),
        (ranked(*BUILT_IN.rules, split=SplitPolicy.LIMITED, most=3), False),
        (ranked(*BUILT_IN.rules), False),
    ],
)
def test_an_order_is_split_only_as_far_as_the_rules_let_it(rules: RuleSet, refused: bool) -> None:
    decision = route({MUG: 3}, [place("leeds", 1), place("london", 1), place("york", 1)], rules)
    assert decision.is_split_refused is refused
    assert bool(decision.missing) is refused


def test_a_shortage_is_no_split_that_was_refused() -> None:
    rules = ranked(*BUILT_IN.rules, split=SplitPolicy.NEVER)
    decision = route({MUG: 9}, [place("leeds", 1), place("york", 2)], rules)
    assert (decision.is_split_refused, decision.missing) == (False, {MUG: 7})


def test_every_rank_of_every_rule_is_on_the_receipt() -> None:
    rules = ranked(Rule(RuleKind.SHIP_COMPLETE), Rule(RuleKind.OWN_FIRST), Rule(RuleKind.PRIORITY))
    receipt = route({MUG: 2}, [place("leeds", 1, own=False), place("york", 2, priority=7)], rules).receipt
    assert (receipt["rules"], receipt["split"]) == ("web-7", "when_needed")
    assert [each["scores"] for each in receipt["candidates"]] == [
        {"ship_complete": 0.0, "own_first": 0.0, "priority": 7.0},
        {"ship_complete": 1.0, "own_first": 1.0, "priority": 100.0},
    ]


@given(st.integers(1, 12), st.integers(0, 12), stocks)
def test_a_question_that_was_kept_is_decided_alike(
    mugs: int, plates: int, rows: list[tuple[int, int, bool, int]]
) -> None:
    places = tuple(
        place(f"p{index}", mug, plate, own=own, priority=priority, country="GB" if own else "")
        for index, (mug, plate, own, priority) in enumerate(rows)
    )
    question = Question({MUG: mugs, PLATE: plates}, places, Destination("GB", "LS1 4AP"))
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(question))))
    assert kept == question
    assert route_question(kept) == route_question(question)


def at(latitude: float, longitude: float) -> Coordinates:
    return Coordinates(CoordinateSource.POSTCODE, latitude, longitude)


LONDON, YORK, LEEDS = at(51.5, -0.13), at(53.96, -1.08), at(53.8, -1.55)
NEAREST = ranked(Rule(RuleKind.NEAREST), Rule(RuleKind.PRIORITY))


def to_leeds(*places: Candidate, coordinates: Coordinates = LEEDS, mugs: int = 1) -> Question:
    return Question({MUG: mugs}, places, Destination("GB", "LS1 4AP", coordinates=coordinates))


def test_the_nearest_sends_and_the_receipt_says_how_far_and_how_that_is_known() -> None:
    places = place("london", 5, priority=1, coordinates=LONDON), place("york", 5, coordinates=YORK)
    receipt = route_question(to_leeds(*places), NEAREST).receipt
    assert receipt["coordinates"] == "postcode"
    assert [(each["location"], each["coordinates"], each["km"], each["lost"]) for each in receipt["candidates"]] == [
        ("york", "postcode", 35.6, ""),
        ("london", "postcode", 273.1, "york is nearer: 35.6 km, not 273.1 km"),
    ]


def test_a_split_takes_the_nearest_first() -> None:
    places = place("london", 5, coordinates=LONDON), place("york", 2, coordinates=YORK)
    route = route_question(to_leeds(*places, mugs=4), NEAREST)
    assert [sum(units.values()) for units in route.assignments.values()] == [2, 2]
    assert next(iter(route.assignments)) == places[1].location_id


@pytest.mark.parametrize(
    ("to", "york"), [(UNKNOWN, YORK), (LEEDS, UNKNOWN), (UNKNOWN, UNKNOWN)], ids=["destination", "candidate", "both"]
)
def test_where_a_place_is_unknown_the_next_rule_decides(to: Coordinates, york: Coordinates) -> None:
    places = place("london", 5, priority=1, coordinates=LONDON), place("york", 5, coordinates=york)
    receipt = route_question(to_leeds(*places, coordinates=to), NEAREST).receipt
    assert [(each["location"], each["scores"]["nearest"]) for each in receipt["candidates"]] == [
        ("london", 0.0),
        ("york", 0.0),
    ]
    assert receipt["coordinates"] == to.source.value
    assert [each["coordinates"] for each in receipt["candidates"]] == ["postcode", york.source.value]


def test_an_unknown_place_that_has_nothing_stops_nobody() -> None:
    places = place("london", 5, priority=1, coordinates=LONDON), place("york", 5, coordinates=YORK)
    empty = place("empty", 0, priority=1, coordinates=UNKNOWN)
    assert route_question(to_leeds(*places, empty), NEAREST).receipt["candidates"][0]["sends"] == 0
    assert list(route_question(to_leeds(*places, empty), NEAREST).assignments) == [places[1].location_id]


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=6))
def test_nobody_is_nearer_than_who_sends(points: list[tuple[float, float]]) -> None:
    places = [place(f"p{index}", 1, coordinates=at(*point)) for index, point in enumerate(points)]
    question = to_leeds(*places)
    receipt = route_question(question, NEAREST).receipt
    distances = [each["km"] for each in receipt["candidates"]]
    assert distances == sorted(distances)
    assert receipt["candidates"][0]["sends"] == 1
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(question))))
    assert kept == question
    assert route_question(kept, NEAREST) == route_question(question, NEAREST)


def test_groups_of_locations_go_in_their_order() -> None:
    places = [
        place("store", 5, priority=1, group="stores"),
        place("york", 5, group="north"),
        place("other", 5, priority=1),
    ]
    rules = ranked(Rule(RuleKind.LOCATION_GROUP, {"groups": ["north", "stores"]}), Rule(RuleKind.PRIORITY))
    assert sent({MUG: 7}, *places, rules=rules) == {"york": {"MUG": 5}, "store": {"MUG": 2}}
    lost = route({MUG: 1}, places, rules).receipt["candidates"][1]
    assert (lost["location"], lost["lost"]) == ("store", "york is of the group north, which goes before")
    only = ranked(Rule(RuleKind.LOCATION_GROUP, {"groups": ["north", "stores"], "only": True}))
    decision = route({MUG: 11}, places, only)
    assert decision.missing == {MUG: 1}
    assert decision.receipt["candidates"][2]["lost"] == "only north, stores may send"


def test_a_question_from_before_a_fact_was_kept_lacks_it() -> None:
    old = question_as_json(Question({MUG: 1}, (place("york", 1, country="GB"),), Destination("GB", "LS1")))
    del old["city"]
    for name in ("postcode", "city", "group"):
        del old["candidates"][0][name]
    question = question_from_json(old)
    assert (question.destination.city, question.destination.coordinates) == ("", None)
    (york,) = question.candidates
    assert (york.place.postcode, york.group, york.coordinates) == ("", "", None)
