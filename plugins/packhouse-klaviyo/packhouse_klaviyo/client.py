"""The HTTP client of Klaviyo: one place for headers, the pace, time-outs and what went wrong."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk import Vendor, VendorAnswer
from packhouse_klaviyo.failures import failure
from packhouse_klaviyo.pace import Pace
from packhouse_klaviyo.settings import AccountSettings

Result = TypeVar("Result")

REVISION = "2026-07-15"
_JSON_API = "application/vnd.api+json"
_LARGEST_ANSWER = 1024 * 1024
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
        self._log = log
        self._paces = paces
        self._vendor = Vendor(
            "Klaviyo",
            lambda: http,
            timeout=aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout),
            secrets=lambda: (self._credentials(), settings.api_key.get_secret_value()),
            largest_answer=_LARGEST_ANSWER,
        )

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
        answer = await self._answer(call)
        return self._vendor.read(call.name, answer.json, read, effect=False)

    async def _answer(self, call: Call) -> VendorAnswer:
        await self._paces.of(call.name).take(call.name)
        headers = {"Authorization": self._credentials(), "Accept": _JSON_API, "revision": REVISION}
        if call.body is not None:
            headers["Content-Type"] = _JSON_API
        answer = await self._vendor.send(
            call.name,
            call.method,
            self._settings.base_url + call.path,
            # what was sent twice is done once: see `failures`
            effect=False,
            headers=headers,
            query=call.query,
            data=None if call.body is None else orjson.dumps(call.body),
        )
        self._log.debug("Klaviyo %s answered %s", call.name, answer.status)
        problem = failure(answer, call.name, call.statuses, lambda shown: self._hide(shown, call))
        if problem is not None:
            raise problem
        return answer

    def _credentials(self) -> str:
        return f"Klaviyo-API-Key {self._settings.api_key.get_secret_value()}"

    def _hide(self, shown: str, call: Call) -> str:
        """Klaviyo's words without the key and without whom they are about, in case it repeats what it was sent."""
        for private in call.private:
            if private:
                shown = shown.replace(private, "[hidden]")
        return self._vendor.hide(shown)
