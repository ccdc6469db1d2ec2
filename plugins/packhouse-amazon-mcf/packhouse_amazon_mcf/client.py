"""The HTTP client of SP-API: one place for headers, the token, the rates, time-outs and what went wrong."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk import ProviderAuthFailed, ProviderError, ProviderRateLimited, ProviderRefused, ProviderUnavailable
from packhouse_amazon_mcf.access import Access, Token
from packhouse_amazon_mcf.buckets import Buckets
from packhouse_amazon_mcf.failures import (
    RATE_HEADER,
    Answer,
    AnswerUnreadable,
    amazon_error,
    failure,
    parsed,
    unclear,
)
from packhouse_amazon_mcf.settings import AmazonMcfSettings

Result = TypeVar("Result")

TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - a path, not a secret
_TOKEN_REFUSED = frozenset({401, 403})
_LARGEST_ANSWER = 16 * 1024 * 1024
_CHUNK = 64 * 1024
# Where Amazon does not say how long a token lives.
_SHORT_LIFE = 600.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `operation` as Amazon names it, `effect` when doing it twice is not the same as doing it once."""

    operation: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False


class AmazonClient:
    """Sends calls to Amazon with a token, within its rates, and gives what their answers mean.

    `http` gives the session: it opens after the network is registered, so it is asked for at each call.
    """

    def __init__(
        self,
        settings: AmazonMcfSettings,
        http: Callable[[], aiohttp.ClientSession],
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._http = http
        self._log = log
        self._access = Access(self._fetch_token, clock)
        self._buckets = Buckets(settings.rate_factor, clock, sleep)
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout)
        self._agent = f"packhouse-amazon-mcf/{version('packhouse-amazon-mcf')} (Language=Python)"

    async def call(self, call: Call, read: Callable[[dict[str, Any]], Result]) -> Result:
        """What `read` makes of Amazon's answer. A token that Amazon refuses is renewed once.

        Raises:
            ProviderError: the one that fits (see `failures`); nothing of a secret is in it.
        """
        token = await self._access.token()
        answer = await self._send(call, token)
        if answer.status in _TOKEN_REFUSED:
            answer = await self._send(call, await self._access.token(instead_of=token))
        problem = failure(answer, call.operation, effect=call.effect, hide=self._hide)
        if isinstance(problem, ProviderRateLimited):
            self._buckets.of(call.operation).empty(problem.retry_after)
        if problem is None:
            payload = parsed(answer.body)
            try:
                if payload is not None:
                    return read(payload)
                problem = unclear(call.operation, "the answer is not a JSON object", effect=call.effect)
            except AnswerUnreadable as error:
                problem = unclear(call.operation, str(error), effect=call.effect)
        self._log.warning("Amazon %s did not work: %s", call.operation, problem.detail)
        raise problem

    async def _send(self, call: Call, token: str) -> Answer:
        bucket = self._buckets.of(call.operation)
        await bucket.take(call.operation)
        headers = {"x-amz-access-token": token, "Accept": "application/json", "User-Agent": self._agent}
        data = None if call.body is None else orjson.dumps(call.body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._exchange(call, self._settings.api_url + call.path, headers, data)
        bucket.learn(answer.headers.get(RATE_HEADER))
        request_id = answer.headers.get("x-amzn-RequestId", "")
        self._log.debug("Amazon %s answered %s (request %s)", call.operation, answer.status, request_id)
        return answer

    async def _exchange(
        self, call: Call, url: str, headers: Mapping[str, str], data: bytes | Mapping[str, str] | None
    ) -> Answer:
        problem: ProviderError
        try:
            async with self._http().request(
                call.method,
                url,
                params=call.query or None,
                headers=headers,
                data=data,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, response.headers, await _bounded(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            problem = ProviderUnavailable(f"Amazon cannot be reached ({call.operation}): {type(error).__name__}")
        except (aiohttp.ClientError, TimeoutError, ConnectionError, AnswerUnreadable) as error:
            what = f"no whole answer came ({type(error).__name__})"
            problem = unclear(call.operation, what, effect=call.effect)
        # Raised here and not above: aiohttp's errors can hold the request with its headers, and so the token.
        raise problem

    async def _fetch_token(self) -> Token:
        settings = self._settings
        call = Call("token", "POST", TOKEN_PATH)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": settings.refresh_token.get_secret_value(),
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
        }
        headers = {"Accept": "application/json", "User-Agent": self._agent}
        answer = await self._exchange(call, settings.token_url + TOKEN_PATH, headers, form)
        problem = failure(answer, call.operation, effect=False, hide=self._hide)
        if isinstance(problem, ProviderRefused):
            # invalid_grant, invalid_client: nothing that another attempt would change
            problem = ProviderAuthFailed(problem.detail, code=problem.code)
        if problem is not None:
            raise problem
        payload = parsed(answer.body) or {}
        value = payload.get("access_token")
        if amazon_error(payload) is not None or not isinstance(value, str) or not value:
            raise unclear(call.operation, "the answer holds no access_token", effect=False)
        return Token(value, _lifetime(payload.get("expires_in")))

    def _hide(self, shown: str) -> str:
        """Amazon's words without our secrets, in case it repeats what it was sent, and without control characters."""
        settings = self._settings
        secrets = (
            settings.client_secret.get_secret_value(),
            settings.refresh_token.get_secret_value(),
            self._access.secret,
        )
        for secret in secrets:
            if secret:
                shown = shown.replace(secret, "[hidden]")
        return "".join(character if character.isprintable() else " " for character in shown)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(_CHUNK):
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise AnswerUnreadable("the answer is too large")
        parts.append(part)
    return b"".join(parts)


def _lifetime(expires_in: object) -> float:
    try:
        seconds = float(expires_in) if isinstance(expires_in, int | float | str) else 0.0
    except ValueError:
        seconds = 0.0
    return seconds if 0 < seconds < float("inf") else _SHORT_LIFE
