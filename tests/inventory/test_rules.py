from collections import defaultdict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.inventory.rules import Demand, StockKey, available_to_promise, demand_by_key
from packhouse.sdk import InvalidValue

_VARIANTS = [UUID(int=number) for number in (1, 2, 3)]
_LOCATIONS = [UUID(int=number) for number in (10, 20)]


def test_available_to_promise_takes_everything_off() -> None:
    available = available_to_promise(
        on_hand=100, allocated=1, reserved=2, damaged=4, quarantined=8, safety_stock=16, buffer=32
    )
    assert available == 37


def test_nothing_is_kept_back_by_default() -> None:
    assert available_to_promise(5) == 5


def test_too_little_is_below_zero() -> None:
    assert available_to_promise(on_hand=3, allocated=2, safety_stock=4) == -3


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 50))
def test_an_allocated_unit_is_available_once_less(on_hand: int, allocated: int, buffer: int) -> None:
    before = available_to_promise(on_hand, allocated, buffer=buffer)
    assert available_to_promise(on_hand, allocated + 1, buffer=buffer) == before - 1
    # Shipping takes the unit off the shelf and off the claims: nothing changes for anybody else.
    assert available_to_promise(on_hand - 1, allocated - 1, buffer=buffer) == before


def test_two_lines_of_one_variant_are_one_demand() -> None:
    first, second, _ = _VARIANTS
    here, there = _LOCATIONS
    demand = demand_by_key(
        [Demand(second, here, 1), Demand(first, there, 2), Demand(second, here, 3), Demand(first, here, 5)]
    )
    assert list(demand.items()) == [((first, here), 5), ((first, there), 2), ((second, here), 4)]


def test_no_demand() -> None:
    assert demand_by_key([]) == {}


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_demand_is_positive(quantity: int) -> None:
    with pytest.raises(InvalidValue, match=rf"^quantity: {quantity} units cannot be asked for; at least 1$"):
        Demand(_VARIANTS[0], _LOCATIONS[0], quantity)


@given(
    st.lists(
        st.builds(
            Demand,
            variant_id=st.sampled_from(_VARIANTS),
            location_id=st.sampled_from(_LOCATIONS),
            quantity=st.integers(1, 9),
        )
    )
)
def test_demand_is_summed_and_sorted(lines: list[Demand]) -> None:
    demand = demand_by_key(lines)
    expected: dict[StockKey, int] = defaultdict(int)
    for line in lines:
        expected[line.variant_id, line.location_id] += line.quantity
    assert demand == dict(expected)
    assert list(demand) == sorted(demand)
    assert list(demand_by_key(reversed(lines)).items()) == list(demand.items())
