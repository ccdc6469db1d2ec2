"""What Shopify is asked and answers, for the conformance kit."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packhouse.sdk import ListedStock, ShipmentNotice, StockPush
from packhouse.testing.conformance import Address, Asked, Exchange, Operation, Reply, Subject, Webhook
from packhouse_shopify import Plugin

TOKEN = "shpat-planted-token"
SECRET = "hush-planted-secret"
SINCE = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
NOTICE = ShipmentNotice(
    idempotency_key="push-1",
    external_order_id="450",
    carrier="ups",
    tracking_number="1Z999",
    tracking_url="https://track.example/1Z999",
    lines={"11": 2},
    shipped_at=SINCE,
)
LINE = {"id": "gid://shopify/LineItem/11"}
FULFILLMENT = "gid://shopify/Fulfillment/100"


def settings(vendor: Address) -> dict[str, Any]:
    shop = {
        "domain": "example.myshopify.com",
        "access_token": TOKEN,
        "webhook_secrets": [SECRET],
        "base_url": vendor.url,
        "stock_location": "7",
    }
    return {"shops": {"web": shop}}


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text("utf-8"))


def operation(name: str) -> Callable[[Asked], bool]:
    """Shopify serves everything at one address: the document's name tells the requests apart."""
    return lambda asked: f"{name}(" in asked.json["query"].split("{")[0]


def exchange(name: str, data: Any, afterwards: Any = None, *, effect: bool = False) -> Exchange:
    return Exchange(
        "POST",
        "/admin/api/2026-10/graphql.json",
        Reply(200, {"data": data}),
        effect=effect,
        afterwards=None if afterwards is None else Reply(200, {"data": afterwards}),
        when=operation(name),
        name=name,
    )


def connection(*nodes: Any) -> dict[str, Any]:
    return {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": list(nodes)}


def sign(body: bytes, at: datetime) -> dict[str, str]:
    return {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode(),
        "X-Shopify-Shop-Domain": "example.myshopify.com",
        "X-Shopify-Webhook-Id": "b54557e4-0000",
        "X-Shopify-Triggered-At": at.isoformat(),
    }


def webhook(**changes: Any) -> Webhook:
    body = json.dumps(recorded("order_webhook") | changes).encode()
    return Webhook("orders/create", body, sign)


REST = recorded("order_node_rest")
PULL = (
    exchange("OrdersPage", {"orders": connection(recorded("order_node"))}),
    exchange("OrderLines", {"order": {"lineItems": REST["lines"]}}),
    exchange("OrderRefunds", {"order": {"refunds": REST["refunds"]}}),
    exchange("RefundLines", {"refund": {"refundLineItems": REST["refund_lines"]}}),
)
MADE = {
    "id": FULFILLMENT,
    "status": "SUCCESS",
    "createdAt": "2026-11-22T10:35:00Z",
    "trackingInfo": [{"number": "1Z999"}],
}
TODO = {
    "id": "gid://shopify/FulfillmentOrder/1",
    "status": "OPEN",
    "assignedLocation": {"name": "Hall", "location": {"id": "gid://shopify/Location/1"}},
    "lineItems": connection(
        {"id": "gid://shopify/FulfillmentOrderLineItem/21", "remainingQuantity": 3, "lineItem": LINE}
    ),
}
PUSH = (
    exchange("OrderFulfillments", {"order": {"fulfillments": []}}, {"order": {"fulfillments": [MADE]}}),
    exchange("FulfillmentOrders", {"order": {"fulfillmentOrders": connection(TODO)}}),
    exchange(
        "FulfillmentCreate",
        {"fulfillmentCreate": {"fulfillment": {"id": FULFILLMENT}, "userErrors": []}},
        effect=True,
    ),
)
# asked for only when an earlier call may have made the fulfilment
LOOK = Exchange(
    "POST",
    "/admin/api/2026-10/graphql.json",
    Reply(200, {"data": {"fulfillment": {"fulfillmentLineItems": connection({"quantity": 2, "lineItem": LINE})}}}),
    when=operation("FulfillmentLines"),
    name="FulfillmentLines",
    optional=True,
)
STOCK = StockPush("stock-1", (ListedStock("MUG", 5), ListedStock("PLATE", 0, "32")))
ITEMS = {31: "MUG", 32: "PLATE"}


def inventory(number: int, available: int) -> dict[str, Any]:
    level = {"quantities": [{"name": "available", "quantity": available}]}
    return {
        "id": f"gid://shopify/InventoryItem/{number}",
        "sku": ITEMS[number],
        "tracked": True,
        "inventoryLevel": level,
    }


def numbers(asked: Asked) -> dict[str, int]:
    """The numbers that a request sets, by SKU."""
    quantities = asked.json["variables"]["input"]["quantities"]
    return {ITEMS[int(each["inventoryItemId"].rsplit("/", 1)[1])]: each["quantity"] for each in quantities}


BY_SKU = exchange(
    "InventoryBySku",
    {"inventoryItems": connection(inventory(31, 9))},
    {"inventoryItems": connection(inventory(31, 5))},
)
BY_ID = exchange("InventoryById", {"nodes": [inventory(32, 3)]}, {"nodes": [inventory(32, 0)]})
SET = replace(
    exchange("InventorySet", {"inventorySetQuantities": {"userErrors": []}}, effect=True),
    key=lambda asked: asked.json["variables"]["key"],
    sets=numbers,
)
NOT_SET = {
    "inventorySetQuantities": {"userErrors": [{"code": "INVALID_REASON", "field": ["input"], "message": "No reason"}]}
}
NO = {"fulfillmentCreate": {"fulfillment": None, "userErrors": [{"field": ["x"], "message": "It is on hold"}]}}

SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(TOKEN, SECRET),
    operations=(
        Operation("pull_orders", (SINCE, None), PULL),
        Operation("push_shipment", (NOTICE,), (*PUSH, LOOK), refusal=Reply(200, {"data": NO})),
        Operation("push_stock", (STOCK,), (BY_SKU, BY_ID, SET), refusal=Reply(200, {"data": NOT_SET})),
        Operation("shown_stock", (STOCK.items,), (BY_SKU, BY_ID)),
    ),
    webhooks=(webhook(), webhook(id=6000000000000000124, name="#1043")),
)
