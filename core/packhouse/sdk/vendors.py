"""Asking a vendor over HTTP: an answer of bounded size, what it means that none came, and no secret in what is shown.

What an answer of a vendor means (its codes, its own words) is its plugin's to know.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
import orjson

from packhouse.sdk.access import AccessToken
from packhouse.sdk.errors import (
    PackhouseError,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
)

Result = TypeVar("Result")

_CHUNK = 64 * 1024
_LONGEST_RETRY_AFTER = 3600.0
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


class AnswerUnreadable(PackhouseError):
    """A vendor's answer has not the form that it describes. The message names the field and holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """A status of 200 to 299."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def json(self) -> dict[str, Any] | None:
        """The JSON object of the body; None where it is something else (HTML of a proxy, half an answer, nothing)."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None
        return found if isinstance(found, dict) else None

    def retry_after(self, otherwise: float, now: datetime | None = None) -> float:
        """Seconds to wait, from Retry-After in seconds (whole, or with a fraction as some vendors do) or as a date; `otherwise`
        where it does not say, an hour at most.
        """
        value = self.headers.get("Retry-After", "").strip()
        try:
            seconds = float(value) if _SECONDS.fullmatch(value) else _until(value, now or datetime.now(UTC))
        except ValueError:
            seconds = otherwise
        return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


class Vendor:
    """Somebody outside who is asked over HTTP. `name` is what people call them.

    `http` gives the session: it opens after providers are registered, so it is asked for at each call. `timeout` None is that of
    the session: 30 seconds for a whole call where it is the host's. `secrets` are taken out of the vendor's own words, in case it
    repeats what it was sent; they are asked for at each use, because tokens change. An answer of more than `largest_answer` bytes
    is not read.
    """

    def __init__(
        self,
        name: str,
        http: Callable[[], aiohttp.ClientSession],
        *,
        timeout: aiohttp.ClientTimeout | None,
        secrets: Callable[[], Iterable[str]],
        largest_answer: int = 16 * 1024 * 1024,
    ) -> None:
        self.name = name
        self._http = http
        self._timeout = timeout
        self._secrets = secrets
        self._largest_answer = largest_answer

    async def send(
        self,
        what: str,
        method: str,
        url: str,
        *,
        effect: bool,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        data: bytes | Mapping[str, str] | None = None,
    ) -> VendorAnswer:
        """Send one request and read its answer. `effect`: doing it twice is not the same as doing it once.

        Raises:
            ProviderUnavailable: they cannot be reached, so that nothing happened; or no whole answer came to a read.
            ProviderInDoubt: an effect was sent and no whole answer came.
        """
        problem: ProviderError
        session = self._http()
        try:
            async with session.request(
                method,
                url,
                params=query or None,
                headers=headers,
                data=data,
                timeout=self._timeout or session.timeout,
                allow_redirects=False,
            ) as response:
                return VendorAnswer(response.status, response.headers, await self._body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            problem = ProviderUnavailable(f"{self.name} cannot be reached ({what}): {type(error).__name__}")
        except (aiohttp.ClientError, OSError, AnswerUnreadable) as error:
            problem = self.unclear(what, f"no whole answer came ({type(error).__name__})", effect=effect)
        # Raised here and not above: aiohttp's errors can hold the request with its headers, and so the token.
        raise problem

    def read(
        self, what: str, payload: dict[str, Any] | None, reader: Callable[[dict[str, Any]], Result], *, effect: bool
    ) -> Result:
        """What `reader` makes of the JSON object of an answer that worked.

        Raises:
            ProviderUnavailable, ProviderInDoubt: there is no such object, or `reader` found it unreadable.
        """
        why = "the answer is not a JSON object"
        if payload is not None:
            try:
                return reader(payload)
            except AnswerUnreadable as error:
                why = str(error)
        raise self.unclear(what, why, effect=effect)

    def access_token(self, answer: VendorAnswer, problem: ProviderError | None) -> AccessToken:
        """The token of an OAuth answer; `problem` is what the plugin takes the answer for, None for a success.

        Raises:
            ProviderAuthFailed: they refused to give one, which another attempt would not change.
            ProviderError: the problem, or that there is no token in the answer.
        """
        if isinstance(problem, ProviderRefused):
            problem = ProviderAuthFailed(problem.detail, code=problem.code)
        if problem is not None:
            raise problem
        token = AccessToken.of(answer.json)
        if token is None:
            raise self.unclear("token", "the answer holds no access_token", effect=False)
        return token

    def unclear(self, what: str, why: str, *, effect: bool, code: str = "") -> ProviderError:
        """The error of a call that was sent and not clearly answered: in doubt for an effect, unavailable for a read."""
        if effect:
            return ProviderInDoubt(f"{self.name} may or may not have done it ({what}): {why}", code=code)
        return ProviderUnavailable(f"{self.name} could not be read ({what}): {why}", code=code)

    def hide(self, shown: str) -> str:
        """The vendor's words without our secrets and without control characters."""
        for secret in self._secrets():
            if secret:
                shown = shown.replace(secret, "[hidden]")
        return "".join(character if character.isprintable() else " " for character in shown)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self._largest_answer:
                raise AnswerUnreadable("the answer is too large")
            parts.append(part)
        return b"".join(parts)


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
