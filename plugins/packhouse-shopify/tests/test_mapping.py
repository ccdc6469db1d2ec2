import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.sdk import (
    Address,
    ConsentPurpose,
    ConsentState,
    IncomingConsent,
    IncomingLine,
    IncomingOrder,
    IncomingPayment,
    Money,
    Unreadable,
)
from packhouse_shopify.mapping import read_order
from packhouse_shopify.webhooks import read

Load = Callable[[str], Any]


@cache
def sample_text() -> str:
    return (Path(__file__).parent / "fixtures" / "order_webhook.json").read_text("utf-8")


def sample() -> dict[str, Any]:
    return json.loads(sample_text())  # type: ignore[no-any-return]  # the fixture is an object


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def put(raw: Any, path: str, value: Any) -> Any:
    """A copy with another value at a path such as line_items.0.sku; `...` takes the field away."""
    changed = copy.deepcopy(raw)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target = changed
    for parent in parents:
        target = target[parent]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return changed


def test_reads_every_part_of_an_order() -> None:
    charged_at = datetime(2026, 11, 20, 9, 14, 58, tzinfo=UTC)
    method = "shopify_payments, gift_card"
    assert read_order(sample()) == IncomingOrder(
        external_id="6000000000000000123",
        number="#1042",
        currency="GBP",
        placed_at=charged_at,
        updated_at=datetime(2026, 11, 21, 11, 0, tzinfo=UTC),
        lines=(
            IncomingLine(
                external_id="8000000000000000001",
                sku="MUG-BLUE",
                title="Mug - Blue",
                quantity=3,
                unit_price=gbp("14.99"),
                discount=gbp("3.00"),
                tax=gbp("7.35"),
                cancelled=1,
            ),
            IncomingLine(
                external_id="8000000000000000002",
                sku="EBOOK-1",
                title="E-book",
                quantity=1,
                unit_price=gbp("14.98"),
                discount=gbp("0.00"),
                tax=gbp("0.00"),
                requires_shipping=False,
            ),
        ),
        total=gbp("61.90"),
        shipping=gbp("4.95"),
        tax=gbp("10.32"),
        discount=gbp("3.00"),
        tax_included=True,
        email="buyer@example.com",
        locale="en-GB",
        customer_name="Robin Example",
        customer_external_id="7000000000000000456",
        shipping_address=Address(
            name="Robin Example", line1="1 Test Lane", city="Leeds", region="ENG", postcode="LS1 1AA", country="GB"
        ),
        billing_address=Address(name="Robin Example", city="Leeds", country="GB"),
        payments=(
            IncomingPayment("6000000000000000123:charge", "charge", gbp("61.90"), method, charged_at),
            IncomingPayment(
                "6000000000000000123:refund:9000000000000000009",
                "refund",
                gbp("14.99"),
                method,
                datetime(2026, 11, 21, 10, 59, 30, tzinfo=UTC),
            ),
        ),
        note="Leave with a neighbour",
        tags=("gift", "wholesale"),
        consents=(
            IncomingConsent(
                ConsentPurpose.MARKETING_EMAIL,
                ConsentState.GRANTED,
                datetime(2026, 11, 20, 9, 14, tzinfo=UTC),
                "buyer@example.com",
                "Shopify says subscribed, opt-in level single_opt_in",
            ),
            IncomingConsent(
                ConsentPurpose.MARKETING_SMS,
                ConsentState.DENIED,
                datetime(2026, 10, 2, 8, tzinfo=UTC),
                "+441134960000",
                "Shopify says unsubscribed, opt-in level confirmed_opt_in, collected from shopify",
            ),
        ),
    )


def test_ids_without_a_global_id_are_kept_exactly() -> None:
    (order,) = read("orders/create", json.dumps(put(sample(), "admin_graphql_api_id", ...)).encode())
    assert order.external_id == "6000000000000000100"


def test_plain_amounts_and_absent_parts_are_enough() -> None:
    raw = {
        "id": 5,
        "currency": "JPY",
        "created_at": "2026-11-20T09:15:00+09:00",
        "updated_at": "2026-11-20T09:15:00+09:00",
        "total_price": "1200.00",
        "line_items": [{"id": 6, "sku": "TEA", "title": "Tea", "quantity": 1, "price": 1200}],
    }
    order = read_order(raw)
    assert order.total == Money(Decimal(1200), "JPY")
    assert order.total.minor == 1200
    assert (order.number, order.shipping_address, order.payments, order.shipping) == ("5", None, (), None)


def test_a_cancelled_order_says_when_and_why() -> None:
    raw = sample() | {"cancelled_at": "2026-11-22T08:00:00Z", "cancel_reason": "CUSTOMER"}
    order = read_order(raw)
    assert (order.cancelled_at, order.cancel_reason) == (datetime(2026, 11, 22, 8, tzinfo=UTC), "customer")


@pytest.mark.parametrize(
    ("status", "outstanding", "expected"),
    [
        (None, "61.90", []),
        ("pending", "61.90", []),
        ("voided", "61.90", []),
        ("expired", "61.90", []),
        ("authorized", "61.90", [("authorization", "61.90")]),
        ("paid", "0.00", [("charge", "61.90")]),
        ("partially_paid", "41.90", [("charge", "20.00")]),
        ("partially_refunded", "0.00", [("charge", "61.90"), ("refund", "14.99")]),
        ("refunded", "0.00", [("charge", "61.90"), ("refund", "14.99")]),
    ],
)
def test_payments_follow_the_financial_status(
    status: str | None, outstanding: str, expected: list[tuple[str, str]]
) -> None:
    order = read_order(sample() | {"financial_status": status, "total_outstanding": outstanding})
    assert [(payment.kind, str(payment.amount.amount)) for payment in order.payments] == expected


def test_a_refunded_order_without_refunds_gives_all_back() -> None:
    order = read_order(sample() | {"financial_status": "refunded", "refunds": []})
    assert [(payment.external_id, payment.amount) for payment in order.payments] == [
        ("6000000000000000123:charge", gbp("61.90")),
        ("6000000000000000123:refund", gbp("61.90")),
    ]


@pytest.mark.parametrize(
    ("restock", "fulfillment_status", "cancelled"),
    [
        ("cancel", None, 2),
        ("return", None, 1),
        ("return", "fulfilled", 0),
        ("no_restock", None, 2),
        ("no_restock", "fulfilled", 0),
        ("cancel", "fulfilled", 1),
    ],
)
def test_refunded_units_are_cancelled_unless_they_were_shipped(
    restock: str, fulfillment_status: str | None, cancelled: int
) -> None:
    raw = put(sample(), "refunds.0.refund_line_items.1.restock_type", restock)
    raw["refunds"][0]["refund_line_items"][0]["restock_type"] = "no_restock"
    assert read_order(raw | {"fulfillment_status": fulfillment_status}).lines[0].cancelled == cancelled


def test_text_that_no_database_takes_is_cleaned() -> None:
    assert read_order(sample() | {"note": "a\x00b\ud800c"}).note == "abc"


@pytest.mark.parametrize(
    ("path", "value", "field", "reason"),
    [
        ("admin_graphql_api_id", "gid://shopify/Order/x", "id", "no id of a Order"),
        ("currency", "example string", "currency", "ISO 4217"),
        ("currency", "EUR", "total_price_set.shop_money.currency_code", "not the order's currency"),
        ("total_price_set.shop_money.amount", "example string", "total_price_set.shop_money.amount", "not an amount"),
        ("total_price_set.shop_money.amount", "1_0", "total_price_set.shop_money.amount", "not an amount"),
        ("total_price_set.shop_money.amount", "-1", "total_price_set.shop_money.amount", "negative"),
        ("total_price_set.shop_money.amount", "1.234", "total_price_set.shop_money.amount", "more digits"),
        ("total_price_set.shop_money.amount", "9" * 24, "total_price_set.shop_money.amount", "too large"),
        ("total_price_set.shop_money.amount", True, "total_price_set.shop_money.amount", "not an amount"),
        ("line_items", ..., "line_items", "missing"),
        ("line_items", {}, "line_items", "not a list"),
        ("line_items.1", 7, "line_items.1", "not an object"),
        ("line_items.1.quantity", -1, "line_items.1.quantity", "between 1 and"),
        ("line_items.1.quantity", 0, "line_items.1.quantity", "between 1 and"),
        ("line_items.1.quantity", 1.5, "line_items.1.quantity", "whole number"),
        ("line_items.1.quantity", True, "line_items.1.quantity", "whole number"),
        ("line_items.1.quantity", 10**30, "line_items.1.quantity", "between 1 and"),
        ("line_items.1.sku", "", "line_items.1.sku", r"line 8000000000000000002 \(E-book\) has no SKU"),
        ("line_items.1.sku", None, "line_items.1.sku", "has no SKU"),
        ("line_items.1.sku", ..., "line_items.1.sku", "has no SKU"),
        ("line_items.1.sku", {"a": 1}, "line_items.1.sku", "not a text"),
        ("line_items.1.admin_graphql_api_id", "gid://shopify/LineItem/8000000000000000001", "line_items.1.id", "twice"),
        ("updated_at", "soon", "updated_at", "not a time"),
        ("updated_at", "2026-11-20T09:15:00", "updated_at", "no time zone"),
        ("updated_at", None, "updated_at", "missing"),
        ("updated_at", "0001-01-01T00:00:00+10:00", "updated_at", "not a time"),
        ("shipping_address.country_code", "example string", "shipping_address.country_code", "ISO 3166"),
        ("shipping_address", "x", "shipping_address", "not an object"),
        ("financial_status", "example string", "financial_status", "known"),
        ("refunds.0.transactions.0.currency", "EUR", "refunds.0.transactions.0.currency", "the refund is in EUR"),
        ("refunds", [], "refunds", "no refund is in it"),
        ("payment_gateway_names", "visa", "payment_gateway_names", "not a list"),
        ("test", "yes", "test", "neither true nor false"),
    ],
)
def test_what_cannot_be_read_names_the_field_and_the_reason(path: str, value: Any, field: str, reason: str) -> None:
    raw = put(sample(), path, value)
    if path == "admin_graphql_api_id":
        del raw["id"]
    with pytest.raises(Unreadable, match=reason) as caught:
        read_order(raw)
    assert caught.value.field == field


def paths_of(value: Any, prefix: str = "") -> list[str]:
    found = [prefix] if prefix else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += paths_of(item, f"{prefix}.{key}" if prefix else str(key))
    return found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["example string", "-1", "1e5", "9" * 40, "gid://shopify/Order/1", "GBP", "٣", "2026-13-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def order_or_unreadable(body: bytes) -> None:
    try:
        (order,) = read("orders/updated", body)
    except Unreadable:
        return
    assert order.placed_at.tzinfo is UTC
    assert all(line.quantity >= line.cancelled >= 0 for line in order.lines)
    assert all(payment.amount.currency == order.currency for payment in order.payments)


@given(JSON)
def test_arbitrary_json_is_unreadable_and_nothing_else(value: Any) -> None:
    with pytest.raises(Unreadable):
        read("orders/create", json.dumps(value).encode("utf-8", "surrogatepass"))


@given(st.binary())
def test_arbitrary_bytes_are_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read("orders/create", body)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(paths_of(sample())), JSON | st.just(...)), min_size=1, max_size=3))
def test_a_mutated_order_is_an_order_or_unreadable(changes: list[tuple[str, Any]]) -> None:
    raw: Any = sample()
    for path, value in changes:
        try:
            raw = put(raw, path, value)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took that part away
    order_or_unreadable(json.dumps(raw).encode())
