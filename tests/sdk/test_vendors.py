import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.sdk import (
    AccessToken,
    AnswerUnreadable,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    Vendor,
    VendorAnswer,
)

NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)
TIMEOUT = aiohttp.ClientTimeout(total=0.5)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Host = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """Starts a vendor that does as the handler says; gives its URL."""
    servers = list[TestServer]()

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/x"))

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def vendor(session: aiohttp.ClientSession) -> Vendor:
    return Vendor("Acme", lambda: session, timeout=TIMEOUT, secrets=lambda: ("planted", ""), largest_answer=200_000)


async def echo(request: web.Request) -> web.Response:
    told = {"method": request.method, "query": dict(request.query), "key": request.headers.get("X-Key")}
    return web.json_response(told | {"text": await request.text()}, status=418, headers={"X-Request": "7"})


async def test_a_request_is_sent_and_its_answer_read(host: Host, vendor: Vendor) -> None:
    answer = await vendor.send(
        "order",
        "PUT",
        await host(echo),
        effect=True,
        headers={"X-Key": "k"},
        query={"page": "2"},
        data=b'{"a": 1}',
    )
    assert (answer.status, answer.is_success, answer.headers["X-Request"]) == (418, False, "7")
    assert answer.json == {"method": "PUT", "query": {"page": "2"}, "key": "k", "text": '{"a": 1}'}


async def test_nobody_is_followed_elsewhere(host: Host, vendor: Vendor) -> None:
    async def away(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"})

    assert (await vendor.send("order", "GET", await host(away), effect=False, headers={})).status == 307


async def drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def truncate(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "500"})
    await response.prepare(request)
    await response.write(b'{"partial": [1, 2')
    assert request.transport is not None
    request.transport.close()
    return response


async def never(_: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(20):
        await response.write(b" " * 100_000)
    return response


@pytest.mark.parametrize("fault", [drop, truncate, never, endless])
async def test_without_a_whole_answer_a_read_is_unavailable_and_an_effect_in_doubt(
    fault: Handler, host: Host, vendor: Vendor
) -> None:
    url = await host(fault)
    with pytest.raises(ProviderUnavailable, match=r"Acme could not be read \(label\): no whole answer came"):
        await vendor.send("label", "POST", url, effect=False, headers={})
    with pytest.raises(ProviderInDoubt, match=r"Acme may or may not have done it \(label\)"):
        await vendor.send("label", "POST", url, effect=True, headers={})


async def test_without_a_time_of_its_own_it_waits_as_long_as_the_session_does(host: Host) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.1)) as impatient:
        vendor = Vendor("Acme", lambda: impatient, timeout=None, secrets=tuple)
        with pytest.raises(ProviderUnavailable, match="TimeoutError"):
            await vendor.send("label", "GET", await host(never), effect=False, headers={})


async def test_where_nobody_is_reached_nothing_happened(vendor: Vendor, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    with pytest.raises(ProviderUnavailable, match=r"Acme cannot be reached \(label\)") as failed:
        await vendor.send("label", "POST", url, effect=True, headers={"Authorization": "Bearer planted"})
    assert type(failed.value) is ProviderUnavailable
    assert failed.value.__context__ is None, "what aiohttp raised can hold the headers"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b'{"a": '])
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert VendorAnswer(200, {}, body).json is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "7.5"}, 7.5),
        ({"Retry-After": "-7"}, 10.0),
        ({"Retry-After": "nan"}, 10.0),
        ({"Retry-After": "Sat, 04 Jul 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 04 Jul 2026 12:00:30 -0000"}, 30.0),
        ({"Retry-After": "Sat, 04 Jul 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "x"}, 10.0),
        ({}, 10.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert VendorAnswer(429, headers, b"").retry_after(10.0, NOON) == seconds


@pytest.mark.parametrize(("effect", "error"), [(False, ProviderUnavailable), (True, ProviderInDoubt)])
def test_an_answer_that_cannot_be_read_is_unclear(vendor: Vendor, *, effect: bool, error: type[ProviderError]) -> None:
    def reader(payload: dict[str, Any]) -> str:
        if "id" not in payload:
            raise AnswerUnreadable("id is missing")
        return str(payload["id"])

    assert vendor.read("label", {"id": 7}, reader, effect=effect) == "7"
    for payload, why in ((None, "the answer is not a JSON object"), ({}, "id is missing")):
        with pytest.raises(error, match=why) as failed:
            vendor.read("label", payload, reader, effect=effect)
        assert type(failed.value) is error


def test_a_token_that_is_refused_is_for_somebody_to_look_at(vendor: Vendor) -> None:
    good = VendorAnswer(200, {}, b'{"access_token": "t", "expires_in": 60}')
    assert vendor.access_token(good, None) == AccessToken("t", 60.0)
    with pytest.raises(ProviderUnavailable, match="the answer holds no access_token"):
        vendor.access_token(VendorAnswer(200, {}, b"[]"), None)
    with pytest.raises(ProviderAuthFailed) as refused:
        vendor.access_token(good, ProviderRefused("no", code="invalid_grant"))
    assert (refused.value.detail, refused.value.code) == ("no", "invalid_grant")
    limited = ProviderRateLimited("later", retry_after=5.0)
    with pytest.raises(ProviderRateLimited) as later:
        vendor.access_token(good, limited)
    assert later.value is limited


def test_secrets_and_control_characters_are_not_shown(vendor: Vendor) -> None:
    assert vendor.hide("You sent planted\r\nX: y\x1b[31m") == "You sent [hidden]  X: y [31m"
