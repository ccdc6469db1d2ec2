"""The token, the rates, and what goes wrong, on recorded answers."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from packhouse.sdk import (
    FulfillmentRequest,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    VendorAnswer,
)
from packhouse_amazon_mcf import AmazonMcfProvider
from packhouse_amazon_mcf.failures import retry_after

REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
TOKEN = "POST /auth/o2/token"
CREATE = "POST /fulfillment/outbound/2026-07-04/orders"
GET = f"GET /fulfillment/outbound/2026-07-04/orders/{REFERENCE}"


def token(value: str, lifetime: Any = 3600) -> dict[str, Any]:
    return {"access_token": value, "token_type": "bearer", "expires_in": lifetime}


# --- the token ---


async def test_the_token_is_asked_for_as_amazon_describes(amazon: Any, provider: AmazonMcfProvider) -> None:
    amazon.answer(GET, "shipped")
    await provider.fetch(REFERENCE)
    (asked,), (read,) = amazon.asked(TOKEN), amazon.asked(GET)
    assert parse_qs(asked.body) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["planted-refresh-51d2"],
        "client_id": ["packhouse-tests"],
        "client_secret": ["planted-secret-3f9a"],
    }
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert read.headers["x-amz-access-token"] == "Atza|example-access-token"
    assert read.headers["User-Agent"] == "packhouse-amazon-mcf/0.1.0 (Language=Python)"
    assert "Authorization" not in read.headers


async def test_twenty_calls_at_once_ask_for_one_token(amazon: Any, provider: AmazonMcfProvider) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.json_response(token("first"))

    amazon.answers[TOKEN].clear()
    amazon.behave(TOKEN, slow)
    amazon.answer(GET, "shipped")
    await asyncio.gather(*(provider.fetch(REFERENCE) for _ in range(20)))
    assert (len(amazon.asked(TOKEN)), len(amazon.asked(GET))) == (1, 20)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_is_renewed_once_and_no_more(
    amazon: Any, provider: AmazonMcfProvider, status: int
) -> None:
    amazon.answers[TOKEN].clear()
    amazon.answer(TOKEN, token("old"))
    amazon.answer(TOKEN, token("new"))
    amazon.answer(GET, "unauthorized", status=status)
    amazon.answer(GET, "shipped")
    assert await provider.fetch(REFERENCE) is not None
    assert [asked.headers["x-amz-access-token"] for asked in amazon.asked(GET)] == ["old", "new"]

    amazon.answers[GET].clear()
    amazon.answer(GET, "unauthorized", status=status)
    with pytest.raises(ProviderAuthFailed) as failed:
        await provider.fetch(REFERENCE)
    assert failed.value.code == "Unauthorized"
    assert len(amazon.asked(GET)) == 4


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_client"}, ProviderAuthFailed),
        (401, {}, ProviderAuthFailed),
        (429, {}, ProviderRateLimited),
        (503, {}, ProviderUnavailable),
        (200, {"token_type": "bearer"}, ProviderUnavailable),
        (200, [], ProviderUnavailable),
        (302, {}, ProviderUnavailable),
    ],
)
async def test_without_a_token_nothing_is_ordered(
    *,
    status: int,
    body: Any,
    error: type[ProviderError],
    amazon: Any,
    provider: AmazonMcfProvider,
    amazon_request: FulfillmentRequest,
) -> None:
    amazon.answers[TOKEN].clear()
    amazon.answer(TOKEN, body, status=status)
    with pytest.raises(error):
        await provider.submit(amazon_request)
    assert amazon.asked(CREATE) == []


# --- answers that say no, or nothing ---


async def test_too_many_calls_empty_the_bucket(amazon: Any, provider: AmazonMcfProvider) -> None:
    amazon.answer(GET, "quota", status=429, headers={"x-amzn-RateLimit-Limit": "0.05"})
    with pytest.raises(ProviderRateLimited) as limited:
        await provider.fetch(REFERENCE)
    assert (limited.value.code, limited.value.retry_after) == ("QuotaExceeded", 20.0)
    with pytest.raises(ProviderRateLimited) as again:
        await provider.fetch(REFERENCE)
    assert 5 < again.value.retry_after <= 20
    assert len(amazon.asked(GET)) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Sat, 04 Jul 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"x-amzn-RateLimit-Limit": "0.1"}, 10.0),
        ({"x-amzn-RateLimit-Limit": "2.0"}, 2.0),
        ({"x-amzn-RateLimit-Limit": "0"}, 2.0),
        ({}, 2.0),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(VendorAnswer(429, headers, b""), datetime(2026, 7, 4, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("status", "body", "read", "effect"),
    [
        (400, {"errors": [{"code": "InvalidInput", "message": "no"}]}, ProviderRefused, ProviderRefused),
        (413, {"errors": [{"code": "TooLarge"}]}, ProviderRefused, ProviderRefused),
        (400, {"errors": "odd"}, ProviderRefused, ProviderInDoubt),
        (400, {"errors": [{"code": "InternalFailure"}]}, ProviderUnavailable, ProviderInDoubt),
        (200, {"errors": [{"code": "InvalidInput"}]}, ProviderRefused, ProviderRefused),
        (500, {"errors": [{"code": "InternalFailure"}]}, ProviderUnavailable, ProviderInDoubt),
        (503, {}, ProviderUnavailable, ProviderInDoubt),
        (302, {}, ProviderUnavailable, ProviderInDoubt),
    ],
)
async def test_what_amazon_says_is_the_error_that_fits(
    *,
    status: int,
    body: Any,
    read: type[ProviderError],
    effect: type[ProviderError],
    amazon: Any,
    provider: AmazonMcfProvider,
    amazon_request: FulfillmentRequest,
) -> None:
    amazon.answer(CREATE, body, status=status)
    amazon.answer(GET, body, status=status)
    with pytest.raises(read) as reading:
        await provider.fetch(REFERENCE)
    assert type(reading.value) is read
    amazon.answers[GET].clear()
    amazon.answer(GET, "not_found", status=404)
    with pytest.raises(effect) as doing:
        await provider.submit(amazon_request)
    assert type(doing.value) is effect


async def test_a_host_that_is_not_there_is_unavailable(
    provider_for: Callable[..., AmazonMcfProvider], amazon: Any, amazon_request: FulfillmentRequest
) -> None:
    gone = provider_for("http://127.0.0.1:1", token_url=amazon.url)
    with pytest.raises(ProviderUnavailable):
        await gone.submit(amazon_request)


async def test_secrets_that_amazon_repeats_are_in_no_error(
    amazon: Any, provider: AmazonMcfProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shouted = "planted-secret-3f9a planted-refresh-51d2 Atza|example-access-token \x1b[31m"
    amazon.answer(GET, {"errors": [{"code": "InvalidInput", "message": shouted}]}, status=400)
    with pytest.raises(ProviderRefused) as refused:
        await provider.fetch(REFERENCE)
    shown = "".join(traceback.format_exception(refused.value)) + caplog.text + repr(vars(provider))
    assert "[hidden] [hidden] [hidden]" in str(refused.value)
    assert not any(secret in shown for secret in ("planted", "example-access", "\x1b"))
