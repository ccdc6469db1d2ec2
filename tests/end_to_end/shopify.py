"""A Shopify shop: its orders as webhooks, signed as Shopify signs, and a stand-in for its Admin API on this machine."""

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from packhouse.settings import Settings
from packhouse.testing.server import RunningServer

CODE = "our-shop"
DOMAIN = "example.myshopify.com"
SECRET = "a webhook secret of tests"
_EMPTY_PAGE = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


def with_shop(settings: Settings, admin_url: str) -> Settings:
    """The settings with one shop, whose Admin API answers at `admin_url`."""
    shop = {
        "domain": DOMAIN,
        "access_token": "a-token-of-tests",
        "webhook_secrets": [SECRET],
        "base_url": admin_url,
        "stock_location": "7",
    }
    table = {"shopify": {"shops": {CODE: shop}}}
    return settings.model_copy(update={"plugins": settings.plugins.model_copy(update={"settings": table})})


def order_json(order_id: int = 5001, **changes: Any) -> dict[str, Any]:
    """A paid order of two mugs and a plate, in the shape of Shopify's webhooks."""
    lines = [
        {"id": 71, "sku": "MUG", "name": "Mug", "quantity": 2, "price": "9.50", "requires_shipping": True},
        {"id": 72, "sku": "PLATE", "name": "Plate", "quantity": 1, "price": "12.00", "requires_shipping": True},
    ]
    address = {
        "name": "Test Buyer",
        "address1": "1 Example Street",
        "city": "London",
        "zip": "SW1A 1AA",
        "country_code": "GB",
    }
    return {
        "id": order_id,
        "name": f"#{order_id}",
        "currency": "GBP",
        "email": "buyer@example.com",
        "financial_status": "paid",
        "processed_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T10:00:00Z",
        "taxes_included": True,
        "total_price": "34.99",
        "total_tax": "5.83",
        "shipping_lines": [{"price": "3.99"}],
        "line_items": lines,
        "shipping_address": address,
        "billing_address": address,
        **changes,
    }


def signed(body: bytes, *, topic: str = "orders/create", message_id: str = "", **changes: str) -> dict[str, str]:
    """The headers that Shopify sends with a body."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": message_id or str(uuid4()),
        "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


@dataclass(frozen=True)
class Door:
    """Where the shop's webhooks are posted."""

    http: aiohttp.ClientSession
    server: RunningServer

    async def post(self, body: bytes, headers: dict[str, str], *, code: str = CODE) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        url = f"{self.server.url}/webhooks/channels/{code}"
        async with self.http.post(url, data=body, headers=headers) as response:
            return response.status, await response.json()

    async def deliver(self, order: Any, **headers: str) -> tuple[int, Any]:
        """Post an order, signed."""
        body = json.dumps(order).encode()
        return await self.post(body, signed(body, **headers))


@dataclass
class AdminStandIn:
    """Answers the plugin's documents as a shop would that has one order, all of it to be sent from one place.

    `units` holds what is left to send by line id, `made` every fulfilment that was made, `shows` what is available of each SKU.
    """

    units: Counter[str] = field(default_factory=Counter)
    made: list[dict[str, Any]] = field(default_factory=list)
    shows: dict[str, int] = field(default_factory=dict)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one operation by its name."""
        asked = await request.json()
        named = re.match(r"\s*(?:query|mutation) (\w+)", asked["query"])
        assert named, asked["query"]
        return web.json_response({"data": getattr(self, f"_{named.group(1)}")(asked["variables"])})

    def _OrdersPage(self, _: Any) -> Any:  # noqa: N802  (the operation's name)
        return {"orders": _EMPTY_PAGE}

    def _OrderFulfillments(self, _: Any) -> Any:  # noqa: N802
        return {
            "order": {
                "fulfillments": [
                    {
                        "id": each["id"],
                        "status": "SUCCESS",
                        "createdAt": each["createdAt"],
                        "trackingInfo": [{"number": each["input"]["trackingInfo"].get("number")}],
                    }
                    for each in self.made
                ]
            }
        }

    def _FulfillmentLines(self, variables: Any) -> Any:  # noqa: N802
        (made,) = [each for each in self.made if each["id"] == variables["id"]]
        nodes = [{"quantity": units, "lineItem": {"id": _line(line)}} for line, units in made["units"].items()]
        return {"fulfillment": {"fulfillmentLineItems": {**_EMPTY_PAGE, "nodes": nodes}}}

    def _FulfillmentOrders(self, _: Any) -> Any:  # noqa: N802
        lines = [
            {"id": f"gid://shopify/FulfillmentOrderLineItem/{line}", "remainingQuantity": left, "lineItem": _item(line)}
            for line, left in self.units.items()
        ]
        order = {
            "id": "gid://shopify/FulfillmentOrder/1",
            "status": "OPEN",
            "assignedLocation": {"name": "Shop", "location": {"id": "gid://shopify/Location/1"}},
            "lineItems": {**_EMPTY_PAGE, "nodes": lines},
        }
        return {"order": {"fulfillmentOrders": {**_EMPTY_PAGE, "nodes": [order]}}}

    def _FulfillmentCreate(self, variables: Any) -> Any:  # noqa: N802
        given = variables["fulfillment"]
        units: Counter[str] = Counter()
        for work in given["lineItemsByFulfillmentOrder"]:
            for line in work["fulfillmentOrderLineItems"]:
                units[line["id"].rsplit("/", 1)[1]] += line["quantity"]
        self.units -= units
        id_ = f"gid://shopify/Fulfillment/{len(self.made) + 1}"
        self.made.append({"id": id_, "input": given, "units": units, "createdAt": datetime.now(UTC).isoformat()})
        return {"fulfillmentCreate": {"fulfillment": {"id": id_}, "userErrors": []}}

    def _InventoryBySku(self, variables: Any) -> Any:  # noqa: N802
        skus = [sku for sku in self.shows if f'"{sku}"' in variables["query"]]
        return {"inventoryItems": {**_EMPTY_PAGE, "nodes": [self._stocked(sku) for sku in skus]}}

    def _InventoryById(self, variables: Any) -> Any:  # noqa: N802
        places = [int(id_.rsplit("/", 1)[1]) for id_ in variables["ids"]]
        return {"nodes": [self._stocked(list(self.shows)[place - 1]) for place in places]}

    def _InventorySet(self, variables: Any) -> Any:  # noqa: N802
        for each in variables["input"]["quantities"]:
            sku = list(self.shows)[int(each["inventoryItemId"].rsplit("/", 1)[1]) - 1]
            assert each["changeFromQuantity"] == self.shows[sku]
            self.shows[sku] = each["quantity"]
        return {"inventorySetQuantities": {"userErrors": []}}

    def _stocked(self, sku: str) -> Any:
        level = {"quantities": [{"name": "available", "quantity": self.shows[sku]}]}
        place = list(self.shows).index(sku) + 1
        return {"id": f"gid://shopify/InventoryItem/{place}", "sku": sku, "tracked": True, "inventoryLevel": level}


def _line(line: str) -> str:
    return f"gid://shopify/LineItem/{line}"


def _item(line: str) -> dict[str, str]:
    return {"id": _line(line)}
