"""One trial: a plugin does an operation while its vendor fails, then goes on as the host would."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from packhouse.testing.conformance.faults import Fault
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.subject import Exchange, Operation, Subject
from packhouse.testing.conformance.vendor import Vendor, vendor_for

# what the host allows a hook or a call, and far more than any trial needs
PATIENCE = 20.0
# time-outs that the plugin is set to: long enough for a busy machine, and short where nothing will come
SECONDS = 10.0
SHORT_SECONDS = 0.3
MOST_ATTEMPTS = 6
_NOTHING_HAPPENED = (ProviderRefused, ProviderAuthFailed, ProviderRateLimited, ProviderUnavailable)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: with a result, or with an error."""

    result: Any = None
    error: BaseException | None = None

    def __str__(self) -> str:
        if self.error is None:
            return "it answered as if nothing were wrong"
        if isinstance(self.error, OutOfPatience):
            return f"it was still at it after {PATIENCE:.0f} seconds"
        return f"it raised {type(self.error).__name__}: {self.error}"


class OutOfPatience(Exception):
    """A call did not end in the time that the host allows."""


@dataclass(slots=True)
class Trial:
    """What came of it. `first` is the call under the fault, `last` where it led; `effects` what the vendor did, by exchange."""

    operation: Operation
    fault: Fault | None
    struck: Exchange | None
    first: Ending = field(default_factory=Ending)
    last: Ending = field(default_factory=Ending)
    hits: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    strangers: Sequence[str] = ()
    asked: Sequence[Exchange] = ()

    @property
    def where(self) -> str:
        """The trial for people."""
        if self.fault is None:
            return str(self.operation)
        return f"{self.operation}, {self.fault} at {self.struck}" if self.struck else f"{self.operation}, {self.fault}"


def exchanges_of(subject: Subject, operation: Operation) -> tuple[Exchange, ...]:
    """Everything that the vendor may be asked in an operation."""
    return (*operation.all_exchanges, *subject.always)


async def attempt(call: Callable[[], Awaitable[Any]]) -> Ending:
    """Make a call; whatever it raises is its ending."""
    try:
        async with asyncio.timeout(PATIENCE) as patience:
            return Ending(await call())
    except TimeoutError as error:
        return Ending(error=OutOfPatience() if patience.expired() else error)
    except Exception as error:  # noqa: BLE001  (a plugin may fail in any way, and that is what is looked at)
        return Ending(error=error)


async def carry_through(plugin: Running, operation: Operation, ending: Ending) -> Ending:
    """Go on after an ending as the host does: ask about what is in doubt, send what did not happen.

    Where asking fails, the doubt remains, and is asked about again.
    """
    find = operation.find
    for _ in range(MOST_ATTEMPTS):
        if ending.error is None:
            return ending
        if not isinstance(ending.error, _NOTHING_HAPPENED):
            if find is None and not operation.repeats:
                return ending
            found = Ending() if find is None else await attempt(lambda: plugin.do(find or operation))
            if found.error is not None:
                continue
            if found.result is not None:
                return found
        ending = await attempt(lambda: plugin.do(operation))
    return ending


async def try_once(
    subject: Subject,
    operation: Operation,
    fault: Fault | None = None,
    struck: Exchange | None = None,
    *,
    seconds: float = SECONDS,
    then: Callable[[Running, Vendor, Trial], Awaitable[None]] | None = None,
) -> Trial:
    """Do an operation under a fault, which lasts for the first call, and carry it through; `then` may go on from there."""
    trial = Trial(operation, fault, struck)
    async with vendor_for(exchanges_of(subject, operation), seconds) as vendor, running(subject, vendor) as plugin:
        vendor.fault, vendor.struck = fault, struck
        trial.first = await attempt(lambda: plugin.do(operation))
        vendor.fault = None
        # calls that hang must not be answered after all
        trial.hits = vendor.hits
        trial.last = trial.first
        if fault is not None:
            trial.last = await carry_through(plugin, operation, trial.first)
        if then is not None:
            await then(plugin, vendor, trial)
        trial.effects = vendor.effects
        trial.strangers = tuple(vendor.strangers)
        trial.asked = tuple(exchange for exchange, _ in vendor.asked)
    return trial
