"""Recorded answers on a test server, and the requests that the tests send."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.sdk import Address, Dimensions, LabelRequest, Parcel, ParcelItem, QuoteRequest
from packhouse_ups import ShipperSettings, UpsProvider, UpsSettings
from packhouse_ups.client import UpsClient

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN_PATH = "/security/v1/oauth/token"


@dataclass(frozen=True)
class FakeUpsContext:
    """A PluginContext of plain values."""

    settings: UpsSettings | None
    http: aiohttp.ClientSession
    code: str = "ups"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("packhouse.plugins.ups"))


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


class RecordedUps:
    """A host that answers each path from a list, its last answer again and again, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.answers: dict[str, list[Callable[[web.Request], Any]]] = {}
        self.url = ""

    def answer(
        self, path: str, body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None, raw: bytes = b""
    ) -> None:
        """Queue an answer: the name of a fixture, a JSON value, or raw bytes."""
        value = json.loads((FIXTURES / f"{body}.json").read_text()) if isinstance(body, str) else body

        async def respond(_: web.Request) -> web.Response:
            return web.Response(status=status, headers=headers, body=raw or json.dumps(value).encode())

        self.answers.setdefault(path, []).append(respond)

    def behave(self, path: str, handler: Callable[[web.Request], Any]) -> None:
        self.answers.setdefault(path, []).append(handler)

    def asked(self, path: str) -> list[RecordedRequest]:
        return [request for request in self.requests if request.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        seen = RecordedRequest(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.requests.append(seen)
        queue = self.answers[request.path]
        handler = queue.pop(0) if len(queue) > 1 else queue[0]
        response: web.StreamResponse = await handler(request)
        return response


@pytest.fixture
def ups_fixture() -> Callable[[str], Any]:
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture
async def ups_host() -> AsyncIterator[RecordedUps]:
    host = RecordedUps()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    server = TestServer(app)
    await server.start_server()
    host.url = str(server.make_url("/")).rstrip("/")
    yield host
    await server.close()


@pytest.fixture
def ups_shipper() -> ShipperSettings:
    return ShipperSettings(
        name="Dispatch",
        company="Example Ltd",
        line1="1 Example Street",
        city="London",
        postcode="EC1A 1BB",
        country="GB",
        phone="+44 20 0000 0000",
    )


@pytest.fixture
def ups_settings_for(ups_shipper: ShipperSettings) -> Callable[..., UpsSettings]:
    def build(base_url: str = "http://127.0.0.1:1", **changes: Any) -> UpsSettings:
        values: dict[str, Any] = {
            "client_id": "packhouse-tests",
            "client_secret": "planted-secret-3f9a",
            "account_number": "A1B2C3",
            "shipper": ups_shipper,
            "base_url": base_url,
            "timeout": 2,
            "connect_timeout": 1,
        }
        return UpsSettings.model_validate(values | changes)

    return build


@pytest.fixture
async def ups_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def ups_context(ups_http: aiohttp.ClientSession) -> Callable[[UpsSettings | None], FakeUpsContext]:
    return lambda settings: FakeUpsContext(settings, ups_http)


@pytest.fixture
def ups_provider_for(
    ups_context: Callable[[UpsSettings | None], FakeUpsContext], ups_settings_for: Callable[..., UpsSettings]
) -> Callable[..., UpsProvider]:
    def build(base_url: str, **changes: Any) -> UpsProvider:
        settings = ups_settings_for(base_url, **changes)
        context = ups_context(settings)
        return UpsProvider(settings, UpsClient(settings, lambda: context.http, context.log), context.log)

    return build


@pytest.fixture
def ups_provider(ups_host: RecordedUps, ups_provider_for: Callable[..., UpsProvider]) -> UpsProvider:
    """A provider whose host hands out a token."""
    ups_host.answer(TOKEN_PATH, "token")
    return ups_provider_for(ups_host.url)


@pytest.fixture
def ups_quote_request() -> QuoteRequest:
    return QuoteRequest(
        ship_from=Address(company="Example Ltd", line1="2 Dock Road", city="Leeds", postcode="LS1 1AA", country="GB"),
        ship_to=Address(name="A Customer", line1="3 Example Lane", city="York", postcode="YO1 7HH", country="GB"),
        parcels=(
            Parcel(
                weight_grams=1930,
                dimensions=Dimensions(length_mm=200, width_mm=301, height_mm=100),
                items=(ParcelItem(sku="MUG", title="Mug", quantity=2),),
            ),
        ),
    )


@pytest.fixture
def ups_label_request(ups_quote_request: QuoteRequest) -> LabelRequest:
    return LabelRequest(
        idempotency_key="label-0001",
        reference="018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c",
        service="11",
        ship_from=ups_quote_request.ship_from,
        ship_to=ups_quote_request.ship_to,
        parcels=ups_quote_request.parcels,
    )
