from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.ordering.pricing import MAX_AMOUNT, KnownVariant, PricedLine, check_request, priced_lines, totals
from packhouse.sdk import InvalidValue, Money, Refused, new_id

MUG = KnownVariant(new_id(), "MUG", "Mug", requires_shipping=True)
EBOOK = KnownVariant(new_id(), "EBOOK", "E-book", requires_shipping=False)
VARIANTS = {each.sku: each for each in (MUG, EBOOK)}


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def order(*lines: PlaceLine, **changes: Any) -> PlaceOrder:
    return PlaceOrder(channel="web", currency="GBP", lines=lines or (PlaceLine("MUG", 1),), **changes)


def priced(data: PlaceOrder, prices: Mapping[tuple[UUID, int], int] | None = None) -> list[PricedLine]:
    listed = {(MUG.id, line.quantity): 1000 for line in data.lines} if prices is None else prices
    return priced_lines(data, VARIANTS, listed)


def test_a_line_costs_what_the_price_list_says() -> None:
    (line,) = priced(order(PlaceLine("MUG", 3, discount=gbp("5.00"), tax=gbp("4.17"))))
    assert (line.unit_price, line.discount, line.tax, line.total) == (1000, 500, 417, 2917)
    assert line.units_to_send == 3


def test_tax_that_is_included_is_not_added_again() -> None:
    data = order(PlaceLine("MUG", 1, tax=gbp("1.67")), tax_included=True, shipping=gbp("3.99"))
    (line,) = priced(data)
    assert line.total == 1000
    assert totals(data, [line]).total == 1399


def test_each_quantity_has_its_own_price() -> None:
    data = order(PlaceLine("MUG", 1), PlaceLine("MUG", 10))
    prices = {(MUG.id, 1): 1000, (MUG.id, 10): 800}
    assert [line.total for line in priced(data, prices)] == [1000, 8000]


def test_the_customer_may_be_shown_the_price_in_force_and_no_other() -> None:
    assert priced(order(PlaceLine("MUG", 1, unit_price=gbp("10.00"))))[0].unit_price == 1000
    with pytest.raises(Refused, match=r"MUG costs 10\.00 GBP on channel web now") as refused:
        priced(order(PlaceLine("MUG", 1, unit_price=gbp("9.99"))))
    assert (refused.value.code, refused.value.field) == ("PRICE_MISMATCH", "lines.0.unitPrice")


def test_a_channels_final_price_is_kept() -> None:
    line = PlaceLine("MUG", 1, unit_price=gbp("9.99"))
    assert priced(order(line, price_is_final=True))[0].unit_price == 999
    assert priced(order(line, price_is_final=True), {})[0].unit_price == 999


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (PlaceLine("NOPE", 1), "UNKNOWN_SKU", "lines.1.sku"),
        (PlaceLine("EBOOK", 1), "NO_PRICE", "lines.1.unitPrice"),
        (PlaceLine("MUG", 1, discount=gbp("10.01")), "DISCOUNT_TOO_LARGE", "lines.1.discount"),
    ],
)
def test_refusals_name_the_line(line: PlaceLine, code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        priced(order(PlaceLine("MUG", 1), line), {(MUG.id, 1): 1000})
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("line", "units"),
    [
        (PlaceLine("MUG", 3, cancelled=1), 2),
        (PlaceLine("MUG", 3, requires_shipping=False), 0),
        (PlaceLine("EBOOK", 3), 0),
        (PlaceLine("EBOOK", 3, requires_shipping=True), 3),
    ],
)
def test_units_that_somebody_has_to_send(line: PlaceLine, units: int) -> None:
    prices = {(MUG.id, 3): 1000, (EBOOK.id, 3): 500}
    assert priced(order(line), prices)[0].units_to_send == units


def test_what_a_channel_says_of_the_whole_order_is_kept() -> None:
    data = order(tax=gbp("1.00"), discount=gbp("2.00"), shipping=gbp("3.00"), total=gbp("99.00"))
    amounts = totals(data, priced(data))
    assert (amounts.subtotal, amounts.tax, amounts.discount, amounts.shipping, amounts.total) == (
        1000,
        100,
        200,
        300,
        9900,
    )
    assert totals(replace(data, total=None), priced(data)).total == 1000 - 200 + 300 + 100


def test_a_total_below_nothing_or_beyond_counting_cannot_be() -> None:
    data = order(discount=gbp("10.01"))
    with pytest.raises(InvalidValue, match="discount"):
        totals(data, priced(data))
    huge = order(PlaceLine("MUG", 1_000_000, unit_price=Money.from_minor(MAX_AMOUNT, "GBP")), price_is_final=True)
    with pytest.raises(InvalidValue, match="too large"):
        totals(huge, priced(huge))


BAD_REQUESTS: list[tuple[PlaceOrder, str]] = [
    (replace(order(), lines=()), "lines"),
    (order(*[PlaceLine("MUG", 1)] * 1001), "lines"),
    (replace(order(), currency="gbp"), "currency"),
    (order(PlaceLine(" ", 1)), "lines.0.sku"),
    (order(PlaceLine("MUG", 0)), "lines.0.quantity"),
    (order(PlaceLine("MUG", 1_000_001)), "lines.0.quantity"),
    (order(PlaceLine("MUG", 1, cancelled=2)), "lines.0.cancelled"),
    (order(PlaceLine("MUG", 1, cancelled=-1)), "lines.0.cancelled"),
    (order(PlaceLine("MUG", 1, discount=gbp("-1"))), "lines.0.discount"),
    (order(PlaceLine("MUG", 1, external_id="x" * 129)), "lines.0.externalId"),
    (order(shipping=gbp("-1")), "shipping"),
    (order(discount=gbp("-1")), "discount"),
    (order(total=gbp("-1")), "total"),
    (order(payments=(PlacePayment("charge", gbp("-1")),)), "payments.0.amount"),
    (order(payments=(PlacePayment("charge", gbp("1"), provider="x" * 65),)), "payments.0.provider"),
    (order(number="x" * 65), "number"),
    (order(external_id="x" * 129), "externalId"),
    (order(email="x" * 255), "email"),
    (order(customer_external_id="x" * 129), "customerExternalId"),
]


@pytest.mark.parametrize(("data", "field"), BAD_REQUESTS, ids=[field for _, field in BAD_REQUESTS])
def test_requests_that_cannot_be(data: PlaceOrder, field: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        check_request(data)
    assert invalid.value.field == field


@pytest.mark.parametrize("field", ["shipping", "tax", "discount", "total"])
def test_amounts_are_in_the_orders_currency(field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_request(order(**{field: Money.of("1", "EUR")}))
    assert (refused.value.code, refused.value.field) == ("CURRENCY_MISMATCH", field)


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 10**6), st.integers(0, 10**4)), min_size=1, max_size=5),
    st.integers(0, 10**5),
    st.booleans(),
)
def test_the_total_is_the_sum_of_the_lines_and_shipping(
    rows: list[tuple[int, int, int]], shipping: int, tax_included: bool
) -> None:
    lines = tuple(
        PlaceLine("MUG", quantity, Money.from_minor(price, "GBP"), tax=Money.from_minor(tax, "GBP"))
        for quantity, price, tax in rows
    )
    data = order(*lines, price_is_final=True, shipping=Money.from_minor(shipping, "GBP"), tax_included=tax_included)
    found = priced(data)
    amounts = totals(data, found)
    assert amounts.total == sum(line.total for line in found) + shipping
    assert amounts.subtotal == sum(quantity * price for quantity, price, _ in rows)
