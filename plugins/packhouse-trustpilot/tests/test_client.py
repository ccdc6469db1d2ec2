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
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ReplyRequest,
)
from packhouse_trustpilot import TrustpilotProvider

SECRET = "planted-secret-3f9a"
PASSWORD = "planted-password-77c1"
TOKEN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
REVIEW = "66eb60b1a2a8ea71e42eda5b"
ONE = f"/v1/private/reviews/{REVIEW}"
REPLY = f"{ONE}/reply"
WORDS = ReplyRequest("reply-1", REVIEW, "Thank you")
NO = {"message": "no", "errorCode": 7}


def token_named(value: str, lifetime: str = "359999") -> dict[str, str]:
    return {"access_token": value, "expires_in": lifetime}


def only_tokens(host: Any, *tokens: Any, status: int = 200) -> None:
    host.answers[TOKEN].clear()
    for token in tokens:
        host.answer(TOKEN, token, status=status)


# --- the token ---


async def test_the_token_is_asked_for_as_trustpilot_describes(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(ONE, "service_review")
    await trustpilot_provider.read_review(REVIEW)
    (asked,) = trustpilot_host.asked(TOKEN)
    assert (asked.method, asked.body) == ("POST", "grant_type=client_credentials")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"packhouse-tests:{SECRET}".encode()).decode()


async def test_the_token_is_asked_for_by_password_where_there_is_one(
    trustpilot_host: Any, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> None:
    trustpilot_host.answer(ONE, "service_review")
    provider = trustpilot_provider_for(trustpilot_host.url, username="me@example.com", password=PASSWORD)
    await provider.read_review(REVIEW)
    (asked,) = trustpilot_host.asked(TOKEN)
    assert asked.body == f"grant_type=password&username=me%40example.com&password={PASSWORD}"


async def test_fifty_calls_with_an_expired_token_renew_it_once(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, trustpilot_fixture: Callable[[str], Any]
) -> None:
    only_tokens(trustpilot_host, token_named("old-token"), token_named("new-token"))

    async def only_new(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer new-token":
            return web.json_response(NO, status=401)
        return web.json_response(trustpilot_fixture("service_review"))

    trustpilot_host.behave(ONE, only_new)
    answers = await asyncio.gather(*(trustpilot_provider.read_review(REVIEW) for _ in range(50)))
    assert [answer is not None for answer in answers] == [True] * 50
    assert len(trustpilot_host.asked(TOKEN)) == 2


async def test_a_refused_token_is_renewed_once_and_no_more(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    only_tokens(trustpilot_host, token_named("old-token"), token_named("new-token"))
    trustpilot_host.answer(REPLY, NO, status=401)
    with pytest.raises(ProviderAuthFailed) as failed:
        await trustpilot_provider.reply(WORDS)
    assert failed.value.code == "7"
    assert [asked.headers["Authorization"] for asked in trustpilot_host.asked(REPLY)] == [
        "Bearer old-token",
        "Bearer new-token",
    ]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, NO, ProviderAuthFailed),
        (400, {"error": "invalid_client"}, ProviderAuthFailed),
        (403, {}, ProviderAuthFailed),
        (429, {}, ProviderRateLimited),
        (503, {}, ProviderUnavailable),
        (200, {"token_type": "Bearer"}, ProviderUnavailable),
        (200, [], ProviderUnavailable),
        (302, {}, ProviderUnavailable),
    ],
)
async def test_without_a_token_nothing_is_said(
    *,
    status: int,
    body: Any,
    error: type[ProviderError],
    trustpilot_host: Any,
    trustpilot_provider: TrustpilotProvider,
) -> None:
    only_tokens(trustpilot_host, body, status=status)
    with pytest.raises(error):
        await trustpilot_provider.reply(WORDS)
    assert trustpilot_host.asked(REPLY) == []


# --- answers that say no ---


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, 60.0), ({"Retry-After": "x"}, 60.0)]
)
async def test_too_many_calls(
    headers: dict[str, str], seconds: float, trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(ONE, NO, status=429, headers=headers)
    with pytest.raises(ProviderRateLimited) as limited:
        await trustpilot_provider.read_review(REVIEW)
    assert (limited.value.retry_after, limited.value.code) == (seconds, "7")


@pytest.mark.parametrize(
    ("status", "body", "read", "effect"),
    [
        (403, NO, ProviderAuthFailed, ProviderAuthFailed),
        (400, NO, ProviderRefused, ProviderRefused),
        (400, None, ProviderRefused, ProviderRefused),
        (409, {}, ProviderRefused, ProviderRefused),
        (422, {"error": {"code": 1}}, ProviderRefused, ProviderRefused),
        (408, NO, ProviderUnavailable, ProviderInDoubt),
        (425, NO, ProviderUnavailable, ProviderInDoubt),
        (400, "<html>", ProviderUnavailable, ProviderInDoubt),
        (500, NO, ProviderUnavailable, ProviderInDoubt),
        (503, None, ProviderUnavailable, ProviderInDoubt),
        (307, {}, ProviderUnavailable, ProviderInDoubt),
        (200, "<html>", ProviderUnavailable, ProviderInDoubt),
        (200, [1], ProviderUnavailable, ProviderInDoubt),
    ],
)
async def test_what_an_answer_means(
    *,
    status: int,
    body: Any,
    read: type[ProviderError],
    effect: type[ProviderError],
    trustpilot_host: Any,
    trustpilot_provider: TrustpilotProvider,
) -> None:
    for path in (ONE, REPLY):
        if isinstance(body, str):
            trustpilot_host.answer(path, raw=body.encode(), status=status)
        else:
            trustpilot_host.answer(path, body, status=status)
    with pytest.raises(read) as first:
        await trustpilot_provider.read_review(REVIEW)
    with pytest.raises(effect) as second:
        await trustpilot_provider.reply(WORDS)
    assert (type(first.value), type(second.value)) == (read, effect)
    assert len(trustpilot_host.asked(REPLY)) == 1


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
    trustpilot_host: Any,
    trustpilot_provider_for: Callable[..., TrustpilotProvider],
) -> None:
    trustpilot_host.behave(REPLY, fault)
    trustpilot_host.behave(ONE, fault)
    provider = trustpilot_provider_for(trustpilot_host.url, timeout=0.5)
    with pytest.raises(ProviderInDoubt):
        await provider.reply(WORDS)
    assert len(trustpilot_host.asked(REPLY)) == 1
    with pytest.raises(ProviderUnavailable):
        await provider.find_reply(REVIEW)


async def test_a_host_that_is_not_there_is_unavailable_even_for_an_effect(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, unused_tcp_port: int
) -> None:
    trustpilot_host.answer(ONE, "service_review")
    await trustpilot_provider.read_review(REVIEW)
    client = trustpilot_provider._client
    client._settings = client._settings.model_copy(update={"base_url": f"http://127.0.0.1:{unused_tcp_port}"})
    with pytest.raises(ProviderUnavailable) as unavailable:
        await trustpilot_provider.reply(WORDS)
    assert type(unavailable.value) is ProviderUnavailable


# --- secrets ---


async def test_no_secret_is_in_a_log_line_an_error_or_a_repr(
    trustpilot_host: Any,
    trustpilot_provider_for: Callable[..., TrustpilotProvider],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = trustpilot_provider_for(trustpilot_host.url, username="me@example.com", password=PASSWORD)
    basic = base64.b64encode(f"packhouse-tests:{SECRET}".encode()).decode()
    secrets = ("packhouse-tests", SECRET, PASSWORD, "first-token-a1b2", basic)
    echo = {"message": f"You sent {' and '.join(secrets)}\r\nX: y"}
    trustpilot_host.answer(ONE, echo, status=401)
    trustpilot_host.answer(REPLY, echo, status=400)
    shown = [repr(provider), repr(provider._client), repr(provider._client._access), repr(vars(provider))]
    for call in (provider.read_review(REVIEW), provider.reply(WORDS)):
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
    assert "You sent [hidden] and [hidden] and [hidden] and [hidden] and [hidden]  X: y" in text
    assert any(record.name == "packhouse.plugins.trustpilot" for record in caplog.records)
