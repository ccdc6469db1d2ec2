"""Trustpilot asks for no more than 833 calls in five minutes (and 10,000 in an hour, which is the same): we count them ourselves."""

import time
from collections import deque
from collections.abc import Callable

from packhouse.sdk import ProviderRateLimited

_WINDOW_SECONDS = 300.0


class Budget:
    """So many calls in any five minutes; one more is not made."""

    def __init__(self, calls: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._clock = clock
        self._made: deque[float] = deque()

    def spend(self, name: str) -> None:
        """Count a call.

        Raises:
            ProviderRateLimited: there is none left; it says when there is one again.
        """
        at = self._clock()
        while self._made and self._made[0] <= at - _WINDOW_SECONDS:
            self._made.popleft()
        if len(self._made) >= self._calls:
            wait = self._made[0] + _WINDOW_SECONDS - at
            raise ProviderRateLimited(
                f"Trustpilot {name}: {self._calls} calls were made in five minutes", retry_after=wait, code="BUDGET"
            )
        self._made.append(at)
