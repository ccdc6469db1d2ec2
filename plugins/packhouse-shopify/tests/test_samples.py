"""Shopify's own sample webhooks, where they are kept beside the checkout."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from packhouse.sdk import Money, Unreadable
from packhouse.testing.shared import shared_path
from packhouse_shopify import ShopifyChannel

FOLDER = "vendor-specs/shopify/webhooks"
WITH_AN_ORDER = ["create", "updated", "paid", "cancelled"]


def documented(topic: str) -> bytes:
    path = shared_path(f"{FOLDER}/2026-07/examples/orders/{topic}.json", start=Path(__file__))
    return json.dumps(json.loads(path.read_text("utf-8"))["response"]).encode()


@pytest.mark.parametrize("name", WITH_AN_ORDER)
def test_documented_examples_become_orders(
    make_channel: Callable[..., ShopifyChannel], sign: Callable[..., dict[str, str]], name: str
) -> None:
    channel, body = make_channel(), documented(name)
    envelope = channel.verify_webhook(sign(body, topic=f"orders/{name}"), body, datetime.now(UTC))
    assert envelope.topic == f"orders/{name}"
    (order,) = channel.read_webhook(envelope.topic, body)
    # The numbers of the examples are rounded to ...154500; the global id is exact.
    assert order.external_id == "820982911946154508"
    assert order.total == Money(Decimal("404.95"), "USD")
    assert order.shipping == Money(Decimal("10.00"), "USD")
    assert [(line.external_id, line.sku, line.quantity) for line in order.lines] == [
        ("487817672276298554", "SKU2006-001", 1),
        ("789012345678901234", "LENS-PROTECT-2YR", 1),
        ("890123456789012345", "CASE-LEATHER-PREM", 1),
        ("976318377106520349", "SKU2006-020", 1),
        ("315789986012684393", "SKU2006-035", 1),
    ]
    assert order.customer_external_id == "115310627314723954"
    assert order.shipping_address
    assert (order.shipping_address.region, order.shipping_address.country) == ("KY", "US")
    assert order.cancelled_at == datetime(2022, 1, 1, tzinfo=UTC)
    assert order.is_test
    assert order.payments == ()
    assert order.tags == ("tag1", "tag2")


@pytest.mark.parametrize("name", ["delete", "fulfilled", "link_requested", "risk_assessment_changed"])
def test_documented_examples_of_other_topics_carry_no_order(
    make_channel: Callable[..., ShopifyChannel], name: str
) -> None:
    assert make_channel().read_webhook(f"orders/{name}", documented(name)) == []


@pytest.mark.parametrize("exemplar", ["2023-10/orders/2", "2024-01/orders/2", "2025-04/orders/1"])
def test_anonymised_exemplars_are_unreadable_for_their_currency(
    make_channel: Callable[..., ShopifyChannel], sign: Callable[..., dict[str, str]], exemplar: str
) -> None:
    body = shared_path(f"{FOLDER}/exemplars/{exemplar}.json", start=Path(__file__)).read_bytes()
    channel = make_channel()
    envelope = channel.verify_webhook(sign(body, topic="orders/updated"), body, datetime.now(UTC))
    with pytest.raises(Unreadable, match="'example string' is not an ISO 4217 currency code") as caught:
        channel.read_webhook(envelope.topic, body)
    assert caught.value.field == "currency"


def test_an_edit_is_no_order(make_channel: Callable[..., ShopifyChannel]) -> None:
    body = shared_path(f"{FOLDER}/exemplars/2025-04/orders/2.json", start=Path(__file__)).read_bytes()
    assert make_channel().read_webhook("orders/edited", body) == []
    with pytest.raises(Unreadable, match="no id"):
        make_channel().read_webhook("orders/create", body)
