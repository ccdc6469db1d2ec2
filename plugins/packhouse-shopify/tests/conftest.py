"""A shop, and a stand-in for its Admin API on this machine that answers by the name of the operation."""

import base64
import hashlib
import hmac
import importlib.util
import json
import logging
import re
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.testing.shared import shared_path
from packhouse_shopify import Plugin, Settings, Shop, ShopifyChannel

FIXTURES = Path(__file__).parent / "fixtures"
TOKEN = "shpat-planted-token"
SECRETS = ("hush-planted-new", "hush-planted-old")


@dataclass(frozen=True)
class FakeContext:
    """What the host would give."""

    code: str
    settings: Any
    http: aiohttp.ClientSession
    log: logging.Logger


@dataclass
class AdminStandIn:
    """Scripted answers by operation name (the last one repeats), and a journal of what was asked."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""

    def on(self, operation: str, *answers: Any) -> None:
        self.answers[operation] = list(answers)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [variables for name, variables in self.journal if name == operation]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        found = re.match(r"\s*(?:query|mutation) (\w+)", asked["query"])
        assert found
        operation = found.group(1)
        self.journal.append((operation, asked["variables"]))
        self.tokens.add(request.headers.get("X-Shopify-Access-Token"))
        scripted = self.answers[operation]
        answer = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        if callable(answer):
            answer = answer(asked["variables"])
        if answer == "drop":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if isinstance(answer, tuple):
            status, headers, body = answer
            return web.Response(status=status, headers=headers, text=body)
        return web.json_response(answer if "data" in answer or "errors" in answer else {"data": answer})


@pytest.fixture
async def admin() -> AsyncIterator[AdminStandIn]:
    stand_in = AdminStandIn()
    app = web.Application()
    app.router.add_post("/admin/api/2026-10/graphql.json", stand_in.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        stand_in.url = str(server.make_url("")).rstrip("/")
        yield stand_in


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as opened:
        yield opened


@pytest.fixture
def make_shop() -> Callable[..., Shop]:
    def make(**changes: Any) -> Shop:
        values = {"domain": "example.myshopify.com", "access_token": TOKEN, "webhook_secrets": SECRETS, **changes}
        return Shop.model_validate(values)

    return make


@pytest.fixture
def make_channel(session: aiohttp.ClientSession, make_shop: Callable[..., Shop]) -> Callable[..., ShopifyChannel]:
    """A channel as the host would register it, for a shop whose Admin API answers at `base_url`."""

    def make(base_url: str | None = None, **changes: Any) -> ShopifyChannel:
        settings = Settings(shops={"shopify": make_shop(base_url=base_url, **changes)})
        context = FakeContext("shopify", settings, session, logging.getLogger("packhouse.plugins.shopify"))
        channel = Plugin().register_channels(context)[0]
        assert isinstance(channel, ShopifyChannel)
        return channel

    return make


@pytest.fixture
def channel(admin: AdminStandIn, make_channel: Callable[..., ShopifyChannel]) -> ShopifyChannel:
    return make_channel(admin.url)


@pytest.fixture
def load() -> Callable[[str], Any]:
    def read(name: str) -> Any:
        return json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))

    return read


@pytest.fixture
def sign() -> Callable[..., dict[str, str]]:
    """The headers that Shopify sends with a body."""

    def headers(body: bytes, *, secret: str = SECRETS[0], topic: str = "orders/create", **more: str) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Shop-Domain": "example.myshopify.com",
            "X-Shopify-Webhook-Id": "b54557e4-0000",
            "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }

    return headers


@pytest.fixture(scope="session")
def schema_mock() -> Iterator[Any]:
    """The strict stand-in made from Shopify's own schema: `.url`, `.mock` (its schema, journal, answers and faults)."""
    here = Path(__file__)
    sdl = shared_path("vendor-specs/shopify/admin-2026-10.graphql", start=here)
    script = shared_path("tools/vendor-mocks/gqlmock.py", start=here)
    spec = importlib.util.spec_from_file_location("gqlmock", script)
    assert spec
    assert spec.loader
    gqlmock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gqlmock)
    with warnings.catch_warnings():
        # The script leaves the closing of the schema's file to the interpreter.
        warnings.simplefilter("ignore", ResourceWarning)
        server, url, mock = gqlmock.serve(str(sdl))

    @dataclass(frozen=True)
    class Running:
        url: str
        mock: Any

    yield Running(url, mock)
    server.shutdown()
    server.server_close()
