"""Posts messages, and says in the SDK's errors what became of them."""

import asyncio
import email.utils
import math
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from packhouse.sdk import ProviderGone, ProviderRateLimited, ProviderRefused, ProviderUnavailable, now
from packhouse_webhooks.guard import ForbiddenAddress, Guard, GuardedResolver

_GONE = 410
_TOO_MANY = 429
_BUSY = 503
_DEFAULT_PAUSE = 60.0
_ANSWER_LENGTH = 900
_CONNECTIONS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: the status and the beginning of its text."""

    status: int
    text: str

    def __str__(self) -> str:
        return f"{self.status} {self.text}".rstrip()


class Sender:
    """Sessions of its own: their addresses are guarded, they keep no cookies, follow no redirect and use no proxy.

    `watch` are the configurations by which the host watches its own session.
    """

    def __init__(
        self, guard: Guard, names: AbstractResolver | None = None, watch: Sequence[aiohttp.TraceConfig] = ()
    ) -> None:
        self._guard = guard
        self._sessions = {
            scheme: aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(guard, encrypted=scheme == "https", resolver=names),
                    limit_per_host=_CONNECTIONS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=list(watch),
            )
            for scheme in ("http", "https")
        }

    async def close(self) -> None:
        """Close the sessions."""
        for session in self._sessions.values():
            await session.close()

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, seconds: float) -> Answer:
        """Post a message; it has arrived when the answer is 2xx, which is returned.

        Raises:
            ProviderGone: 410, the receiver wants no more.
            ProviderRateLimited: 429 or 503 with the time to wait.
            ProviderRefused: the address may not be reached.
            ProviderUnavailable: anything else; to be tried again.
        """
        target = URL(url)
        try:
            self._guard.check_host(target.host or "", encrypted=target.scheme == "https")
            async with (
                asyncio.timeout(seconds),
                self._sessions[target.scheme].post(
                    target, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                answer = await response.content.read(_ANSWER_LENGTH)
        except ForbiddenAddress as error:
            raise ProviderRefused(str(error)) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, ForbiddenAddress):
                raise ProviderRefused(str(error.os_error)) from None
            raise ProviderUnavailable(f"{target.host} cannot be reached: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderUnavailable(f"{target.host} gave no answer: {type(error).__name__}") from None
        return _judged(response, Answer(response.status, answer.decode("utf-8", "replace")))


def _judged(response: aiohttp.ClientResponse, answer: Answer) -> Answer:
    status, told = answer.status, str(answer)
    if response.ok and status < 300:  # noqa: PLR2004  (2xx)
        return answer
    said = f"{response.url.host} answered {status}"
    if status == _GONE:
        raise ProviderGone(f"{said}: it wants no more messages", answer=told)
    pause = _pause(response.headers.get("retry-after"))
    if status == _TOO_MANY or (status == _BUSY and pause is not None):
        raise ProviderRateLimited(said, retry_after=_DEFAULT_PAUSE if pause is None else pause, answer=told)
    if response.headers.get("location"):
        said = f"{said}, and redirects are not followed: set the address it names"
    raise ProviderUnavailable(said, answer=told)


def _pause(header: str | None) -> float | None:
    """The seconds of a Retry-After header, which is a number or a date; None where it is neither."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(header) - now()).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
