"""Events of a running Packhouse arrive at a real receiver, signed; and what goes wrong is said in the SDK's errors."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from packhouse.sdk import (
    PluginContext,
    ProviderError,
    ProviderGone,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    QueryRefused,
    now,
)
from packhouse.testing.server import running_server, server_settings
from packhouse_webhooks import Plugin, messages
from packhouse_webhooks.documents import known_variables
from packhouse_webhooks.guard import Guard
from packhouse_webhooks.sender import Sender
from packhouse_webhooks.settings import WebhooksSettings

SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
LOOPBACK = ["127.0.0.0/8"]
SETUP = [
    'mutation { createChannel(input: {code: "web", name: "Web"}) { userErrors { code } } }',
    'mutation { createVariant(input: {sku: "MUG", title: "Mug", requiresShipping: false}) { userErrors { code } } }',
    'mutation { setPrice(input: {sku: "MUG", price: {amount: "9.50", currency: "GBP"}}) { userErrors { code } } }',
]
PLACE = """
mutation { placeOrder(input: {channel: "web", currency: "GBP", email: "buyer@example.com",
  lines: [{sku: "MUG", quantity: 1, unitPrice: {amount: "9.50", currency: "GBP"}}]})
  { order { id number } userErrors { code message field } } }
"""


TRY = 'mutation { testConnection(input: {plugin: "webhooks/shop"}) { answer userErrors { code message } } }'
PAUSE = "{ pluginDeliveries { plugin pause { until reason } } }"
RETRY = 'mutation { retryDelivery(input: {deliveryId: "%s"}) { userErrors { code } } }'


@dataclass
class Receiver:
    """A receiver that keeps what it got, and answers as the test says."""

    answers: list[web.Response] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hooks", receiver.handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/hooks"))


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  (what is waited for happens in another task of the server)
            await asyncio.sleep(0.02)


def settings_for(database_url: str, endpoints: dict[str, Any]) -> Any:
    settings = server_settings(database_url)
    plugins = settings.plugins.model_copy(
        update={"settings": {"webhooks": {"endpoints": endpoints, "allowed_networks": LOOPBACK}}}
    )
    return settings.model_copy(update={"plugins": plugins})


async def ask(running: Any, document: str) -> Any:
    async with (
        aiohttp.ClientSession(headers=running.headers) as session,
        session.post(running.graphql, json={"query": document}) as response,
    ):
        body = await response.json()
        assert "errors" not in body, body
        return body["data"]


async def test_order_events_arrive_signed_in_order_and_once(database_url: str) -> None:
    receiver, broken = Receiver(), Receiver(answers=[web.Response(status=500) for _ in range(50)])
    document = "query ($orderId: ID!) { order(id: $orderId) { number status } }"
    async with receiving(receiver) as url, receiving(broken) as broken_url:
        endpoints = {
            "shop": {
                "url": url,
                "secrets": [SECRET],
                "events": ["order_placed", "order_confirmed"],
                "document": document,
            },
            "broken": {"url": broken_url, "secrets": [SECRET], "events": ["order_placed"]},
        }
        async with running_server(settings_for(database_url, endpoints), [Plugin()]) as running:
            for each in SETUP:
                await ask(running, each)
            placed = await ask(running, PLACE)
            assert placed["placeOrder"]["userErrors"] == []
            number = placed["placeOrder"]["order"]["number"]
            await eventually(lambda: len(receiver.got) == 2)
            await asyncio.sleep(0.1)
    bodies = [Webhook(SECRET).verify(body, headers) for headers, body in receiver.got]
    assert [body["type"] for body in bodies] == ["order.placed", "order.confirmed"]
    assert {body["data"]["order"]["number"] for body in bodies} == {number}
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2
    assert {headers["webhook-id"] for headers, _ in broken.got} == {broken.got[0][0]["webhook-id"]}
    assert "document" not in orjson.loads(broken.got[0][1])["data"]


async def test_what_happens_to_a_token_is_sent_without_the_token(database_url: str) -> None:
    receiver = Receiver()
    created = """mutation { createAccessToken(input: {name: "shop", permissions: ["orders.read"]}) { token } }"""
    revoked = """mutation { revokeAccessToken(input: {name: "shop"}) { userErrors { code } } }"""
    async with receiving(receiver) as url:
        endpoints = {
            "siem": {"url": url, "secrets": [SECRET], "events": ["access_token_created", "access_token_revoked"]},
            "envelopes": {"url": url, "secrets": [SECRET], "events": ["access_token_created"], "cloudevents": True},
        }
        async with running_server(settings_for(database_url, endpoints), [Plugin()]) as running:
            token = (await ask(running, created))["createAccessToken"]["token"]
            assert (await ask(running, revoked))["revokeAccessToken"]["userErrors"] == []
            await eventually(lambda: len(receiver.got) == 3)
            rows = await running.house.database.fetch("SELECT digest FROM access_token WHERE name = 'shop'")
    bodies = [Webhook(SECRET).verify(body, headers) for headers, body in receiver.got]
    assert sorted(body["type"] for body in bodies) == [
        "access.token_created",
        "access.token_revoked",
        "packhouse.access.token_created",
    ]
    made = {"name": "shop", "before": None, "after": {"permissions": ["orders.read"], "expires_at": None}}
    assert [body["data"]["payload"] for body in bodies if body["type"].endswith("created")] == [made, made]
    for headers, body in receiver.got:
        sent = f"{headers} {body.decode()}"
        for secret in (token, rows[0]["digest"]):
            parts = {secret[start : start + 8] for start in range(len(secret) - 7)}
            assert [part for part in parts if part in sent] == []


async def test_a_test_message_arrives_signed_and_in_no_log(database_url: str) -> None:
    receiver = Receiver()
    async with receiving(receiver) as url:
        endpoints = {"shop": {"url": url, "secrets": [SECRET], "events": ["order_cancelled"]}}
        async with running_server(settings_for(database_url, endpoints), [Plugin()]) as running:
            tried = (await ask(running, TRY))["testConnection"]
            receiver.answers.append(web.Response(status=500, text="broken"))
            failed = (await ask(running, TRY))["testConnection"]
            unknown = (await ask(running, TRY.replace("shop", "shopp")))["testConnection"]
            events = await running.house.database.fetch("SELECT id FROM event")
    assert tried["userErrors"] == []
    assert tried["answer"] == f"{url} answered 204 to a test message"
    headers, body = receiver.got[0]
    assert Webhook(SECRET).verify(body, headers)["type"] == "webhook.test"
    assert (failed["answer"], failed["userErrors"][0]["code"]) == (None, "PROVIDER_UNAVAILABLE")
    assert (unknown["userErrors"][0]["code"], len(receiver.got)) == ("NOT_FOUND", 2)
    assert events == []


async def test_a_document_that_the_schema_refuses_is_told_by_the_test_and_nothing_is_sent(database_url: str) -> None:
    receiver = Receiver()
    async with receiving(receiver) as url:
        endpoints = {
            "shop": {
                "url": url,
                "secrets": [SECRET],
                "document": "query ($orderId: ID!) { order(id: $orderId) { numbr } }",
            },
            "good": {
                "url": url,
                "secrets": [SECRET],
                "document": "query ($orderId: ID!) { order(id: $orderId) { id } }",
            },
        }
        async with running_server(settings_for(database_url, endpoints), [Plugin()]) as running:
            tried = (await ask(running, TRY))["testConnection"]
            good = (await ask(running, TRY.replace("shop", "good")))["testConnection"]
    (error,) = tried["userErrors"]
    assert (tried["answer"], error["code"]) == (None, "PROVIDER_REFUSED")
    assert "the document of endpoint" in error["message"]
    assert "numbr" in error["message"]
    assert (good["userErrors"], len(receiver.got)) == ([], 1)


async def test_nothing_counts_as_arrived_once_the_plugin_is_stopped() -> None:
    settings = WebhooksSettings.model_validate(
        {"endpoints": {"shop": {"url": "https://8.8.8.8/", "secrets": [SECRET]}}}
    )
    context = cast("PluginContext", SimpleNamespace(settings=settings, recipient="shop", http=aiohttp.ClientSession()))
    plugin = Plugin()
    async with context.http:
        await plugin.startup(context)
        await plugin.shutdown()
        with pytest.raises(ProviderUnavailable, match="stopped"):
            await plugin.event_recorded(messages.test_event(now()), context)


async def test_an_endpoint_that_is_gone_is_paused_until_somebody_resumes_it(database_url: str) -> None:
    receiver = Receiver(answers=[web.Response(status=410)])
    async with receiving(receiver) as url:
        endpoints = {"shop": {"url": url, "secrets": [SECRET], "events": ["order_placed"]}}
        async with running_server(settings_for(database_url, endpoints), [Plugin()]) as running:
            for each in SETUP:
                await ask(running, each)
            await ask(running, PLACE)
            await eventually(lambda: len(receiver.got) == 1)
            pause = None
            async with asyncio.timeout(10):
                while pause is None:
                    found = (await ask(running, PAUSE))["pluginDeliveries"]
                    (pause,) = [each["pause"] for each in found if each["plugin"] == "webhooks/shop"]
            assert pause["until"] is None
            assert "wants no more" in pause["reason"]
            assert len(receiver.got) == 1
            resumed = 'mutation { resumePlugin(input: {plugin: "webhooks/shop"}) { userErrors { code } } }'
            await ask(running, resumed)
            waiting = await ask(running, "{ deliveries(first: 50) { edges { node { id nextAttemptAt } } } }")
            for edge in waiting["deliveries"]["edges"]:
                if edge["node"]["nextAttemptAt"]:
                    await ask(running, RETRY % edge["node"]["id"])
            await eventually(lambda: len(receiver.got) > 1)


async def _post(url: str, guard: Guard) -> None:
    sender = Sender(guard)
    try:
        await sender.post(url, b"{}", {}, seconds=0.3)
    finally:
        await sender.close()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (web.Response(status=500, text="broken"), ProviderUnavailable, "answered 500$"),
        (web.Response(status=401), ProviderUnavailable, "answered 401"),
        (web.Response(status=410), ProviderGone, "wants no more"),
        (web.Response(status=302, headers={"location": "http://127.0.0.1:1/"}), ProviderUnavailable, "redirects"),
        (web.Response(status=429, headers={"retry-after": "7"}), ProviderRateLimited, "429"),
        (web.Response(status=503, headers={"retry-after": "soon"}), ProviderUnavailable, "503"),
    ],
)
async def test_every_answer_has_its_error(answer: web.Response, error: type[Exception], said: str) -> None:
    receiver = Receiver(answers=[answer])
    async with receiving(receiver) as url:
        with pytest.raises(error, match=said) as raised:
            await _post(url, _loopback())
        assert isinstance(raised.value, ProviderError)
        assert raised.value.answer == f"{answer.status} {answer.text or ''}".rstrip()
        if isinstance(raised.value, ProviderRateLimited):
            assert raised.value.retry_after == 7
    assert len(receiver.got) == 1


async def test_no_answer_in_time_is_tried_again() -> None:
    async def slowly(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    await _refused_by(slowly)


async def test_a_torn_answer_is_tried_again() -> None:
    async def torn(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    await _refused_by(torn)


async def _refused_by(handler: Callable[[web.Request], Awaitable[web.Response]]) -> None:
    app = web.Application()
    app.router.add_post("/hooks", handler)
    async with TestServer(app) as server:
        with pytest.raises(ProviderUnavailable, match="gave no answer"):
            await _post(str(server.make_url("/hooks")), _loopback())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_loopback_is_refused_before_anything_is_sent(host: str) -> None:
    receiver = Receiver()
    async with receiving(receiver) as url:
        for scheme in ("http", "https"):
            with pytest.raises(ProviderRefused, match="is not a public address"):
                await _post(f"{scheme}://{host}:{url.split(':')[2]}", Guard())
    assert receiver.got == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "Syntax Error"),
        ("mutation { a }", "one query"),
        ("query A { a } query B { b }", "one query"),
        ("query ($oderId: ID!) { order(id: $oderId) { id } }", "declares oderId; known: eventId, eventType, orderId"),
    ],
)
def test_a_document_that_cannot_be_answered_is_refused(document: str, reason: str) -> None:
    with pytest.raises(QueryRefused, match=reason):
        known_variables("shop", document)


def _loopback() -> Guard:
    return Guard([ip_network("127.0.0.0/8")])
