"""Keeps within the rates that Klaviyo publishes for each operation: so many in a second, so many in a minute."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from packhouse.sdk import ProviderRateLimited

# A hook that would wait longer gives its place to others and comes back.
_LONGEST_WAIT = 1.0
_SECOND, _MINUTE = 1.0, 60.0


class Pace:
    """The rate of one operation of one account, in this process. Other processes' calls are Klaviyo's to count: it says 429."""

    def __init__(self, per_second: int, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=per_minute)

    async def take(self, name: str) -> None:
        """Wait until a call may be sent.

        Raises:
            ProviderRateLimited: that is more than a second away.
        """
        now = self._clock()
        at = max(now, self._earliest())
        if at - now > _LONGEST_WAIT:
            raise ProviderRateLimited(f"Klaviyo {name}: our own pace keeps to the published rate", retry_after=at - now)
        self._sent.append(at)
        if at > now:
            await asyncio.sleep(at - now)

    def _earliest(self) -> float:
        earliest = 0.0
        if len(self._sent) >= self._per_second:
            earliest = self._sent[-self._per_second] + _SECOND
        if len(self._sent) == self._sent.maxlen:
            earliest = max(earliest, self._sent[0] + _MINUTE)
        return earliest
