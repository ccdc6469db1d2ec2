"""What goes wrong between the two hosts, on recorded answers: the token, refusals, faults, secrets."""

import asyncio
import base64
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from packhouse.sdk import (
    LabelRequest,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from packhouse_ups import UpsProvider

SECRET = "planted-secret-3f9a"
TOKEN = "/security/v1/oauth/token"
NUMBER = "1ZA1B2C36800000011"
TRACK = f"/api/track/v1/details/{NUMBER}"
SHIP = "/api/shipments/v2409/ship"


def token_named(value: str, lifetime: str = "14399") -> dict[str, str]:
    return {"access_token": value, "expires_in": lifetime, "token_type": "Bearer"}


# --- the token ---


async def test_the_token_is_asked_for_as_ups_describes(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(TRACK, "track")
    await ups_provider.track(NUMBER)
    (asked,) = ups_host.asked(TOKEN)
    assert asked.method == "POST"
    assert asked.body == "grant_type=client_credentials"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["x-merchant-id"] == "A1B2C3"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"packhouse-tests:{SECRET}".encode()).decode()


async def test_fifty_calls_with_an_expired_token_renew_it_once(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answers[TOKEN].clear()
    ups_host.answer(TOKEN, token_named("old"))
    ups_host.answer(TOKEN, token_named("new"))

    async def only_new(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer new":
            return web.json_response({"response": {"errors": [{"code": "250002"}]}}, status=401)
        return web.json_response({"trackResponse": {"shipment": []}})

    ups_host.behave(TRACK, only_new)
    answers = await asyncio.gather(*(ups_provider.track(NUMBER) for _ in range(50)))
    assert answers == [[]] * 50
    assert len(ups_host.asked(TOKEN)) == 2


async def test_a_refused_token_is_renewed_once_and_no_more(
    ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    ups_host.answers[TOKEN].clear()
    ups_host.answer(TOKEN, token_named("old"))
    ups_host.answer(TOKEN, token_named("new"))
    ups_host.answer(SHIP, "token_expired", status=401)
    with pytest.raises(ProviderAuthFailed) as failed:
        await ups_provider.buy_label(ups_label_request)
    assert failed.value.code == "250002"
    assert [asked.headers["Authorization"] for asked in ups_host.asked(SHIP)] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"response": {"errors": [{"code": "10401", "message": "ClientId is Invalid"}]}}, ProviderAuthFailed),
        (400, {"response": {"errors": [{"code": "10400", "message": "Invalid header"}]}}, ProviderAuthFailed),
        (403, {}, ProviderAuthFailed),
        (429, {}, ProviderRateLimited),
        (503, {}, ProviderUnavailable),
        (200, {"token_type": "Bearer"}, ProviderUnavailable),
        (200, [], ProviderUnavailable),
        (302, {}, ProviderUnavailable),
    ],
)
async def test_without_a_token_nothing_is_bought(
    *,
    status: int,
    body: Any,
    error: type[ProviderError],
    ups_host: Any,
    ups_provider_for: Callable[..., UpsProvider],
    ups_label_request: LabelRequest,
) -> None:
    ups_host.answer(TOKEN, body, status=status)
    with pytest.raises(error):
        await ups_provider_for(ups_host.url).buy_label(ups_label_request)
    assert ups_host.asked(SHIP) == []


# --- answers that say no ---


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, 10.0), ({"Retry-After": "x"}, 10.0)]
)
async def test_too_many_calls(
    headers: dict[str, str], seconds: float, ups_host: Any, ups_provider: UpsProvider
) -> None:
    ups_host.answer(TRACK, "rate_limited", status=429, headers=headers)
    with pytest.raises(ProviderRateLimited) as limited:
        await ups_provider.track(NUMBER)
    assert (limited.value.retry_after, limited.value.code) == (seconds, "10429")


async def test_too_many_calls_by_code_alone(
    ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    ups_host.answer(SHIP, "rate_limited", status=400)
    with pytest.raises(ProviderRateLimited):
        await ups_provider.buy_label(ups_label_request)


@pytest.mark.parametrize(
    ("status", "body", "read", "effect"),
    [
        (403, {"response": {"errors": [{"code": "250004"}]}}, ProviderAuthFailed, ProviderAuthFailed),
        (400, {"response": {"errors": [{"code": "120100"}]}}, ProviderRefused, ProviderRefused),
        (400, {"response": {"errors": {"code": "120100"}}}, ProviderRefused, ProviderRefused),
        (200, {"response": {"errors": [{"code": "120100"}]}}, ProviderRefused, ProviderRefused),
        (400, {"response": {"errors": [{"code": "20001"}]}}, ProviderUnavailable, ProviderInDoubt),
        (400, {"response": {"errors": []}}, ProviderRefused, ProviderInDoubt),
        (400, {"reason": "?"}, ProviderRefused, ProviderInDoubt),
        (500, {"response": {"errors": [{"code": "120100"}]}}, ProviderUnavailable, ProviderInDoubt),
        (503, {}, ProviderUnavailable, ProviderInDoubt),
        (307, {}, ProviderUnavailable, ProviderInDoubt),
        (200, {}, ProviderUnavailable, ProviderInDoubt),
        (200, [1], ProviderUnavailable, ProviderInDoubt),
        (200, None, ProviderUnavailable, ProviderInDoubt),
    ],
)
async def test_what_an_answer_means(
    *,
    status: int,
    body: Any,
    read: type[ProviderError],
    effect: type[ProviderError],
    ups_host: Any,
    ups_provider: UpsProvider,
    ups_label_request: LabelRequest,
) -> None:
    ups_host.answer(TRACK, body, status=status)
    ups_host.answer(SHIP, body, status=status)
    with pytest.raises(read) as first:
        await ups_provider.track(NUMBER)
    with pytest.raises(effect) as second:
        await ups_provider.buy_label(ups_label_request)
    assert (type(first.value), type(second.value)) == (read, effect)
    assert len(ups_host.asked(SHIP)) == 1


# --- no answer ---


async def drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def html(_: web.Request) -> web.Response:
    return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")


@pytest.mark.parametrize("fault", [drop, html])
async def test_a_read_without_a_clear_answer_is_unavailable_and_an_effect_in_doubt(
    fault: Callable[[web.Request], Any],
    ups_host: Any,
    ups_provider_for: Callable[..., UpsProvider],
    ups_label_request: LabelRequest,
) -> None:
    ups_host.answer(TOKEN, "token")
    ups_host.behave(SHIP, fault)
    ups_host.behave("/api/labels/v1/recovery", fault)
    provider = ups_provider_for(ups_host.url, timeout=0.5)
    with pytest.raises(ProviderInDoubt):
        await provider.buy_label(ups_label_request)
    assert len(ups_host.asked(SHIP)) == 1
    with pytest.raises(ProviderUnavailable):
        await provider.find_label(ups_label_request)


async def test_a_host_that_is_not_there_is_unavailable_even_for_an_effect(
    ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest, unused_tcp_port: int
) -> None:
    ups_host.answer(TRACK, "track")
    await ups_provider.track(NUMBER)
    client = ups_provider._client
    client._settings = client._settings.model_copy(update={"base_url": f"http://127.0.0.1:{unused_tcp_port}"})
    with pytest.raises(ProviderUnavailable) as unavailable:
        await ups_provider.buy_label(ups_label_request)
    assert type(unavailable.value) is ProviderUnavailable


# --- secrets ---


async def test_no_secret_is_in_a_log_line_an_error_or_a_repr(
    ups_host: Any,
    ups_provider: UpsProvider,
    ups_label_request: LabelRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    basic = base64.b64encode(f"packhouse-tests:{SECRET}".encode()).decode()
    secrets = (SECRET, "first-token", basic)
    echo = {"response": {"errors": [{"code": "250003", "message": f"You sent {' and '.join(secrets)}\r\nX: y"}]}}
    ups_host.answer(TRACK, echo, status=401)
    ups_host.answer(SHIP, echo, status=400)
    ups_host.behave("/api/labels/v1/recovery", drop)
    shown = [
        repr(ups_provider),
        repr(ups_provider._client),
        repr(ups_provider._client._access),
        repr(vars(ups_provider)),
    ]
    calls = (
        ups_provider.track(NUMBER),
        ups_provider.buy_label(ups_label_request),
        ups_provider.find_label(ups_label_request),
    )
    for call in calls:
        with pytest.raises(ProviderError) as failed:
            await call
        error: BaseException | None = failed.value
        shown += traceback.format_exception(failed.value)
        while error is not None:
            shown += [repr(error), str(error), repr(error.args), repr(vars(error))]
            error = error.__cause__ or error.__context__
    shown += [f"{record.getMessage()} {record.args!r}" for record in caplog.records]
    text = "\n".join(shown)
    assert [secret for secret in secrets if secret in text] == []
    assert "You sent [hidden] and [hidden] and [hidden]  X: y" in text
    assert any(record.name == "packhouse.plugins.ups" for record in caplog.records)
