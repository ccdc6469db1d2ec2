"""The HTTP client of Klaviyo: one place for headers, the pace, time-outs and what went wrong."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk import ProviderError, ProviderUnavailable
from packhouse_klaviyo.failures import Answer, AnswerUnreadable, failure, parsed
from packhouse_klaviyo.pace import Pace
from packhouse_klaviyo.settings import AccountSettings

Result = TypeVar("Result")

REVISION = "2026-07-15"
_JSON_API = "application/vnd.api+json"
_LARGEST_ANSWER = 1024 * 1024
_CHUNK = 64 * 1024
# Published with each operation, for an account: calls in a second, calls in a minute.
_RATES = {
    "create_event": (350, 3500),
    "bulk_create_events": (10, 150),
    "get_profiles": (75, 750),
    "create_or_update_profile": (75, 750),
    "bulk_subscribe_profiles": (75, 750),
    "bulk_unsubscribe_profiles": (75, 750),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `name` is Klaviyo's operationId, `statuses` say that it worked, `private` is not to be shown."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    statuses: frozenset[int] = frozenset({202})
    private: tuple[str, ...] = ()


class Paces:
    """The paces of one account's operations."""

    def __init__(self) -> None:
        self._paces = {name: Pace(*rates) for name, rates in _RATES.items()}

    def of(self, name: str) -> Pace:
        """The pace of an operation."""
        return self._paces[name]


class KlaviyoClient:
    """Sends calls to one account."""

    def __init__(
        self, settings: AccountSettings, http: aiohttp.ClientSession, log: logging.Logger, paces: Paces
    ) -> None:
        self._settings = settings
        self._http = http
        self._log = log
        self._paces = paces
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout)

    async def send(self, call: Call) -> None:
        """Send a call of whose answer only the status counts.

        Raises:
            ProviderError: the one that fits (see `failures`); no secret and no address is in it.
        """
        await self._answer(call)

    async def ask(self, call: Call, read: Callable[[dict[str, Any]], Result]) -> Result:
        """What `read` makes of the answer.

        Raises:
            ProviderError: the one that fits.
        """
        payload = parsed((await self._answer(call)).body)
        said = "the answer is not JSON"
        try:
            if payload is not None:
                return read(payload)
        except AnswerUnreadable as error:
            said = str(error)
        raise ProviderUnavailable(f"Klaviyo could not be read ({call.name}): {said}")

    async def _answer(self, call: Call) -> Answer:
        await self._paces.of(call.name).take(call.name)
        answer = await self._exchange(call)
        self._log.debug("Klaviyo %s answered %s", call.name, answer.status)
        problem = failure(answer, call.name, call.statuses, lambda shown: self._hide(shown, call))
        if problem is None:
            return answer
        raise problem

    async def _exchange(self, call: Call) -> Answer:
        problem: ProviderError
        headers = {
            "Authorization": self._credentials(),
            "Accept": _JSON_API,
            "revision": REVISION,
        }
        if call.body is not None:
            headers["Content-Type"] = _JSON_API
        try:
            async with self._http.request(
                call.method,
                self._settings.base_url + call.path,
                params=call.query or None,
                headers=headers,
                data=None if call.body is None else orjson.dumps(call.body),
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, response.headers, await _bounded(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            problem = ProviderUnavailable(f"Klaviyo cannot be reached ({call.name}): {type(error).__name__}")
        except (aiohttp.ClientError, TimeoutError, ConnectionError, AnswerUnreadable) as error:
            problem = ProviderUnavailable(f"Klaviyo gave no whole answer ({call.name}): {type(error).__name__}")
        # Raised here and not above: aiohttp's errors can hold the request with its headers, and so the key.
        raise problem

    def _credentials(self) -> str:
        return f"Klaviyo-API-Key {self._settings.api_key.get_secret_value()}"

    def _hide(self, shown: str, call: Call) -> str:
        """Klaviyo's words without the key and without whom they are about, in case it repeats what it was sent."""
        for private in (self._credentials(), self._settings.api_key.get_secret_value(), *call.private):
            if private:
                shown = shown.replace(private, "[hidden]")
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
