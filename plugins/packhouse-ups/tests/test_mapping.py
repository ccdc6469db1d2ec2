from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.sdk import Address, Dimensions, Money, ProviderRefused
from packhouse_ups.mapping import (
    address_json,
    charge,
    dimensions_json,
    first_money,
    moment,
    party_json,
    rate_address_json,
    reference_value,
    weight_json,
)


@pytest.mark.parametrize(
    ("grams", "country", "code", "weight"),
    [
        (1, "GB", "KGS", "0.1"),
        (1000, "GB", "KGS", "1.0"),
        (1001, "GB", "KGS", "1.1"),
        (70_000, "DE", "KGS", "70.0"),
        (1, "US", "LBS", "0.1"),
        (453, "US", "LBS", "1.0"),
        (454, "US", "LBS", "1.1"),
        (1930, "PR", "LBS", "4.3"),
    ],
)
def test_weights_are_rounded_up(grams: int, country: str, code: str, weight: str) -> None:
    found = weight_json(grams, country)
    assert (found["UnitOfMeasurement"]["Code"], found["Weight"]) == (code, weight)


@given(st.integers(min_value=1, max_value=450_000))
def test_a_weight_is_never_less_than_the_parcel_and_less_than_a_tenth_more(grams: int) -> None:
    for country, unit in (("US", Decimal("453.59237")), ("GB", Decimal(1000))):
        weight = Decimal(weight_json(grams, country)["Weight"])
        assert grams <= weight * unit < grams + unit / 10


@pytest.mark.parametrize(
    ("grams", "code"), [(0, "WEIGHT_MISSING"), (-1, "WEIGHT_MISSING"), (9_000_000, "WEIGHT_TOO_HIGH")]
)
def test_weights_of_no_parcel_are_refused(grams: int, code: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        weight_json(grams, "GB")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("country", "code", "sides"), [("GB", "CM", ("41", "20", "1")), ("US", "IN", ("16", "8", "1"))]
)
def test_sizes_are_whole_rounded_up_and_the_longest_first(country: str, code: str, sides: tuple[str, ...]) -> None:
    found = dimensions_json(Dimensions(length_mm=1, width_mm=401, height_mm=200), country)
    assert found["UnitOfMeasurement"]["Code"] == code
    assert (found["Length"], found["Width"], found["Height"]) == sides


@pytest.mark.parametrize(("longest", "code"), [(0, "SIZE_MISSING"), (10_001, "SIZE_TOO_LARGE")])
def test_sizes_of_no_parcel_are_refused(longest: int, code: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        dimensions_json(Dimensions(longest, 10, 10), "GB")
    assert refused.value.code == code


def test_a_long_street_is_wrapped_at_words() -> None:
    address = Address(line1="The Old Warehouse Building Number Fourteen", line2="Dock Road", city="Leeds", country="GB")
    assert address_json(address)["AddressLine"] == ["The Old Warehouse Building Number", "Fourteen", "Dock Road"]


def test_a_street_that_does_not_fit_is_refused_and_never_cut() -> None:
    with pytest.raises(ProviderRefused) as refused:
        address_json(Address(line1="Street " * 20, city="Leeds", country="GB"))
    assert refused.value.code == "ADDRESS_TOO_LONG"


@pytest.mark.parametrize(
    ("region", "country", "shipping", "rating"),
    [
        ("NY", "US", "NY", "NY"),
        ("US-NY", "US", "NY", "NY"),
        ("VN-44", "VN", "44", "44"),
        ("Cork", "IE", "Cork", None),
        ("New York State", "US", None, None),
        ("Kent", "GB", None, None),
        ("", "US", None, None),
    ],
)
def test_states_are_sent_where_ups_wants_them(
    region: str, country: str, shipping: str | None, rating: str | None
) -> None:
    address = Address(line1="1 Road", city="Town", region=region, country=country)
    assert address_json(address).get("StateProvinceCode") == shipping
    assert rate_address_json(address).get("StateProvinceCode") == rating


@pytest.mark.parametrize(("postcode", "sent"), [("10001-1234", "100011234"), ("SW1A 1AA", "SW1A 1AA"), (" ", None)])
def test_postcodes_fit_nine_characters(postcode: str, sent: str | None) -> None:
    assert address_json(Address(city="Town", postcode=postcode, country="US")).get("PostalCode") == sent


def test_a_postcode_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ProviderRefused) as refused:
        address_json(Address(city="Town", postcode="1234567890", country="US"))
    assert refused.value.code == "POSTCODE_TOO_LONG"


def test_a_price_needs_no_city() -> None:
    assert rate_address_json(Address(postcode="75001", country="FR")) == {
        "AddressLine": [],
        "CountryCode": "FR",
        "PostalCode": "75001",
    }


def test_nobody_cannot_receive() -> None:
    with pytest.raises(ProviderRefused) as refused:
        party_json(Address(line1="1 Road", city="Town", country="GB"))
    assert refused.value.code == "NAME_MISSING"


def test_a_phone_that_does_not_fit_is_left_out() -> None:
    assert "Phone" not in party_json(Address(name="A", city="Town", country="GB", phone="0" * 16))


def test_references_fit_35_characters() -> None:
    assert reference_value("018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c") == "018f6f2e7b7a7cc19a373b1f0f1e2d3c"
    assert reference_value(" S-1001 ") == "S-1001"


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ({"gmtDate": "20260704", "gmtTime": "09:15:30"}, datetime(2026, 7, 4, 9, 15, 30, tzinfo=UTC)),
        ({"gmtDate": "20260704", "gmtTime": "74700"}, datetime(2026, 7, 4, 7, 47, tzinfo=UTC)),
        ({"date": "20260101", "time": "003000", "gmtOffset": "+01:00"}, datetime(2025, 12, 31, 23, 30, tzinfo=UTC)),
        ({"date": "20260101", "time": "203000", "gmtOffset": "-05:00"}, datetime(2026, 1, 2, 1, 30, tzinfo=UTC)),
        ({"date": "20260101", "time": "203000"}, datetime(2026, 1, 1, 20, 30, tzinfo=UTC)),
        ({"date": "20260101"}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({"date": "20260101", "time": "203000", "gmtOffset": "-99:00"}, datetime(2026, 1, 1, 20, 30, tzinfo=UTC)),
        ({"date": "20261301", "time": "203000"}, None),
        ({"date": 20260101, "time": None}, None),
        ({}, None),
    ],
)
def test_moments_are_utc(activity: dict[str, Any], expected: datetime | None) -> None:
    assert moment(activity) == expected


def test_the_first_amount_that_can_be_read_counts() -> None:
    amounts = [{}, {"CurrencyCode": "GBP", "MonetaryValue": "1.234"}, {"CurrencyCode": "JPY", "MonetaryValue": "900"}]
    assert first_money(amounts) == Money(Decimal(900), "JPY")
    assert (
        first_money([{"CurrencyCode": "GBP", "MonetaryValue": "NaN"}, {"CurrencyCode": "", "MonetaryValue": "1"}])
        is None
    )


def test_a_negotiated_total_counts_before_a_published_one() -> None:
    def pounds(value: str) -> dict[str, str]:
        return {"CurrencyCode": "GBP", "MonetaryValue": value}

    rated: dict[str, Any] = {"TotalCharges": pounds("10")}
    assert charge(rated) == Money.of("10", "GBP")
    rated["TotalChargesWithTaxes"] = pounds("12")
    assert charge(rated) == Money.of("12", "GBP")
    rated["NegotiatedRateCharges"] = {"TotalCharge": pounds("7")}
    assert charge(rated) == Money.of("7", "GBP")
    rated["NegotiatedRateCharges"]["TotalChargesWithTaxes"] = pounds("8.40")
    assert charge(rated) == Money.of("8.40", "GBP")
