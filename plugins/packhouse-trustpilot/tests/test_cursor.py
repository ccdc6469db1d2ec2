from datetime import UTC, datetime, timedelta

import pytest

from packhouse_trustpilot.cursor import Cursor, Stream

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = Cursor(NOON - 2 * HOUR, NOON - 3 * HOUR)


def test_a_cursor_goes_there_and_back() -> None:
    for cursor in (START, START.after([NOON - HOUR], NOON), START.after([], NOON).to_products()):
        assert Cursor.read(cursor.write()) == cursor


@pytest.mark.parametrize(
    "written", ["", "nonsense", "[]", "{}", '{"until": 1}', '{"until": "x", "product_until": "x"}']
)
def test_what_was_not_written_here_is_no_cursor(written: str) -> None:
    assert Cursor.read(written) is None


def test_a_round_walks_both_streams_and_remembers_the_newest_of_each() -> None:
    paged = START.after([NOON - HOUR, NOON - 5 * HOUR], NOON).after([NOON - 2 * HOUR], NOON)
    assert (paged.stream, paged.page, paged.newest, paged.until) == (Stream.SERVICE, 3, NOON - HOUR, START.until)
    products = paged.to_products()
    assert (products.stream, products.page, products.newest, products.until) == (Stream.PRODUCT, 1, None, NOON - HOUR)
    following = products.after([NOON - 4 * HOUR], NOON).to_next_round()
    # what an earlier round has seen is not forgotten
    assert following == Cursor(NOON - HOUR, START.product_until)


def test_what_is_said_to_be_from_the_future_hides_nothing() -> None:
    assert START.after([NOON + timedelta(days=400)], NOON).to_products().until == START.until


def test_the_first_round_goes_back_so_far() -> None:
    assert Cursor.beginning(NOON, timedelta(days=30)) == Cursor(NOON - timedelta(days=30), NOON - timedelta(days=30))
