"""The LWA access token: an hour long, kept until shortly before its end, fetched once however many calls want it.

Login with Amazon: POST https://api.amazon.com/auth/o2/token, grant type refresh_token. SP-API takes it in `x-amz-access-token`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from packhouse.sdk import ProviderError

# A token is renewed this long before its end, or after nine tenths of a short life.
_MARGIN_SECONDS = 120.0
_MARGIN_SHARE = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An access token and how many seconds it lives."""

    value: str
    lifetime: float


class Access:
    """Gives the current token; `fetch` asks Amazon for a new one. It shows nothing of the token in its repr."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._ends = 0.0
        self._error: ProviderError | None = None
        self._failures = 0

    @property
    def secret(self) -> str:
        """The token itself, for taking it out of what is shown; empty before the first one."""
        return self._value

    async def token(self, *, instead_of: str = "") -> str:
        """A token that lives, and is not `instead_of`, which Amazon has just refused.

        Raises:
            ProviderError: Amazon gave none. Those who waited for the same attempt get its error, so that a wrong secret is
                not tried again by each of them.
        """
        if self._lives(instead_of):
            return self._value
        seen = self._failures
        async with self._lock:
            if not self._lives(instead_of):
                if self._failures != seen and self._error is not None:
                    raise self._error
                await self._renew()
        return self._value

    async def _renew(self) -> None:
        try:
            token = await self._fetch()
        except ProviderError as error:
            self._error = error
            self._failures += 1
            raise
        self._value = token.value
        self._ends = self._clock() + token.lifetime - min(_MARGIN_SECONDS, token.lifetime * _MARGIN_SHARE)

    def _lives(self, instead_of: str) -> bool:
        return bool(self._value) and self._value != instead_of and self._clock() < self._ends
