from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.fulfillment.rules import (
    PickTarget,
    ScanCheck,
    ScanRefusal,
    WorkLine,
    check_scan,
    is_closed,
    matches,
    remainder,
)
from packhouse.sdk import InvalidValue

_ONE, _TWO = UUID(int=1), UUID(int=2)


def test_work_is_closed_when_shipped_and_cancelled_make_the_total() -> None:
    assert is_closed([WorkLine(_ONE, 3, shipped=3), WorkLine(_TWO, 2, shipped=1, cancelled=1)])
    assert not is_closed([WorkLine(_ONE, 3, shipped=3), WorkLine(_TWO, 2, shipped=1)])


def test_the_remainder_leaves_finished_lines_out() -> None:
    lines = [WorkLine(_ONE, 3, shipped=2, cancelled=1), WorkLine(_TWO, 5, shipped=1, cancelled=1)]
    assert remainder(lines) == {_TWO: 3}


@pytest.mark.parametrize(("shipped", "cancelled"), [(2, 2), (4, 0), (-1, 0), (0, -1)])
def test_a_line_that_cannot_be_is_refused(shipped: int, cancelled: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        WorkLine(_ONE, 3, shipped=shipped, cancelled=cancelled)
    assert str(caught.value) == (f"quantity: line {_ONE} cannot have {shipped} shipped and {cancelled} cancelled of 3")


@st.composite
def _work(draw: st.DrawFn) -> WorkLine:
    quantity = draw(st.integers(1, 20))
    shipped = draw(st.integers(0, quantity))
    return WorkLine(draw(st.uuids()), quantity, shipped, draw(st.integers(0, quantity - shipped)))


@given(st.lists(_work(), max_size=6, unique_by=lambda line: line.id))
def test_no_unit_is_lost_between_incomplete_work_and_its_remainder(lines: list[WorkLine]) -> None:
    left = remainder(lines)
    done = sum(line.shipped + line.cancelled for line in lines)
    assert done + sum(left.values()) == sum(line.quantity for line in lines)
    assert is_closed(lines) is (not left)
    assert all(units > 0 for units in left.values())


_TARGET = PickTarget(sku="MUG-Blue", barcode="5012345678900", quantity=2)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("5012345678900", True),
        (" 5012345678900\r\n", True),
        ("MUG-Blue", True),
        ("mug-blue", True),
        ("05012345678900", True),
        ("5012345678901", False),
        ("MUG-Red", False),
        ("MUG", False),
        ("", False),
        ("  ", False),
    ],
)
def test_what_the_scanner_read(code: str, expected: bool) -> None:
    assert matches(_TARGET, code) is expected


def test_leading_zeros_of_a_gtin_do_not_matter() -> None:
    upc = PickTarget(sku="A", barcode="012345678905", quantity=1)
    assert matches(upc, "0012345678905")
    assert matches(upc, "00012345678905")
    # Eleven digits are no GTIN, so they are compared as they are.
    assert not matches(upc, "12345678905")


def test_zeros_matter_in_a_sku() -> None:
    assert not matches(PickTarget(sku="000000012345", quantity=1), "0000000012345")


def test_without_a_barcode_only_the_sku_counts() -> None:
    bare = PickTarget(sku="A", quantity=1)
    assert matches(bare, "a")
    assert not matches(bare, "5012345678900")
    assert not matches(bare, "")


def test_scans_are_counted_and_never_more_than_asked() -> None:
    assert check_scan(_TARGET, "MUG-Blue") == ScanCheck(1)
    one_left = PickTarget(sku="MUG-Blue", quantity=2, picked=1)
    assert check_scan(one_left, "MUG-Blue") == ScanCheck(2)
    assert check_scan(one_left, "MUG-Blue", 2) == ScanCheck(1, ScanRefusal.TOO_MANY)
    assert check_scan(one_left, "MUG-Red", 2) == ScanCheck(1, ScanRefusal.WRONG_ITEM)


@pytest.mark.parametrize("quantity", [0, -3])
def test_a_scan_is_of_at_least_one_unit(quantity: int) -> None:
    with pytest.raises(InvalidValue, match=rf"^quantity: {quantity} units cannot be picked; at least 1$"):
        check_scan(_TARGET, "MUG-Blue", quantity)


@given(st.integers(1, 9), st.lists(st.tuples(st.sampled_from(["A", "B"]), st.integers(1, 4))))
def test_however_it_is_scanned_the_tote_never_holds_too_many(asked: int, scans: list[tuple[str, int]]) -> None:
    picked = 0
    for code, quantity in scans:
        check = check_scan(PickTarget("A", asked, picked), code, quantity)
        counts = code == "A" and picked + quantity <= asked
        assert check.picked == (picked + quantity if counts else picked)
        assert (check.refusal is None) is counts
        picked = check.picked
    assert picked <= asked
