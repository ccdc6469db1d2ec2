import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.sdk import Unreadable, WebhookRejected
from packhouse_shopify import Shop
from packhouse_shopify.webhooks import read, verify

BODY = b'{"id": 1}'
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Sign = Callable[..., dict[str, str]]
MakeShop = Callable[..., Shop]


@pytest.fixture
def headers(sign: Sign) -> dict[str, str]:
    return sign(BODY) | {"X-Shopify-Triggered-At": NOW.isoformat()}


@pytest.mark.parametrize("secret", ["hush-planted-new", "hush-planted-old"])
def test_takes_a_delivery_signed_with_any_secret(make_shop: MakeShop, sign: Sign, secret: str) -> None:
    headers = sign(BODY, secret=secret) | {"X-Shopify-Triggered-At": "2026-11-22T11:59:59.123456789Z"}
    envelope = verify(make_shop(), {name.upper(): value for name, value in headers.items()}, BODY, NOW)
    assert (envelope.message_id, envelope.topic) == ("b54557e4-0000", "orders/create")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"X-Shopify-Hmac-Sha256": "AAAA"}, "signature"),
        ({"X-Shopify-Hmac-Sha256": "пароль"}, "signature"),
        ({"X-Shopify-Hmac-Sha256": ""}, "signature"),
        ({"X-Shopify-Shop-Domain": "other.myshopify.com"}, "not from example.myshopify.com"),
        ({"X-Shopify-Triggered-At": "yesterday"}, "not a time"),
        ({"X-Shopify-Triggered-At": "2026-11-22T12:00:00"}, "time zone"),
        ({"X-Shopify-Triggered-At": "0001-01-01T00:00:00+23:00"}, "not a time"),
        ({"X-Shopify-Triggered-At": (NOW - timedelta(hours=4, minutes=5, seconds=1)).isoformat()}, "older"),
        ({"X-Shopify-Triggered-At": (NOW + timedelta(seconds=301)).isoformat()}, "ahead"),
        ({"X-Shopify-Webhook-Id": " "}, "X-Shopify-Webhook-Id"),
        ({"X-Shopify-Topic": ""}, "X-Shopify-Topic"),
    ],
)
def test_refuses_what_is_not_theirs(
    make_shop: MakeShop, headers: dict[str, str], change: dict[str, str], reason: str
) -> None:
    with pytest.raises(WebhookRejected, match=reason):
        verify(make_shop(), headers | change, BODY, NOW)


@pytest.mark.parametrize("name", ["X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain", "X-Shopify-Triggered-At"])
def test_refuses_a_missing_header(make_shop: MakeShop, headers: dict[str, str], name: str) -> None:
    del headers[name]
    with pytest.raises(WebhookRejected):
        verify(make_shop(), headers, BODY, NOW)


def test_refuses_a_changed_body_and_a_shop_without_secrets(make_shop: MakeShop, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRejected, match="signature"):
        verify(make_shop(), headers, BODY + b" ", NOW)
    with pytest.raises(WebhookRejected, match="signature"):
        verify(make_shop(webhook_secrets=()), headers, BODY, NOW)


def test_takes_the_last_repeat_after_four_hours_and_less_where_set(
    make_shop: MakeShop, headers: dict[str, str]
) -> None:
    late = NOW + timedelta(hours=4)
    assert verify(make_shop(), headers, BODY, late).message_id == "b54557e4-0000"
    with pytest.raises(WebhookRejected, match="older than 300 seconds"):
        verify(make_shop(max_age_seconds=300), headers, BODY, late)


@given(st.dictionaries(st.text(), st.text()), st.binary())
def test_arbitrary_headers_are_refused_and_nothing_else(headers: dict[str, str], body: bytes) -> None:
    shop = Shop.model_validate({"domain": "a.myshopify.com", "access_token": "t", "webhook_secrets": ["s"]})
    with pytest.raises(WebhookRejected):
        verify(shop, headers, body, NOW)


@pytest.mark.parametrize("topic", ["orders/create", "orders/updated", "orders/paid", "orders/cancelled"])
def test_reads_the_order_of_each_topic(load: Callable[[str], Any], topic: str) -> None:
    (order,) = read(topic, json.dumps(load("order_webhook")).encode())
    assert order.external_id == "6000000000000000123"


@pytest.mark.parametrize("topic", ["orders/edited", "orders/delete", "products/update", "", "orders/create/x"])
def test_other_topics_carry_no_order(topic: str) -> None:
    assert read(topic, b"not even JSON") == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"id": NaN}', "not JSON"),
        (b'{"id": ' + b"1" * 5000 + b"}", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"x"', "not a JSON object"),
    ],
)
def test_a_body_that_is_no_order_is_unreadable(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read("orders/create", body)
