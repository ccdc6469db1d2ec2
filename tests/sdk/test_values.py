from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.sdk import Address, InvalidValue, Money, fact_id, new_id, now
from packhouse.sdk.values import check_currency, check_length, check_locale, currency_exponent

# One currency for each number of digits, and each with an amount that has one digit too many.
CURRENCIES = ["JPY", "GBP", "KWD", "CLF"]
MOST = 2**53 - 1

minors = st.integers(-MOST, MOST)
currencies = st.sampled_from(CURRENCIES)


@given(minors, currencies)
def test_minor_units_go_there_and_back(minor: int, currency: str) -> None:
    money = Money.from_minor(minor, currency)
    assert money.minor == minor
    assert Money.of(str(money.amount), currency) == money
    assert Money.of(money.amount, currency).minor == minor


@given(minors, currencies)
def test_the_text_has_the_currencys_own_digits(minor: int, currency: str) -> None:
    amount, _, code = str(Money.of(Money.from_minor(minor, currency).amount, currency)).partition(" ")
    digits = len(amount.partition(".")[2])
    assert (digits, code) == (currency_exponent(currency), currency)


small = st.integers(-(2**40), 2**40)


@given(small, small, small, currencies)
def test_adding_is_exact_and_in_any_order(a: int, b: int, c: int, currency: str) -> None:
    x, y, z = (Money.from_minor(each, currency) for each in (a, b, c))
    assert (x + y).minor == a + b
    assert (x - y).minor == a - b
    assert (x + y) + z == x + (y + z)
    assert x + y == y + x
    assert x - y + y == x


@given(small, st.integers(0, 1000), currencies)
def test_so_many_units_cost_as_many_additions(minor: int, count: int, currency: str) -> None:
    assert (Money.from_minor(minor, currency) * count).minor == minor * count


@given(minors, minors)
def test_two_currencies_are_never_mixed(a: int, b: int) -> None:
    pounds, euros = Money.from_minor(a, "GBP"), Money.from_minor(b, "EUR")
    with pytest.raises(InvalidValue, match="GBP and EUR"):
        _ = pounds + euros
    with pytest.raises(InvalidValue, match="GBP and EUR"):
        _ = pounds - euros


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6), currencies)
def test_rounding_is_to_the_nearest_and_half_away_from_nothing(amount: Decimal, currency: str) -> None:
    rounded = Money.rounded(amount, currency)
    unit = Decimal(1).scaleb(-currency_exponent(currency))
    assert Money.of(rounded.amount, currency) == rounded
    assert abs(rounded.amount - amount) <= unit / 2
    if abs(rounded.amount - amount) == unit / 2:
        assert abs(rounded.amount) > abs(amount)


@given(st.text())
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    with suppress(InvalidValue):
        assert Money.of(text, "GBP").minor == Decimal(text) * 100


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.001", "GBP"),
        ("0.1", "JPY"),
        ("0.0001", "KWD"),
        ("", "GBP"),
        ("ten", "GBP"),
        ("NaN", "GBP"),
        ("sNaN", "GBP"),
        ("Infinity", "GBP"),
        ("1e400", "GBP"),
        ("90071992547409.92", "GBP"),
        ("-90071992547409.92", "GBP"),
    ],
)
def test_amounts_that_cannot_be(amount: str, currency: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        Money.of(amount, currency, "lines.0.price")
    assert invalid.value.field == "lines.0.price"


def test_the_largest_amount_can_be() -> None:
    assert Money.of("90071992547409.91", "GBP").minor == MOST


@pytest.mark.parametrize("currency", ["", "gbp", "GB", "GBPP", "£££", "G1P", "GBP\n"])
def test_codes_that_are_no_currency(currency: str) -> None:
    with pytest.raises(InvalidValue, match="ISO 4217"):
        check_currency(currency)
    with pytest.raises(InvalidValue, match="currency"):
        Money.of("1", currency)


@pytest.mark.parametrize("country", ["GBR", "gb", "G", "U1", "GB\n"])
def test_countries_that_are_no_code(country: str) -> None:
    with pytest.raises(InvalidValue, match="ISO 3166"):
        Address(country=country)


@given(st.text(max_size=10), st.integers(0, 10))
def test_text_is_kept_or_refused_whole(text: str, most: int) -> None:
    if len(text) <= most:
        assert check_length(text, most, "name") == text
        return
    with pytest.raises(InvalidValue) as invalid:
        check_length(text, most, "name")
    assert invalid.value.field == "name"


def test_one_fact_has_one_id() -> None:
    order_id = new_id()
    assert fact_id("order_placed", order_id) == fact_id("order_placed", order_id)
    assert fact_id("order_placed", order_id) != fact_id("order_confirmed", order_id)
    assert fact_id("a", "b").version == 5


def test_ids_are_unique_and_sorted_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}


def test_the_clock_has_a_zone() -> None:
    offset = now().utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0


@pytest.mark.parametrize("locale", ["", "en", "en-GB", "zh-Hant-TW", "es-419", "sr-Latn-RS-x-a"])
def test_a_language_tag_passes(locale: str) -> None:
    assert check_locale(locale) == locale


@pytest.mark.parametrize("locale", ["e", "en_GB", "english please", "en-", "en-" + "x-" * 20 + "y", "en\n"])
def test_what_is_no_language_tag_is_refused(locale: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        check_locale(locale)
    assert invalid.value.field == "locale"
