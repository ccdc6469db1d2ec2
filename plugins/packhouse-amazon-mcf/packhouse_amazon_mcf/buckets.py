"""Token buckets: each operation of SP-API has a rate and a burst of its own, for each seller and application.

Rates and bursts are the usage plans of Fulfillment Outbound 2026-07-04 and FBA Inventory v1; `x-amzn-RateLimit-Limit` of an
answer says which rate applies to this seller. Other processes may use the same plan: a 429 empties the bucket.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from packhouse.sdk import ProviderRateLimited

# Who would have to wait longer is told to come back.
LONGEST_WAIT = 5.0
_SLOWEST = 0.001
_FASTEST = 1000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How often an operation may be called: `rate` a second on average, `burst` at once."""

    rate: float
    burst: float

    def times(self, factor: float) -> "Plan":
        """So many times as much; one call at once always."""
        return Plan(self.rate * factor, max(1.0, self.burst * factor))


PLANS = {
    "getOrderPreview": Plan(2.0, 30),
    "createOrder": Plan(2.0, 30),
    "getOrder": Plan(2.0, 30),
    "updateOrder": Plan(2.0, 30),
    "cancelOrder": Plan(2.0, 30),
    "getInventorySummaries": Plan(2.0, 2),
}


class Bucket:
    """The calls that one operation has left. Callers get theirs in the order in which they came."""

    def __init__(
        self,
        plan: Plan,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.rate = plan.rate
        self._burst = plan.burst
        self._clock = clock
        self._sleep = sleep
        self._left = self._burst
        self._at = clock()

    async def take(self, name: str) -> None:
        """Take one call, waiting for it if it comes soon.

        Raises:
            ProviderRateLimited: it does not come soon; nothing was taken.
        """
        self._refill()
        wait = (1.0 - self._left) / self.rate
        if wait > LONGEST_WAIT:
            raise ProviderRateLimited(f"Amazon takes no more {name} for now: its rate is used up", retry_after=wait)
        # below nothing where others wait: the next one waits behind them
        self._left -= 1.0
        if wait > 0:
            await self._sleep(wait)

    def learn(self, limit: str | None) -> None:
        """Take over the rate that an answer names; anything that is no rate is passed over."""
        try:
            rate = float(limit or "")
        except ValueError:
            return
        if _SLOWEST <= rate <= _FASTEST:
            self._refill()
            self.rate = rate

    def empty(self, wait: float) -> None:
        """Amazon said that it was too much: nothing is left until `wait` seconds from now."""
        self._refill()
        self._left = min(self._left, 1.0 - wait * self.rate)

    def _refill(self) -> None:
        at = self._clock()
        self._left = min(self._burst, self._left + (at - self._at) * self.rate)
        self._at = at


class Buckets:
    """A bucket for each operation; `factor` is how many times the usual plan the seller has."""

    def __init__(
        self,
        factor: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._buckets = {name: Bucket(plan.times(factor), clock, sleep) for name, plan in PLANS.items()}

    def of(self, operation: str) -> Bucket:
        """The bucket of an operation."""
        return self._buckets[operation]
