"""The HTTP client of Trustpilot: one place for hosts, headers, the token, time-outs and what went wrong."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk import AccessToken, AccessTokens, ProviderError, Vendor, VendorAnswer
from packhouse_trustpilot.budget import Budget
from packhouse_trustpilot.failures import failure
from packhouse_trustpilot.settings import TrustpilotSettings

Result = TypeVar("Result")

API_VERSION = "v1"
_TOKEN_PATH = "/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path, not a secret
_UNAUTHORIZED = 401
# A page of 100 reviews stays far below this.
_LARGEST_ANSWER = 32 * 1024 * 1024
_BUSINESS_USER = "x-business-user-id"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `name` for people, `effect` when doing it twice is not the same as doing it once.

    `invites` chooses the host of invitations; `in_name` sends along in which business user's name it is done.
    """

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False
    invites: bool = False
    in_name: bool = False


class TrustpilotClient:
    """Sends calls to Trustpilot with a token, and gives what their answers mean.

    `http` gives the session: it opens after the platform is registered, so it is asked for at each call.
    """

    def __init__(
        self,
        settings: TrustpilotSettings,
        http: Callable[[], aiohttp.ClientSession],
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._log = log
        # asking for one too often is answered 429
        self._access = AccessTokens(self._fetch_token, margin=600.0, clock=clock)
        self._budget = Budget(settings.calls_per_five_minutes, clock)
        self._vendor = Vendor(
            "Trustpilot",
            http,
            timeout=aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout),
            secrets=self._secrets,
            largest_answer=_LARGEST_ANSWER,
        )

    async def call(self, call: Call, read: Callable[[dict[str, Any]], Result]) -> Result:
        """What `read` makes of Trustpilot's answer, of an empty object where it has no body. A token that is refused is
        renewed once.

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
            return self._vendor.read(call.name, answer.json if answer.body.strip() else {}, read, effect=call.effect)
        except ProviderError as error:
            self._log.warning("Trustpilot %s did not work: %s", call.name, error.detail)
            raise

    async def _send(self, call: Call, token: str) -> VendorAnswer:
        settings = self._settings
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if call.in_name and settings.business_user_id:
            headers[_BUSINESS_USER] = settings.business_user_id
        data = None if call.body is None else orjson.dumps(call.body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        host = settings.invitations_url if call.invites else settings.base_url
        self._budget.spend(call.name)
        answer = await self._vendor.send(
            call.name,
            call.method,
            f"{host}/{API_VERSION}{call.path}",
            effect=call.effect,
            headers=headers,
            query=call.query,
            data=data,
        )
        self._log.debug("Trustpilot %s answered %s", call.name, answer.status)
        return answer

    async def _fetch_token(self) -> AccessToken:
        """A new token, by POST /v1/oauth/oauth-business-users-for-applications/accesstoken; it lives 100 hours."""
        headers = {"Authorization": self._basic(), "Accept": "application/json"}
        url = f"{self._settings.base_url}/{API_VERSION}{_TOKEN_PATH}"
        self._budget.spend("token")
        answer = await self._vendor.send("token", "POST", url, effect=False, headers=headers, data=self._grant())
        return self._vendor.access_token(answer, failure(self._vendor, answer, "token", effect=False))

    def _grant(self) -> dict[str, str]:
        settings = self._settings
        if not settings.username:
            return {"grant_type": "client_credentials"}
        return {
            "grant_type": "password",
            "username": settings.username,
            "password": settings.password.get_secret_value(),
        }

    def _basic(self) -> str:
        settings = self._settings
        return aiohttp.encode_basic_auth(settings.api_key.get_secret_value(), settings.api_secret.get_secret_value())

    def _secrets(self) -> tuple[str, ...]:
        settings = self._settings
        return (
            settings.api_key.get_secret_value(),
            settings.api_secret.get_secret_value(),
            settings.password.get_secret_value(),
            self._access.secret,
            self._basic().partition(" ")[2],
        )
