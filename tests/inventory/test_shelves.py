"""First expired, first out; and where a change of a whole level happens."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.inventory.shelves import Placed, Shelf, choose, divide, first_expired, is_good, summed

TODAY = date(2027, 3, 1)


@pytest.mark.parametrize(
    ("status", "expires_on", "days", "good"),
    [
        ("released", None, 0, True),
        ("released", TODAY, 0, True),
        ("released", date(2027, 2, 28), 0, False),
        ("released", date(2027, 3, 31), 30, True),
        ("released", date(2027, 3, 30), 30, False),
        ("quarantined", None, 0, False),
        ("recalled", date(2030, 1, 1), 0, False),
    ],
)
def test_a_lot_is_good_until_too_few_days_are_left(status: str, expires_on: date | None, days: int, good: bool) -> None:
    assert is_good(status, expires_on, TODAY, days) is good


LATE = Shelf("A-1", "LATE", 5, expires_on=date(2027, 9, 1), walk=(0, 1, "A-1"))
SOON = Shelf("B-2", "SOON", 3, damaged=1, expires_on=date(2027, 4, 1), walk=(0, 2, "B-2"))
SOON_NEAR = Shelf("A-9", "SOON", 2, claimed=1, expires_on=date(2027, 4, 1), walk=(0, 1, "A-9"))
BARE = Shelf("A-1", "", 4, quarantined=1, walk=(0, 1, "A-1"))
GONE_OFF = Shelf("A-1", "OLD", 6, expires_on=date(2027, 1, 1), may_be_sold=False, may_be_sent=False)
ALL = [BARE, GONE_OFF, LATE, SOON, SOON_NEAR]


def test_the_first_to_expire_goes_first_then_the_nearest_bin_and_what_is_not_sold_last() -> None:
    assert [shelf.place for shelf in first_expired(ALL)] == [
        ("A-9", "SOON"),
        ("B-2", "SOON"),
        ("A-1", "LATE"),
        ("A-1", ""),
        ("A-1", "OLD"),
    ]


def test_picks_are_of_units_that_nobody_else_picks_and_that_may_be_sold() -> None:
    assert choose(ALL, 5) == [Placed("A-9", "SOON", 1), Placed("B-2", "SOON", 2), Placed("A-1", "LATE", 2)]
    assert sum(each.on_hand for each in choose(ALL, 100)) == 1 + 2 + 5 + 3


def test_what_changes_its_condition_stays_where_it_is_and_what_comes_goes_home() -> None:
    assert divide(ALL, "A-1", Placed("", "", 0, damaged=2)) == [
        Placed("A-9", "SOON", damaged=1),
        Placed("B-2", "SOON", damaged=1),
    ]
    assert divide(ALL, "A-1", Placed("", "", 7, damaged=2)) == [Placed("A-1", "", 7, damaged=2)]
    assert divide(ALL, "A-1", Placed("", "", -1, quarantined=-1)) == [Placed("A-1", "", -1, quarantined=-1)]
    assert divide(ALL, "A-1", Placed("", "", 0, damaged=-1)) == [Placed("B-2", "SOON", damaged=-1)]
    assert divide(ALL, "A-1", Placed("", "", 0, quarantined=-2)) is None


def test_what_is_sent_is_never_of_a_lot_that_may_not_be() -> None:
    assert divide(ALL, "A-1", Placed("", "", -12), is_sent=True) is None
    assert divide(ALL, "A-1", Placed("", "", -12)) is not None


_shelf = st.builds(
    Shelf,
    bin=st.sampled_from(["A", "B"]),
    lot=st.sampled_from(["", "L1", "L2"]),
    on_hand=st.integers(6, 20),
    damaged=st.integers(0, 2),
    quarantined=st.integers(0, 2),
    claimed=st.integers(0, 2),
    expires_on=st.sampled_from([None, TODAY]),
    may_be_sent=st.booleans(),
)


# a busy machine is slow to generate, which says nothing about the rules
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(_shelf, max_size=4, unique_by=lambda shelf: shelf.place),
    st.builds(Placed, st.just(""), st.just(""), st.integers(-40, 20), st.integers(-6, 6), st.integers(-6, 6)),
    st.booleans(),
)
def test_a_divided_change_is_the_whole_change_and_no_shelf_falls_below_nothing(
    shelves: list[Shelf], change: Placed, is_sent: bool
) -> None:
    placed = divide(shelves, "A", change, is_sent=is_sent)
    if placed is None:
        return
    assert placed == summed(placed)
    for name in ("on_hand", "damaged", "quarantined"):
        assert sum(getattr(each, name) for each in placed) == getattr(change, name)
    there = {shelf.place: shelf for shelf in shelves}
    for each in placed:
        before = there.get(each.place, Shelf(*each.place, 0))
        after = replace(
            before,
            on_hand=before.on_hand + each.on_hand,
            damaged=before.damaged + each.damaged,
            quarantined=before.quarantined + each.quarantined,
        )
        assert min(after.free, after.damaged, after.quarantined) >= 0
