from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from packhouse.inventory.arrivals import ArrivalOn
from packhouse.ordering.availability import arrival_of, short_variants
from packhouse.ordering.commands.allocate import demand_of
from packhouse.ordering.work import WorkLine
from packhouse.routing.questions import Candidate, Question
from packhouse.routing.rules import route
from packhouse.sdk import new_id

MUG, PLATE = new_id(), new_id()
SKUS: Mapping[UUID, str] = {MUG: "MUG", PLATE: "PLATE"}

units = st.integers(1, 9)
work = st.lists(
    st.builds(
        lambda position, variant, quantity: WorkLine(new_id(), variant, SKUS[variant], quantity, position),
        st.integers(0, 3),
        st.sampled_from((MUG, PLATE)),
        units,
    ),
    min_size=1,
    max_size=5,
)
stock = st.lists(st.fixed_dictionaries({MUG: st.integers(0, 9), PLATE: st.integers(0, 9)}), max_size=3)


@given(work, stock)
def test_the_first_lines_get_what_there_is(lines: list[WorkLine], shelves: list[dict[UUID, int]]) -> None:
    places = tuple(Candidate(new_id(), str(number), 1, True, shelf) for number, shelf in enumerate(shelves))
    demand = demand_of(lines)
    decision = route(Question(demand, places))
    short = short_variants(lines, decision.assignments)
    assert {variant for variants in short.values() for variant in variants} == set(decision.missing)
    for variant, missing in decision.missing.items():
        there = demand[variant] - missing
        got = [line for line in lines if line.variant_id == variant]
        whole = next(index for index in range(len(got)) if sum(line.quantity for line in got[: index + 1]) > there)
        assert [variant in short.get(line.position, ()) for line in got[whole:]] == [True] * len(got[whole:])


def test_who_waits_already_gets_what_comes_first() -> None:
    days = [datetime(2030, 1, day, tzinfo=UTC) for day in (5, 7, 9)]
    expected = [ArrivalOn(day, units) for day, units in zip(days, (4, 4, 9), strict=True)]
    assert arrival_of(0, 3, expected) == (days[0], days[0])
    assert arrival_of(4, 3, expected) == (days[1], days[1])
    assert arrival_of(3, 9, expected) == (days[0], days[2])
    assert arrival_of(9, 9, expected) == (days[2], None)
    assert arrival_of(0, 1, []) == (None, None)
