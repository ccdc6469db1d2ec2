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

from packhouse.sdk import AccessToken, AccessTokens, ProviderError, ProviderRateLimited, Vendor, VendorAnswer
from packhouse_amazon_mcf.buckets import Buckets
from packhouse_amazon_mcf.failures import RATE_HEADER, failure
from packhouse_amazon_mcf.settings import AmazonMcfSettings

Result = TypeVar("Result")

TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - a path, not a secret
_TOKEN_REFUSED = frozenset({401, 403})


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
        self._log = log
        self._access = AccessTokens(self._fetch_token, margin=120.0, clock=clock)
        self._buckets = Buckets(settings.rate_factor, clock, sleep)
        self._vendor = Vendor(
            "Amazon",
            http,
            timeout=aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout),
            secrets=self._secrets,
        )
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
        problem = failure(self._vendor, answer, call.operation, effect=call.effect)
        if isinstance(problem, ProviderRateLimited):
            self._buckets.of(call.operation).empty(problem.retry_after)
        try:
            if problem is not None:
                raise problem
            return self._vendor.read(call.operation, answer.json, read, effect=call.effect)
        except ProviderError as error:
            self._log.warning("Amazon %s did not work: %s", call.operation, error.detail)
            raise

    async def _send(self, call: Call, token: str) -> VendorAnswer:
        bucket = self._buckets.of(call.operation)
        await bucket.take(call.operation)
        headers = {"x-amz-access-token": token, "Accept": "application/json", "User-Agent": self._agent}
        data = None if call.body is None else orjson.dumps(call.body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._vendor.send(
            call.operation,
            call.method,
            self._settings.api_url + call.path,
            effect=call.effect,
            headers=headers,
            query=call.query,
            data=data,
        )
        bucket.learn(answer.headers.get(RATE_HEADER))
        request_id = answer.headers.get("x-amzn-RequestId", "")
        self._log.debug("Amazon %s answered %s (request %s)", call.operation, answer.status, request_id)
        return answer

    async def _fetch_token(self) -> AccessToken:
        """A new token: Login with Amazon, POST https://api.amazon.com/auth/o2/token, grant type refresh_token; it lives an hour."""
        settings = self._settings
        form = {
            "grant_type": "refresh_token",
            "refresh_token": settings.refresh_token.get_secret_value(),
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
        }
        headers = {"Accept": "application/json", "User-Agent": self._agent}
        url = settings.token_url + TOKEN_PATH
        answer = await self._vendor.send("token", "POST", url, effect=False, headers=headers, data=form)
        # invalid_grant, invalid_client: nothing that another attempt would change
        return self._vendor.access_token(answer, failure(self._vendor, answer, "token", effect=False))

    def _secrets(self) -> tuple[str, ...]:
        settings = self._settings
        return settings.client_secret.get_secret_value(), settings.refresh_token.get_secret_value(), self._access.secret
