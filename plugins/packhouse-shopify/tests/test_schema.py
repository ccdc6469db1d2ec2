"""Against Shopify's own schema, where it is kept beside the checkout."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from graphql import parse, validate
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from packhouse.sdk import (
    ListedStock,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    PushedStock,
    ShipmentNotice,
    StockPush,
)
from packhouse_shopify import ShopifyChannel, ShopifyStockChannel
from packhouse_shopify.client import document
from packhouse_shopify.mapping import read_order

FRAGMENTS = {"line_item_fields"}
NAMES = sorted(path.name.removesuffix(".graphql") for path in (files("packhouse_shopify") / "documents").iterdir())
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def mock(schema_mock: Any) -> Iterator[Any]:
    schema_mock.mock.reset()
    yield schema_mock.mock
    schema_mock.mock.reset()


@pytest.fixture
def strict(schema_mock: Any, mock: Any, make_channel: Callable[..., ShopifyChannel]) -> ShopifyChannel:
    del mock  # fresh before each test
    return make_channel(schema_mock.url)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FRAGMENTS])
def test_every_document_is_valid_and_uses_nothing_deprecated(schema_mock: Any, name: str) -> None:
    text = document(name)
    if "...LineItemFields" in text:
        text = document(name, "line_item_fields")
    errors = validate(schema_mock.mock.schema, parse(text), [*specified_rules, NoDeprecatedCustomRule])
    assert [error.message for error in errors] == []


async def test_pulls_through_the_schema_what_the_webhook_says(
    mock: Any, strict: ShopifyChannel, load: Callable[[str], Any]
) -> None:
    rest, node = load("order_node_rest"), load("order_node")
    mock.answers.update(
        {
            "orders": [{"nodes": [node], "pageInfo": {"hasNextPage": True, "endCursor": "c1"}}],
            "order": [{"lineItems": rest["lines"]}, {"refunds": rest["refunds"]}],
            "refund": [{"refundLineItems": rest["refund_lines"]}],
        }
    )
    pulled = await strict.pull_orders(NOW, None)
    assert pulled.unreadable == ()
    assert pulled.orders == (read_order(load("order_webhook")),)
    assert pulled.cursor == "c1"
    assert [entry["errors"] for entry in mock.journal] == [None] * 4


async def test_reads_an_order_that_the_schema_made_up(mock: Any, strict: ShopifyChannel) -> None:
    pulled = await strict.pull_orders(NOW, None)
    assert pulled.unreadable == ()
    assert [entry["errors"] for entry in mock.journal] == [None, None]
    assert [payment.kind for payment in pulled.orders[0].payments] == ["authorization"]


def notice() -> ShipmentNotice:
    return ShipmentNotice("k", "450", "ups", "1Z999", "https://track.example/1Z999", {"11": 1}, NOW)


def script(mock: Any, *, made: bool = False) -> None:
    item = {"id": "gid://shopify/LineItem/11"}
    last = {"hasNextPage": False, "endCursor": None}
    line = {"id": "gid://shopify/FulfillmentOrderLineItem/21", "remainingQuantity": 1, "lineItem": item}
    fulfillment = {"id": "gid://shopify/Fulfillment/100", "status": "SUCCESS", "trackingInfo": [{"number": "1Z999"}]}
    orders = [
        {
            "id": "gid://shopify/FulfillmentOrder/1",
            "status": "OPEN",
            "lineItems": {"nodes": [line], "pageInfo": last},
        }
    ]
    mock.answers.update(
        {
            "order": [
                {
                    "fulfillments": [fulfillment] if made else [],
                    "fulfillmentOrders": {"nodes": orders, "pageInfo": last},
                }
            ],
            "fulfillment": [{"fulfillmentLineItems": {"nodes": [{"quantity": 1, "lineItem": item}], "pageInfo": last}}],
            "fulfillmentCreate": [{"fulfillment": {"id": "gid://shopify/Fulfillment/100"}}],
        }
    )


async def test_pushes_through_the_schema(mock: Any, strict: ShopifyChannel) -> None:
    script(mock)
    assert await strict.push_shipment(notice()) == "100"
    assert [entry["roots"] for entry in mock.journal] == [["order"], ["order"], ["fulfillmentCreate"]]
    assert [entry["errors"] for entry in mock.journal] == [None] * 3


async def test_every_follow_up_query_is_answered(mock: Any, strict: ShopifyChannel) -> None:
    script(mock)
    order = mock.answers["order"][0]
    more = {"hasNextPage": True, "endCursor": "c1"}
    first = order["fulfillmentOrders"]["nodes"][0]
    rest = {"lineItems": first["lineItems"]}
    order["fulfillmentOrders"]["nodes"] = [first | {"lineItems": {"nodes": [], "pageInfo": more}}]
    mock.answers["fulfillmentOrder"] = [rest]
    assert await strict.push_shipment(notice()) == "100"
    assert [entry["roots"][0] for entry in mock.journal] == ["order", "order", "fulfillmentOrder", "fulfillmentCreate"]
    assert [entry["errors"] for entry in mock.journal] == [None] * 4


async def test_faults_of_the_mutation(mock: Any, strict: ShopifyChannel) -> None:
    script(mock)
    mock.faults.append({"op": "fulfillmentCreate", "kind": "user_error", "error": {"message": "already fulfilled"}})
    with pytest.raises(ProviderRefused, match="already fulfilled"):
        await strict.push_shipment(notice())
    mock.faults.append({"op": "fulfillmentCreate", "kind": "throttle"})
    with pytest.raises(ProviderRateLimited) as caught:
        await strict.push_shipment(notice())
    assert caught.value.retry_after == pytest.approx(4.88)
    mock.faults.append({"op": "fulfillmentCreate", "kind": "commit-then-drop"})
    with pytest.raises(ProviderInDoubt):
        await strict.push_shipment(notice())
    script(mock, made=True)
    mock.journal.clear()
    assert await strict.push_shipment(notice()) == "100"
    assert ["fulfillmentCreate"] not in [entry["roots"] for entry in mock.journal]


@pytest.mark.parametrize("kind", ["drop", "html", "status"])
async def test_faults_of_the_pull(mock: Any, strict: ShopifyChannel, kind: str) -> None:
    mock.faults.append({"op": "orders", "kind": kind, "status": 502})
    with pytest.raises(ProviderUnavailable):
        await strict.pull_orders(NOW, None)


@pytest.fixture
def strict_stock(schema_mock: Any, mock: Any, make_channel: Callable[..., ShopifyChannel]) -> ShopifyStockChannel:
    """Two items, of which one is known by its id and shows its number already."""
    channel = make_channel(schema_mock.url, stock_location="7")
    assert isinstance(channel, ShopifyStockChannel)
    mug, plate = (
        {
            "__typename": "InventoryItem",
            "id": f"gid://shopify/InventoryItem/{number}",
            "sku": sku,
            "tracked": True,
            "inventoryLevel": {"quantities": [{"name": "available", "quantity": 3}]},
        }
        for number, sku in ((31, "MUG"), (32, "PLATE"))
    )
    mock.answers.update(
        {
            "nodes": [[plate]],
            "inventoryItems": [{"nodes": [mug], "pageInfo": {"hasNextPage": False, "endCursor": None}}],
            "inventorySetQuantities": [{"userErrors": []}],
        }
    )
    return channel


STOCK = StockPush("k", (ListedStock("MUG", 5), ListedStock("PLATE", 3, "32")))


async def test_sets_quantities_through_the_schema_with_its_own_key(
    mock: Any, strict_stock: ShopifyStockChannel
) -> None:
    assert await strict_stock.push_stock(STOCK) == [
        PushedStock("MUG", external_id="31"),
        PushedStock("PLATE", external_id="32"),
    ]
    assert [entry["roots"] for entry in mock.journal] == [["nodes"], ["inventoryItems"], ["inventorySetQuantities"]]
    assert [entry["errors"] for entry in mock.journal] == [None] * 3
    [quantity] = mock.journal[-1]["variables"]["input"]["quantities"]
    assert (quantity["quantity"], quantity["changeFromQuantity"]) == (5, 3)
    assert await strict_stock.shown_stock(STOCK.items)
    assert [entry["errors"] for entry in mock.journal] == [None] * 5


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttle", ProviderRateLimited),
        ("commit-then-drop", ProviderInDoubt),
        ("html", ProviderInDoubt),
        ("status", ProviderInDoubt),
        ("user_error", ProviderRefused),
    ],
)
async def test_each_fault_of_setting_quantities_has_its_kind(
    mock: Any, strict_stock: ShopifyStockChannel, kind: str, error: type[Exception]
) -> None:
    mock.faults.append({"op": "inventorySetQuantities", "times": 1, "kind": kind})
    with pytest.raises(error) as caught:
        await strict_stock.push_stock(STOCK)
    assert type(caught.value) is error
