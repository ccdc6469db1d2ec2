"""The HTTP client of Trustpilot: one place for hosts, headers, the token, time-outs and what went wrong."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk import ProviderAuthFailed, ProviderError, ProviderRefused, ProviderUnavailable
from packhouse_trustpilot.access import Access, Token
from packhouse_trustpilot.budget import Budget
from packhouse_trustpilot.failures import Answer, AnswerUnreadable, failure, parsed, unclear
from packhouse_trustpilot.settings import TrustpilotSettings

Result = TypeVar("Result")

API_VERSION = "v1"
_TOKEN_PATH = "/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path, not a secret
_UNAUTHORIZED = 401
# A page of 100 reviews stays far below this.
_LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
# Where Trustpilot does not say how long a token lives.
_SHORT_LIFE = 600.0
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
        self._http = http
        self._log = log
        self._access = Access(self._fetch_token, clock)
        self._budget = Budget(settings.calls_per_five_minutes, clock)
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout)

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
        problem = failure(answer, call.name, effect=call.effect, hide=self._hide)
        if problem is None:
            payload = parsed(answer.body) if answer.body.strip() else {}
            try:
                if payload is not None:
                    return read(payload)
                problem = unclear(call.name, "the answer is not JSON", effect=call.effect)
            except AnswerUnreadable as error:
                problem = unclear(call.name, str(error), effect=call.effect)
        self._log.warning("Trustpilot %s did not work: %s", call.name, problem.detail)
        raise problem

    async def _send(self, call: Call, token: str) -> Answer:
        settings = self._settings
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if call.in_name and settings.business_user_id:
            headers[_BUSINESS_USER] = settings.business_user_id
        data = None if call.body is None else orjson.dumps(call.body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        host = settings.invitations_url if call.invites else settings.base_url
        answer = await self._exchange(call, host, headers, data)
        self._log.debug("Trustpilot %s answered %s", call.name, answer.status)
        return answer

    async def _exchange(
        self, call: Call, host: str, headers: Mapping[str, str], data: bytes | Mapping[str, str] | None
    ) -> Answer:
        self._budget.spend(call.name)
        problem: ProviderError
        try:
            async with self._http().request(
                call.method,
                f"{host}/{API_VERSION}{call.path}",
                params=call.query or None,
                headers=headers,
                data=data,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, response.headers, await _bounded(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            problem = ProviderUnavailable(f"Trustpilot cannot be reached ({call.name}): {type(error).__name__}")
        except (aiohttp.ClientError, TimeoutError, ConnectionError, AnswerUnreadable) as error:
            problem = unclear(call.name, f"no whole answer came ({type(error).__name__})", effect=call.effect)
        # Raised here and not above: aiohttp's errors can hold the request with its headers, and so the token.
        raise problem

    async def _fetch_token(self) -> Token:
        call = Call("token", "POST", _TOKEN_PATH)
        headers = {"Authorization": self._basic(), "Accept": "application/json"}
        answer = await self._exchange(call, self._settings.base_url, headers, self._grant())
        problem = failure(answer, call.name, effect=False, hide=self._hide)
        if isinstance(problem, ProviderRefused):
            problem = ProviderAuthFailed(problem.detail, code=problem.code)
        if problem is not None:
            raise problem
        payload = parsed(answer.body) or {}
        value = payload.get("access_token")
        if not isinstance(value, str) or not value:
            raise unclear(call.name, "the answer holds no access_token", effect=False)
        return Token(value, _lifetime(payload.get("expires_in")))

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

    def _hide(self, shown: str) -> str:
        """Trustpilot's words without our secrets, in case it repeats what it was sent, and without control characters."""
        settings = self._settings
        secrets = (
            settings.api_key.get_secret_value(),
            settings.api_secret.get_secret_value(),
            settings.password.get_secret_value(),
            self._access.secret,
            self._basic().partition(" ")[2],
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
    # Trustpilot writes the seconds as text.
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return _SHORT_LIFE
    return seconds if 0 < seconds < float("inf") else _SHORT_LIFE
