"""An Amazon for tests: recorded answers, or an account that remembers its orders; and the requests that the tests send."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.sdk import Address, FulfillmentItem, FulfillmentRequest, Money
from packhouse_amazon_mcf import AmazonMcfProvider, AmazonMcfSettings
from packhouse_amazon_mcf.client import AmazonClient

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN_PATH = "/auth/o2/token"
ORDERS = "/fulfillment/outbound/2026-07-04/orders"
REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
MUGS, PLATES = "018f6f2e-0000-7000-8000-000000000001", "018f6f2e-0000-7000-8000-000000000002"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class FakeAmazonContext:
    """A PluginContext of plain values."""

    settings: AmazonMcfSettings | None
    http: aiohttp.ClientSession
    code: str = "amazon-mcf"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("packhouse.plugins.amazon-mcf"))


@dataclass
class RecordedRequest:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RecordedAmazon:
    """A host that answers each method and path from a list, its last answer again and again, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.answers: dict[str, list[Answer]] = {}
        self.url = ""
        self.answer(f"POST {TOKEN_PATH}", "token")

    def answer(
        self, what: str, body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None, raw: bytes = b""
    ) -> None:
        """Queue an answer: the name of a fixture, a JSON value, or raw bytes."""
        value = json.loads((FIXTURES / f"{body}.json").read_text()) if isinstance(body, str) else body

        async def respond(_: web.Request) -> web.Response:
            return web.Response(status=status, headers=headers, body=raw or json.dumps(value).encode())

        self.answers.setdefault(what, []).append(respond)

    def behave(self, what: str, handler: Answer) -> None:
        self.answers.setdefault(what, []).append(handler)

    def asked(self, what: str) -> list[RecordedRequest]:
        return [request for request in self.requests if f"{request.method} {request.path}" == what]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        seen = RecordedRequest(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.requests.append(seen)
        queue = self.answers[f"{request.method} {request.path}"]
        handler = queue.pop(0) if len(queue) > 1 else queue[0]
        return await handler(request)


class AmazonAccount(RecordedAmazon):
    """A seller's account: it keeps each order once, and does with it what a test tells it to.

    `lost` are calls whose answers get lost after they worked; `cancels` is what becomes of an order that shall be cancelled:
    cancelled, asked (nothing yet) or refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Any] = {}
        self.lost: list[str] = []
        self.cancels = "cancelled"
        self.stock: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        if request.path == TOKEN_PATH:
            return await super().handle(request)
        call = f"{request.method} {request.path.removeprefix(ORDERS)}"
        self.requests.append(
            RecordedRequest(
                request.method, request.path, dict(request.query), dict(request.headers), await request.text()
            )
        )
        status, answer = self._answer(call, await request.text())
        if request.method in self.lost:
            self.lost.remove(request.method)
            assert request.transport is not None
            request.transport.close()
        return web.json_response(answer, status=status)

    def _answer(self, call: str, body: str) -> tuple[int, Any]:
        method, _, path = call.partition(" ")
        reference = path.strip("/").split("/")[0]
        if path == "/fba/inventory/v1/summaries":
            found = [
                {"sellerSku": sku, "inventoryDetails": {"fulfillableQuantity": units}}
                for sku, units in self.stock.items()
            ]
            return 200, {"payload": {"granularity": {}, "inventorySummaries": found}, "pagination": {}}
        if method == "POST":
            return self._create(json.loads(body))
        if reference not in self.orders:
            return 404, {"errors": [{"code": "NotFound", "message": "There is no such order."}]}
        order = self.orders[reference]
        if method == "PUT" and path.endswith("/cancel"):
            if self.cancels == "refused":
                return 400, {"errors": [{"code": "InvalidInput", "message": "It is being packed."}]}
            order["status"] = "CANCELLED" if self.cancels == "cancelled" else order["status"]
            return 202, {}
        if method == "PUT":
            order["fulfillmentConfiguration"] |= json.loads(body)["fulfillmentConfiguration"]
            return 202, {}
        return 200, {"order": order}

    def _create(self, order: Any) -> tuple[int, Any]:
        if order["orderId"] in self.orders:
            return 400, {"errors": [{"code": "InvalidInput", "message": "An order with this id exists already."}]}
        order |= {"receiveTime": "2026-11-20T09:00:00Z", "status": "PROCESSING", "shipments": []}
        self.orders[order["orderId"]] = order
        return 200, {"order": order}

    def ship(self, reference: str, status: str = "IN_TRANSIT") -> None:
        """Everything of an order leaves in one package, or its package comes further."""
        order = self.orders[reference]
        order["status"] = "COMPLETE"
        items = [
            {
                "shipmentItemId": f"SI-{place}",
                "lineItemId": line["lineItemId"],
                "productIdentifier": line["product"]["productIdentifier"],
                "amount": line["amount"],
            }
            for place, line in enumerate(order["lineItems"])
        ]
        package = {
            "packageId": "PKG-1",
            "status": status,
            "shipmentItemIds": [item["shipmentItemId"] for item in items],
            "tracking": {"carrier": {"carrierCode": "AMZL", "trackingNumber": "TBA1"}},
        }
        order["shipments"] = [
            {
                "amazonShipmentId": f"S-{reference[-6:]}",
                "amazonFacility": {"facilityId": "LBA4"},
                "status": "SHIPPED",
                "shipTime": "2026-11-20T15:00:00Z",
                "items": items,
                "packages": [package],
            }
        ]


async def _served(host: RecordedAmazon) -> AsyncIterator[Any]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    server = TestServer(app)
    await server.start_server()
    host.url = str(server.make_url("/")).rstrip("/")
    yield host
    await server.close()


@pytest.fixture
def amazon_fixture() -> Callable[[str], Any]:
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture
async def amazon() -> AsyncIterator[RecordedAmazon]:
    async for host in _served(RecordedAmazon()):
        yield host


@pytest.fixture
async def account() -> AsyncIterator[AmazonAccount]:
    async for host in _served(AmazonAccount()):
        yield host


@pytest.fixture
def amazon_settings_for() -> Callable[..., AmazonMcfSettings]:
    def build(url: str = "http://127.0.0.1:1", **changes: Any) -> AmazonMcfSettings:
        values: dict[str, Any] = {
            "client_id": "packhouse-tests",
            "client_secret": "planted-secret-3f9a",
            "refresh_token": "planted-refresh-51d2",
            "base_url": url,
            "token_url": url,
            "locations": {"fba-uk": {"marketplace_id": "A1F83G8C2ARO7P", "country": "GB"}},
            "skus": {"MUG": "MUG-FBA"},
            "timeout": 2,
            "connect_timeout": 1,
        }
        return AmazonMcfSettings.model_validate(values | changes)

    return build


@pytest.fixture
async def amazon_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def amazon_context(amazon_http: aiohttp.ClientSession) -> Callable[[AmazonMcfSettings | None], FakeAmazonContext]:
    return lambda settings: FakeAmazonContext(settings, amazon_http)


@pytest.fixture
def provider_for(
    amazon_context: Callable[[AmazonMcfSettings | None], FakeAmazonContext],
    amazon_settings_for: Callable[..., AmazonMcfSettings],
) -> Callable[..., AmazonMcfProvider]:
    def build(url: str, **changes: Any) -> AmazonMcfProvider:
        settings = amazon_settings_for(url, **changes)
        context = amazon_context(settings)
        return AmazonMcfProvider(settings, AmazonClient(settings, lambda: context.http, context.log), context.log)

    return build


@pytest.fixture
def provider(amazon: RecordedAmazon, provider_for: Callable[..., AmazonMcfProvider]) -> AmazonMcfProvider:
    return provider_for(amazon.url)


@pytest.fixture
def amazon_request() -> FulfillmentRequest:
    return FulfillmentRequest(
        idempotency_key=REFERENCE,
        reference=REFERENCE,
        location="fba-uk",
        order_number="PH-1",
        ship_to=Address(
            name="A Customer",
            line1="3 Example Lane",
            city="York",
            postcode="YO1 7HH",
            country="GB",
            phone="+44 20 0000 0000",
        ),
        items=(
            FulfillmentItem(MUGS, "MUG", "Mug", 3, Money.of("10.00", "GBP")),
            FulfillmentItem(PLATES, "PLATE", "Plate", 1),
        ),
        channel="web",
        email="buyer@example.com",
    )
