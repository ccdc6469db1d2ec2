"""Recorded answers on a test server, and what the tests ask for."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.sdk import ReviewInvitation, ReviewProduct
from packhouse_trustpilot import TrustpilotProvider, TrustpilotSettings
from packhouse_trustpilot.client import TrustpilotClient

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class FakeContext:
    """A PluginContext of plain values."""

    settings: TrustpilotSettings | None
    http: aiohttp.ClientSession
    code: str = "trustpilot"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("packhouse.plugins.trustpilot"))


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


class RecordedTrustpilot:
    """A host that answers each path from a list, its last answer again and again, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.answers: dict[str, list[Callable[[web.Request], Any]]] = {}
        self.url = ""

    def answer(
        self, path: str, body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None, raw: bytes = b""
    ) -> None:
        """Queue an answer: the name of a fixture, a JSON value, or raw bytes; nothing at all where there is neither."""
        value = json.loads((FIXTURES / f"{body}.json").read_text()) if isinstance(body, str) else body
        content = raw if value is None else json.dumps(value).encode()

        async def respond(_: web.Request) -> web.Response:
            return web.Response(status=status, headers=headers, body=content)

        self.behave(path, respond)

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
def trustpilot_fixture() -> Callable[[str], Any]:
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture
async def trustpilot_host() -> AsyncIterator[RecordedTrustpilot]:
    """It hands out a token."""
    host = RecordedTrustpilot()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    server = TestServer(app)
    await server.start_server()
    host.url = str(server.make_url("/")).rstrip("/")
    host.answer(TOKEN_PATH, "token")
    yield host
    await server.close()


@pytest.fixture
def trustpilot_settings_for() -> Callable[..., TrustpilotSettings]:
    def build(base_url: str = "http://127.0.0.1:1", **changes: Any) -> TrustpilotSettings:
        values: dict[str, Any] = {
            "api_key": "packhouse-tests",
            "api_secret": "planted-secret-3f9a",
            "business_unit_id": "46d6a890",
            "business_user_id": "507f191e810c19729de860ea",
            "sender_name": "Example Ltd",
            "sender_email": "noreply@example.com",
            "base_url": base_url,
            "invitations_url": base_url,
            "timeout": 2,
            "connect_timeout": 1,
        }
        return TrustpilotSettings.model_validate(values | changes)

    return build


@pytest.fixture
async def trustpilot_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def trustpilot_context(
    trustpilot_http: aiohttp.ClientSession,
) -> Callable[[TrustpilotSettings | None], FakeContext]:
    return lambda settings: FakeContext(settings, trustpilot_http)


@pytest.fixture
def trustpilot_provider_for(
    trustpilot_context: Callable[[TrustpilotSettings | None], FakeContext],
    trustpilot_settings_for: Callable[..., TrustpilotSettings],
) -> Callable[..., TrustpilotProvider]:
    def build(base_url: str, **changes: Any) -> TrustpilotProvider:
        settings = trustpilot_settings_for(base_url, **changes)
        context = trustpilot_context(settings)
        client = TrustpilotClient(settings, lambda: context.http, context.log)
        return TrustpilotProvider(settings, client, context.log, clock=lambda: NOON)

    return build


@pytest.fixture
def trustpilot_provider(
    trustpilot_host: RecordedTrustpilot, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> TrustpilotProvider:
    return trustpilot_provider_for(trustpilot_host.url)


@pytest.fixture
def trustpilot_invitation() -> ReviewInvitation:
    return ReviewInvitation(
        idempotency_key="018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c",
        reference="018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c",
        order_number="PH-1001",
        email="buyer@example.com",
        customer_name="A Buyer",
        products=(
            ReviewProduct(
                "MUG-BLUE", "Blue mug", "5012345678900", "https://shop.example/mug", "https://shop.example/m.jpg"
            ),
            ReviewProduct("PLATE", "Plate"),
        ),
        delivered_at=datetime(2026, 11, 15, 9, tzinfo=UTC),
        send_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
        channel="web",
        locale="en-GB",
        country="GB",
    )
