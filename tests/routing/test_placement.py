from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.placement import Placement, Share, placed, problem_of
from packhouse.routing.questions import Candidate, Question
from packhouse.sdk import new_id

MUG, PLATE = new_id(), new_id()
YORK, LEEDS, HULL, DOVER = (new_id() for _ in range(4))
CODES = {YORK: "york", LEEDS: "leeds", HULL: "hull", DOVER: "dover"}


def place(location_id: UUID, mugs: int, plates: int = 0) -> Candidate:
    return Candidate(location_id, CODES[location_id], 100, True, {MUG: mugs, PLATE: plates})


def mugs(question: Question) -> dict[str, int]:
    return {each.code: each.available.get(MUG, 0) for each in question.candidates}


EMPTY = Candidate(DOVER, "dover", 5, True, {})


@pytest.mark.parametrize(
    ("shares", "there"),
    [
        ({YORK: 30}, {"york": 3, "leeds": 5, "hull": 2}),
        ({YORK: 100}, {"york": 10, "leeds": 0, "hull": 0}),
        ({YORK: 0}, {"york": 0, "leeds": 7, "hull": 3}),
        ({DOVER: 50}, {"york": 0, "leeds": 4, "hull": 1, "dover": 5}),
        ({YORK: 33, DOVER: 33}, {"york": 3, "leeds": 3, "hull": 1, "dover": 3}),
    ],
)
def test_the_named_have_their_share_and_the_others_the_rest_as_they_had_it(
    shares: dict[UUID, int], there: dict[str, int]
) -> None:
    question = Question({MUG: 2}, (place(YORK, -3), place(LEEDS, 7), place(HULL, 3)))
    assert mugs(placed(question, Placement({MUG: shares}, {DOVER: EMPTY}))) == there


def test_other_variants_and_other_questions_stay_as_they_are() -> None:
    question = Question({PLATE: 1}, (place(YORK, 1, 4), place(LEEDS, 7, 2)))
    assert placed(question, Placement({MUG: {YORK: 50}})) is question
    both = Question({MUG: 1, PLATE: 1}, question.candidates)
    assert [each.available[PLATE] for each in placed(both, Placement({MUG: {YORK: 50}})).candidates] == [4, 2]


def test_where_nobody_else_has_any_what_is_left_stays_at_the_first() -> None:
    question = Question({MUG: 1}, (place(YORK, 7), place(LEEDS, 0)))
    assert mugs(placed(question, Placement({MUG: {YORK: 30}}))) == {"york": 7, "leeds": 0}


@given(
    st.lists(st.integers(-3, 40), min_size=3, max_size=3),
    st.dictionaries(st.sampled_from([YORK, LEEDS, HULL, DOVER]), st.integers(0, 25), min_size=1),
)
def test_there_is_as_much_in_total_as_there_was(units: list[int], shares: dict[UUID, int]) -> None:
    question = Question({MUG: 1}, tuple(place(each, count) for each, count in zip(CODES, units, strict=False)))
    after = mugs(placed(question, Placement({MUG: shares}, {DOVER: EMPTY})))
    total = sum(max(0, count) for count in units)
    assert sum(after.values()) == total
    assert min(after.values()) >= 0
    for location, percent in shares.items():
        assert after[CODES[location]] >= total * percent // 100


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        ([Share("MUG", "york", 101)], (0, "percent", "101 is not from 0 to 100")),
        ([Share("MUG", "york", 5), Share("MUG", "york", 5)], (1, "location", "york is named twice for MUG")),
        (
            [Share("MUG", "york", 60), Share("MUG", "leeds", 41)],
            (1, "percent", "the shares of MUG are more than 100 together"),
        ),
        ([Share("MUG", "york", 60), Share("MUG", "leeds", 40), Share("PLATE", "york", 60)], None),
    ],
)
def test_shares_that_cannot_be_are_told(shares: list[Share], problem: object) -> None:
    assert problem_of(shares) == problem
