"""OAuth access tokens of a vendor: fetched once however many calls want one, and kept until shortly before their end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from packhouse.sdk.errors import ProviderError

# where a vendor does not say how long a token lives
_SHORT_LIFE = 600.0
# a token of a short life is renewed after nine tenths of it
_MARGIN_SHARE = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """An access token and how many seconds it lives. It shows nothing of the token in its repr."""

    value: str
    lifetime: float

    @classmethod
    def of(cls, payload: Mapping[str, Any] | None) -> "AccessToken | None":
        """The token of an OAuth answer (`access_token`, `expires_in` as a number or as text); None where it holds none."""
        value = (payload or {}).get("access_token")
        if not isinstance(value, str) or not value:
            return None
        try:
            seconds = float(str((payload or {}).get("expires_in")))
        except ValueError:
            seconds = 0.0
        return cls(value, seconds if 0 < seconds < float("inf") else _SHORT_LIFE)


class AccessTokens:
    """Gives the current token of a vendor; `fetch` asks for a new one, `margin` is how many seconds before its end."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[AccessToken]],
        *,
        margin: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._margin = margin
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._ends = 0.0
        self._failures = 0
        self._error: ProviderError | None = None

    @property
    def secret(self) -> str:
        """The token itself, for taking it out of what is shown; empty before the first one."""
        return self._value

    async def token(self, *, instead_of: str = "") -> str:
        """A token that lives, and is not `instead_of`, which the vendor has just refused.

        Raises:
            ProviderError: the vendor gave none. Those who waited for the same attempt get the same error, so that a wrong secret
                is not tried again by each of them.
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
        self._ends = self._clock() + token.lifetime - min(self._margin, token.lifetime * _MARGIN_SHARE)

    def _lives(self, instead_of: str) -> bool:
        return bool(self._value) and self._value != instead_of and self._clock() < self._ends
