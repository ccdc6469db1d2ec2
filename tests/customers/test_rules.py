from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.customers.rules import (
    Word,
    address_problems,
    changes_anything,
    is_believed_without_time,
    is_in_force,
)
from packhouse.sdk import Address, ConsentState
from packhouse.testing.factories import ADDRESS


def fields(address: Address | None) -> list[str]:
    return [field for field, _ in address_problems(address)]


def test_a_parcel_can_be_sent_to_a_whole_address() -> None:
    assert fields(ADDRESS) == []
    assert fields(replace(ADDRESS, name="", company="Example Ltd")) == []


def test_no_address_is_one_problem() -> None:
    assert fields(None) == ["shippingAddress"]


@pytest.mark.parametrize(
    ("part", "value"),
    [("country", ""), *((part, value) for part in ("name", "line1", "city", "postcode") for value in ("", "  "))],
)
def test_each_part_that_is_missing_is_named(part: str, value: str) -> None:
    assert fields(replace(ADDRESS, **{part: value})) == [f"shippingAddress.{part}"]


def test_everything_that_is_missing_is_named_at_once() -> None:
    assert fields(Address()) == [f"shippingAddress.{part}" for part in ("name", "line1", "city", "country", "postcode")]


@pytest.mark.parametrize(
    ("country", "needed"), [("IE", False), ("HK", False), ("AE", False), ("DE", True), ("US", True)]
)
def test_postcodes_are_asked_for_where_there_are_any(country: str, *, needed: bool) -> None:
    assert fields(replace(ADDRESS, country=country, postcode="")) == (["shippingAddress.postcode"] if needed else [])


NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
YES, NO, MAYBE = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.UNKNOWN


@pytest.mark.parametrize(
    ("state", "seconds", "current", "wins"),
    [
        (YES, 1, NO, True),
        (NO, 1, YES, True),
        (YES, -1, NO, False),
        (NO, -1, YES, False),
        (YES, 0, NO, False),
        (NO, 0, YES, True),
        (MAYBE, 0, YES, True),
    ],
)
def test_the_word_given_last_is_in_force_and_of_two_at_once_the_careful_one(
    *, state: ConsentState, seconds: int, current: ConsentState, wins: bool
) -> None:
    assert is_in_force(Word(state, NOON + timedelta(seconds=seconds)), Word(current, NOON)) is wins


def test_a_first_word_is_in_force() -> None:
    assert is_in_force(Word(YES, NOON), None)


@pytest.mark.parametrize(
    ("word", "current", "changes"),
    [
        (Word(YES, NOON), None, True),
        (Word(NO, NOON), None, True),
        (Word(MAYBE, NOON), None, False),
        (Word(YES, NOON), Word(YES, NOON), False),
        (Word(YES, NOON, "a@example.com"), Word(YES, NOON, "b@example.com"), True),
        (Word(MAYBE, NOON, "a@example.com"), Word(MAYBE, NOON, "b@example.com"), False),
        (Word(MAYBE, NOON), Word(YES, NOON), True),
    ],
)
def test_only_another_word_changes_anything(*, word: Word, current: Word | None, changes: bool) -> None:
    assert changes_anything(word, current) is changes


@pytest.mark.parametrize(
    ("state", "current", "believed"),
    [(YES, MAYBE, True), (YES, NO, False), (YES, YES, False), (NO, YES, True), (NO, MAYBE, True), (NO, NO, False)],
)
def test_a_yes_of_unknown_time_undoes_no_no(*, state: ConsentState, current: ConsentState, believed: bool) -> None:
    assert is_believed_without_time(state, current) is believed
