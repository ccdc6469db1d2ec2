from dataclasses import replace

import pytest

from packhouse.customers.rules import address_problems
from packhouse.sdk import Address
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
