from hypothesis import given
from hypothesis import strategies as st

from packhouse.inventory.rules import available_to_promise


def test_available_to_promise_takes_everything_off() -> None:
    available = available_to_promise(
        on_hand=100, allocated=1, reserved=2, damaged=4, quarantined=8, safety_stock=16, buffer=32
    )
    assert available == 37


def test_what_orders_wait_for_is_theirs() -> None:
    assert available_to_promise(on_hand=5, backordered=3) == 2


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
