import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.returns.rules import refund_amount, returnable
from packhouse.sdk import InvalidValue


@pytest.mark.parametrize(
    ("shipped", "delivered", "returned", "returning", "expected"),
    [(5, 3, 0, 0, 5), (5, 3, 1, 2, 2), (5, 5, 5, 0, 0), (0, 0, 0, 0, 0)],
)
def test_returnable(shipped: int, delivered: int, returned: int, returning: int, expected: int) -> None:
    assert returnable(shipped, delivered, returned, returning) == expected


def test_a_policy_may_want_the_units_delivered_first() -> None:
    assert returnable(5, 3, 1, 1, must_be_delivered=True) == 1
    # Two were refused at the door and came back undelivered: nothing is left of the one that was delivered.
    assert returnable(3, 1, 2, must_be_delivered=True) == 0


def test_the_earlier_units_have_the_larger_shares() -> None:
    assert [refund_amount(1000, 3, 1, already) for already in range(3)] == [334, 333, 333]
    assert refund_amount(1000, 3, 2) == 667
    assert refund_amount(1000, 3, 2, already_refunded=1) == 666
    assert refund_amount(1000, 3, 3) == 1000


def test_fewer_pennies_than_units() -> None:
    assert [refund_amount(2, 4, 1, already) for already in range(4)] == [1, 1, 0, 0]


def test_nothing_for_no_units() -> None:
    assert refund_amount(1000, 3, 0, already_refunded=3) == 0


def test_more_units_than_the_line_has_left() -> None:
    with pytest.raises(InvalidValue, match=r"^quantity: 2 units cannot be refunded: 2 of 3 already are$"):
        refund_amount(1000, 3, 2, already_refunded=2)


@pytest.mark.parametrize(
    ("total", "ordered", "units", "already"), [(-1, 3, 1, 0), (1, 0, 0, 0), (1, 3, -1, 1), (1, 3, 1, -1)]
)
def test_numbers_that_cannot_be(total: int, ordered: int, units: int, already: int) -> None:
    with pytest.raises(InvalidValue, match="cannot be negative"):
        refund_amount(total, ordered, units, already)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 50), min_size=1, max_size=20).filter(any))
def test_in_whatever_parts_the_line_goes_back_exactly(total: int, parts: list[int]) -> None:
    ordered, already, refunded = sum(parts), 0, 0
    for units in parts:
        refunded += refund_amount(total, ordered, units, already)
        already += units
    assert refunded == total


@given(st.integers(0, 10**6), st.integers(1, 200))
def test_unit_by_unit_the_shares_are_those_of_the_largest_remainder(total: int, ordered: int) -> None:
    shares = [refund_amount(total, ordered, 1, already) for already in range(ordered)]
    # Every unit has the whole part of total / ordered; the pennies that are left go round from the first.
    expected = [total // ordered] * ordered
    for penny in range(total - sum(expected)):
        expected[penny] += 1
    assert shares == expected
    assert max(shares) - min(shares) <= 1
