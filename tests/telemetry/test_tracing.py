"""One trace from a request to what plugins did about it, in whichever process."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode
from tests.end_to_end.api import ADDRESS, Api
from tests.telemetry.traced import Traced, said
from tests.web.conftest import tiny_parts

from packhouse.app import Role
from packhouse.sdk import Event, OrderSnapshot, PluginContext, PluginManifest, hookimpl
from packhouse.settings import Settings, TracingSettings
from packhouse.telemetry.metrics import Metrics
from packhouse.telemetry.outgoing import watching
from packhouse.telemetry.tracing import Tracing, open_tracing
from packhouse.testing.server import RunningServer, running_server, server_settings

TRACE = "0af7651916cd43dd8448eb211c80319c"
CLIENTS_SPAN = "b7ad6b7169203331"


@dataclass
class Partner:
    """Another company's API, in this process."""

    url: str = ""
    headers: list[Any] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers.copy())
        return web.Response(status=204 if request.path == "/orders" else 302, headers={"location": "/orders"})


class Telling:
    """A plugin that tells its partner about orders."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("telling", "Telling", "1.0")

    @hookimpl
    async def order_placed(self, event: Event, order: OrderSnapshot, context: PluginContext) -> None:
        url = f"{self.partner.url}/orders?email={order.email}"
        async with context.http.post(url, json={"event": str(event.id)}) as response:
            response.raise_for_status()


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    stand_in = Partner()
    app = web.Application()
    app.router.add_route("*", "/{path}", stand_in.handle)
    async with TestServer(app, host="127.0.0.1") as running:
        stand_in.url = str(running.make_url("")).rstrip("/")
        yield stand_in


async def placed_and_told(database_url: str, partner: Partner, *, tell: list[str]) -> tuple[Traced, Traced]:
    """Place an order and wait until the plugin has told its partner; the spans of who answered and of who delivered.

    On PostgreSQL these are two houses, one after the other; on SQLite it is one.
    """
    settings = server_settings(database_url).model_copy(update={"tracing": TracingSettings(propagate_to=tell)})
    alone = database_url.startswith("sqlite")
    answering = delivering = Traced()
    async with running_server(
        settings, [Telling(partner)], role=Role.ALL if alone else Role.API, tracing=answering.tracing
    ) as server:
        await place(server, {"X-Request-Id": "ticket-4711"})
        if alone:
            await until_told(partner, delivering)
    if not alone:
        delivering = Traced()
        async with running_server(settings, [Telling(partner)], role=Role.WORKER, tracing=delivering.tracing):
            await until_told(partner, delivering)
    return answering, delivering


async def place(server: RunningServer, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=headers) as client:
        api = Api(client, server)
        await api.stock_shop(["MUG"], 5, price="9.50")
        await api.do("createChannel", "channel { code }", code="web", name="Web")
        client.headers["traceparent"] = f"00-{TRACE}-{CLIENTS_SPAN}-01"
        await api.do(
            "placeOrder",
            "order { id }",
            channel="web",
            currency="GBP",
            email="planted@example.com",
            lines=[{"sku": "MUG", "quantity": 1}],
            shippingAddress=ADDRESS,
        )


async def until_told(partner: Partner, delivering: Traced) -> None:
    async with asyncio.timeout(30):
        while not (partner.headers and any(span.name == "deliver order_placed" for span in delivering.spans)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def writing(process: Traced, request: ReadableSpan) -> ReadableSpan:
    """The transaction of a mutation's request that wrote an event."""
    (found,) = [
        span
        for span in process.inside(request, "transaction")
        if any("event" in str(said(statement, "db.query.text")) for statement in process.inside(span, "INSERT", "WITH"))
    ]
    return found


@pytest.mark.parametrize("tell", [[], ["127.0.0.1"]], ids=["stranger", "ours"])
async def test_one_trace_from_the_request_to_the_partner(database_url: str, partner: Partner, tell: list[str]) -> None:
    answering, delivering = await placed_and_told(database_url, partner, tell=tell)
    request = next(span for span in answering.spans if span.parent is not None and span.name == "request")
    transaction = writing(answering, request)
    delivery, call = delivering.named("deliver order_placed"), delivering.named("HTTP POST")
    chain = (request, transaction, delivery, call)
    assert {f"{span.context.trace_id:032x}" for span in chain} == {TRACE}
    parents = [None if span.parent is None else f"{span.parent.span_id:016x}" for span in chain]
    assert parents == [CLIENTS_SPAN, *(f"{span.context.span_id:016x}" for span in chain[:-1])]
    assert delivery.attributes is not None
    assert (delivery.attributes["packhouse.plugin"], delivery.attributes["packhouse.correlation"]) == (
        "telling",
        "ticket-4711",
    )
    told = [headers.get("traceparent") for headers in partner.headers]
    assert told == ([f"00-{TRACE}-{call.context.span_id:016x}-01"] if tell else [None])
    assert "planted" not in "".join(span.to_json() for process in (answering, delivering) for span in process.spans)


async def test_a_request_without_a_trace_begins_one(database_url: str) -> None:
    process = Traced()
    async with (
        running_server(server_settings(database_url), parts=tiny_parts(), tracing=process.tracing) as server,
        aiohttp.ClientSession() as client,
    ):
        for path in ("/track/planted-secret", "/health/live"):
            async with client.get(f"{server.url}{path}", headers={"traceparent": "planted"}) as response:
                await response.read()
    (span,) = process.spans
    assert span.parent is None
    assert span.attributes is not None
    assert span.attributes["http.route"] == "/track/{token}"
    assert span.attributes["http.response.status_code"] == 404
    assert "planted" not in span.to_json()


async def test_what_fails_is_marked_without_its_text() -> None:
    process = Traced()
    with pytest.raises(ValueError, match="planted"), process.tracing.span("work", _x="planted-not"):
        raise ValueError("planted-secret")
    span = process.named("work")
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, "ValueError", ())
    assert "planted-secret" not in span.to_json()


async def test_a_redirect_and_a_failure_tell_nobody(partner: Partner) -> None:
    process = Traced()
    watch = watching(Metrics(), process.tracing, ["127.0.0.1"])
    async with aiohttp.ClientSession(trace_configs=[watch]) as session:
        async with session.get(f"{partner.url}/moved") as response:
            assert response.status == 204
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://127.0.0.1:1/planted")
    assert ["traceparent" in headers for headers in partner.headers] == [True, False]
    moved, failed = process.spans
    assert moved.status.status_code is StatusCode.UNSET
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ClientConnectorError")
    assert "planted" not in failed.to_json()


async def test_without_a_collector_there_is_nothing(database_url: str) -> None:
    assert type(open_tracing(TracingSettings(), {})) is Tracing
    async with running_server(server_settings(database_url), parts=tiny_parts()) as server:
        assert not server.house.tracing.is_on
        assert server.house.tracing.traceparent() == ""
        with server.house.tracing.span("work") as span:
            span.say(a=1)
            span.fail("no")
            assert span.traceparent == ""


async def test_spans_are_sent_to_the_collector(database_url: str) -> None:
    """By OTLP over HTTP, the last ones when the server ends."""
    got: list[tuple[str, str, bytes]] = []

    async def collect(request: web.Request) -> web.Response:
        got.append((request.path, request.content_type, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", collect)
    async with TestServer(app, host="127.0.0.1") as collector:
        tracing = TracingSettings(endpoint=str(collector.make_url("/v1/traces")), service_name="house of tests")
        settings: Settings = server_settings(database_url).model_copy(update={"tracing": tracing})
        async with (
            running_server(settings, parts=tiny_parts()) as server,
            aiohttp.ClientSession() as client,
            client.get(f"{server.url}/nowhere") as response,
        ):
            await response.read()
    ((path, content_type, body),) = got
    assert (path, content_type) == ("/v1/traces", "application/x-protobuf")
    assert b"house of tests" in body
