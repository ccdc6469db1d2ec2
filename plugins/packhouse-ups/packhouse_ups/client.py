"""The HTTP client of UPS: one place for headers, the token, time-outs and what went wrong."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import orjson

from packhouse.sdk import AccessToken, AccessTokens, ProviderError, Vendor, VendorAnswer
from packhouse_ups.failures import failure
from packhouse_ups.settings import UpsSettings

Result = TypeVar("Result")

_TOKEN_PATH = "/security/v1/oauth/token"  # noqa: S105 - a path, not a secret
_API = "/api"
_SOURCE = "packhouse"
_UNAUTHORIZED = 401
# Labels of a shipment of 200 packages stay below this.
_LARGEST_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `name` for people, `effect` when doing it twice is not the same as doing it once."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False


class UpsClient:
    """Sends calls to UPS with a token, and gives what their answers mean.

    `http` gives the session: it opens after the carrier is registered, so it is asked for at each call.
    """

    def __init__(
        self,
        settings: UpsSettings,
        http: Callable[[], aiohttp.ClientSession],
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._log = log
        self._access = AccessTokens(self._fetch_token, margin=300.0, clock=clock)
        self._vendor = Vendor(
            "UPS",
            http,
            timeout=aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout),
            secrets=self._secrets,
            largest_answer=_LARGEST_ANSWER,
        )

    async def call(self, call: Call, read: Callable[[dict[str, Any]], Result]) -> Result:
        """What `read` makes of UPS's answer. A token that UPS refuses is renewed once.

        Raises:
            ProviderError: the one that fits (see `failures`); nothing of a secret is in it.
        """
        token = await self._access.token()
        answer = await self._send(call, token)
        if answer.status == _UNAUTHORIZED:
            answer = await self._send(call, await self._access.token(instead_of=token))
        problem = failure(self._vendor, answer, call.name, effect=call.effect)
        try:
            if problem is not None:
                raise problem
            return self._vendor.read(call.name, answer.json, read, effect=call.effect)
        except ProviderError as error:
            self._log.warning("UPS %s did not work: %s", call.name, error.detail)
            raise

    async def _send(self, call: Call, token: str) -> VendorAnswer:
        transaction = uuid4().hex
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "transId": transaction,
            "transactionSrc": _SOURCE,
        }
        data = None if call.body is None else orjson.dumps(call.body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._vendor.send(
            call.name,
            call.method,
            self._settings.base_url + _API + call.path,
            effect=call.effect,
            headers=headers,
            query=call.query,
            data=data,
        )
        self._log.debug("UPS %s answered %s (transId %s)", call.name, answer.status, transaction)
        return answer

    async def _fetch_token(self) -> AccessToken:
        """A new token: client credentials with HTTP Basic, as UPS OAuthClientCredentials describes."""
        headers = {
            "Authorization": self._basic(),
            "Accept": "application/json",
            "x-merchant-id": self._settings.account_number,
        }
        url, grant = self._settings.base_url + _TOKEN_PATH, {"grant_type": "client_credentials"}
        answer = await self._vendor.send("token", "POST", url, effect=False, headers=headers, data=grant)
        return self._vendor.access_token(answer, failure(self._vendor, answer, "token", effect=False))

    def _basic(self) -> str:
        settings = self._settings
        return aiohttp.encode_basic_auth(settings.client_id, settings.client_secret.get_secret_value())

    def _secrets(self) -> tuple[str, ...]:
        return self._settings.client_secret.get_secret_value(), self._access.secret, self._basic().partition(" ")[2]
