from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.rules import RULE_VERSION, Candidate, Route, covered, route
from packhouse.sdk import new_id

MUG, PLATE = new_id(), new_id()
NAMES = {MUG: "MUG", PLATE: "PLATE"}


def place(code: str, mugs: int = 0, plates: int = 0, *, priority: int = 100, own: bool = True) -> Candidate:
    return Candidate(new_id(), code, priority, own, {MUG: mugs, PLATE: plates})


def sent(demand: Mapping[UUID, int], *places: Candidate) -> dict[str, dict[str, int]]:
    """What each location sends, by code and SKU."""
    decision = route(demand, places)
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
    assert route({MUG: 1}, []) == Route(
        {}, {MUG: 1}, {"rules": RULE_VERSION, "wanted": 1, "missing": 1, "candidates": []}
    )


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
    assert receipt["rules"] == RULE_VERSION
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
