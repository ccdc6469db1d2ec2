"""How calls are made, and what goes wrong: each answer has its error, and nothing of a secret or an address is in it."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from packhouse.sdk import (
    EventType,
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from packhouse_klaviyo import AccountSettings
from packhouse_klaviyo.client import KlaviyoClient, Paces
from packhouse_klaviyo.requests import test_call as connection_call

KEY, BUYER = "pk_planted-key-3f9a", "buyer@example.com"
EVENTS = "/api/events"


def errors(code: str, detail: str, pointer: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"id": "1", "code": code, "title": "Title", "detail": detail}
    if pointer:
        error["source"] = {"pointer": pointer}
    return {"errors": [error]}


@pytest.fixture
def refund(klaviyo_hook: Any, klaviyo_samples: Any) -> Callable[[], Any]:
    """Tells of a refund: one call."""
    event, order = klaviyo_samples.event(EventType.REFUND_MADE), klaviyo_samples.order()
    return lambda **settings: klaviyo_hook(event, order, **settings)


async def test_a_call_is_as_klaviyo_describes(klaviyo: Any, refund: Any) -> None:
    await refund()
    (asked,) = klaviyo.asked
    assert (asked.method, asked.path) == ("POST", EVENTS)
    assert asked.headers["Authorization"] == f"Klaviyo-API-Key {KEY}"
    assert asked.headers["revision"] == "2026-07-15"
    assert asked.headers["Content-Type"] == asked.headers["Accept"] == "application/vnd.api+json"


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (
            400,
            errors("invalid", "Bad time", "/data/attributes/time"),
            ProviderRefused,
            "Bad time .at /data/attributes/time",
        ),
        (409, errors("duplicate", "There already"), ProviderRefused, "There already"),
        (404, {"detail": "no"}, ProviderRefused, "HTTP status 404"),
        (413, None, ProviderRefused, "HTTP_413"),
        (401, errors("not_authenticated", "Missing key"), ProviderAuthFailed, "Missing key"),
        (403, errors("permission_denied", "No scope events:write"), ProviderAuthFailed, "No scope events:write"),
        (408, None, ProviderUnavailable, "HTTP_408"),
        (500, errors("error", "Internal"), ProviderUnavailable, "Internal"),
        (503, None, ProviderUnavailable, "HTTP_503"),
        (200, {"data": {}}, ProviderUnavailable, "HTTP status 200"),
        (302, None, ProviderUnavailable, "HTTP status 302"),
        (400, {"errors": ["x", {}, {"code": "late"}]}, ProviderRefused, "late"),
        (400, {"errors": "x"}, ProviderRefused, "HTTP_400"),
        (400, [1], ProviderRefused, "HTTP_400"),
    ],
)
async def test_every_answer_has_its_error(
    klaviyo: Any, refund: Any, status: int, body: Any, error: type[ProviderError], said: str
) -> None:
    klaviyo.answer(EVENTS, status, body)
    with pytest.raises(error, match=said) as failed:
        await refund()
    assert type(failed.value) is error
    assert "create_event" in failed.value.detail


@pytest.mark.parametrize(("header", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, 10.0)])
async def test_too_many_calls_wait_as_long_as_klaviyo_says(
    klaviyo: Any, refund: Any, header: dict[str, str], seconds: float
) -> None:
    klaviyo.answer(EVENTS, 429, errors("throttled", "Slow down"), **header)
    with pytest.raises(ProviderRateLimited, match="Slow down") as limited:
        await refund()
    assert limited.value.retry_after == seconds


async def test_a_call_that_gets_no_answer_is_sent_again_without_harm(klaviyo: Any, refund: Any) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    klaviyo.fail(EVENTS, cut, done=True)
    with pytest.raises(ProviderUnavailable, match="no whole answer"):
        await refund()
    await refund()
    assert len(klaviyo.calls(EVENTS)) == 2
    assert [event["metric"] for event in klaviyo.events] == ["Refunded Order"]


async def test_a_redirect_is_not_followed(klaviyo: Any, refund: Any) -> None:
    klaviyo.answer(EVENTS, 307, None, Location=f"{klaviyo.url}/elsewhere")
    with pytest.raises(ProviderUnavailable, match="307"):
        await refund()
    assert [asked.path for asked in klaviyo.asked] == [EVENTS]


async def test_nobody_there_is_unavailable(
    klaviyo_account: Callable[..., AccountSettings], klaviyo_http: aiohttp.ClientSession
) -> None:
    client = KlaviyoClient(klaviyo_account(), klaviyo_http, logging.getLogger("t"), Paces())
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await client.send(connection_call())


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
async def test_neither_key_nor_address_is_shown_when_klaviyo_repeats_them(
    klaviyo: Any, refund: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    klaviyo.answer(EVENTS, status, errors(f"{KEY}", f"{KEY} may not\ntell of {BUYER}"))
    with pytest.raises(ProviderError) as failed:
        await refund()
    shown = "".join(traceback.format_exception(failed.value)) + repr(vars(failed.value)) + caplog.text
    for private in (KEY, BUYER):
        assert private not in shown
    assert "[hidden] may not tell of [hidden]" in failed.value.detail


async def test_an_answer_without_end_is_cut_off(klaviyo: Any, refund: Any) -> None:
    async def endless(_: web.Request) -> web.Response:
        return web.Response(status=202, body=b"x" * (2 * 1024 * 1024))

    klaviyo.fail(EVENTS, endless)
    with pytest.raises(ProviderUnavailable, match="AnswerUnreadable"):
        await refund()
