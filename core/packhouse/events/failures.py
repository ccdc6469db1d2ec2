"""What becomes of a delivery that failed: when it is tried again, or that it is given up. Pure."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from packhouse.events.causes import Cause, cause_of, own_failure
from packhouse.sdk.errors import ProviderError
from packhouse.storage import DatabaseLost

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 3600.0
_LONGEST_RETRY_AFTER = 86_400.0
_OWN_SECONDS = 60.0
_ERROR_LENGTH = 500
_OUR_SIDE = "on the side of Packhouse: "
ANSWER_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Failures:
    """What went wrong with a delivery so far: `attempts` that count, `faults` of the plugin's own code among them, `since` when."""

    attempts: int = 0
    faults: int = 0
    since: datetime | None = None

    def with_one(self, cause: Cause, at: datetime) -> "Failures":
        """The same with one more attempt that counts."""
        return Failures(self.attempts + 1, self.faults + (cause is Cause.FAULT), self.since or at)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a delivery is given up: after `max_attempts` faults of the plugin's own code, after `outage` while its vendor is away.

    A `schedule` takes the place of both: seconds to wait after each failed attempt, and then it is given up.
    """

    max_attempts: int
    outage: timedelta
    schedule: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after `seconds`; `counts` says whether the attempt counts towards giving up."""

    seconds: float
    counts: bool = True


def next_attempt(
    error: BaseException,
    before: Failures,
    limits: Limits,
    luck: random.Random,
    at: datetime,
    *,
    probe: bool = False,
) -> Again | None:
    """When to try again after an error at a time, None to give up.

    Waits double from 1 s to 1 h, jittered down to a half, so that what failed together does not come back together (those of a
    schedule are up to a tenth longer). A vendor that is away is waited for over days, and a `probe` of a paused plugin is never given up for
    it; the plugin's own faults are given up sooner, because what comes after them in the lane waits. A vendor's `retry_after` is kept
    and its rate limit never counts; what a vendor refused for good is given up at once. What fails on our side never counts either:
    it is tried again within two seconds where the database was lost, else within two minutes.
    """
    cause = cause_of(error)
    if cause is Cause.OURS:
        seconds = _FIRST_SECONDS if isinstance(own_failure(error), DatabaseLost) else _OWN_SECONDS
        return Again(seconds * luck.uniform(1.0, 2.0), counts=False)
    if cause is Cause.SLOWER:
        return Again(_sensible(getattr(error, "retry_after", None)) * luck.uniform(1.0, 1.1), counts=False)
    if cause is Cause.REFUSED:
        return None
    if limits.schedule:
        rest = limits.schedule[before.attempts :]
        return Again(rest[0] * luck.uniform(1.0, 1.1)) if rest else None
    if cause is Cause.FAULT:
        given_up, failed = before.faults + 1 >= limits.max_attempts, before.faults
    else:
        given_up, failed = not probe and _is_over(before.since, limits.outage, at), before.attempts
    seconds = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failed, 32))
    return None if given_up else Again(seconds * luck.uniform(0.5, 1.0))


def describe(error: BaseException, hide: Callable[[str], str] = str) -> str:
    """The error in one line for a row that people look at, whatever it is; `hide` takes secrets out of it.

    Where we failed ourselves that is told, not what the plugin took it for.
    """
    ours = own_failure(error) if cause_of(error) is Cause.OURS else None
    if ours is not None:
        error = ours
    name = f"{_OUR_SIDE}{type(error).__name__}" if ours is not None else type(error).__name__
    try:
        said = str(error.detail if isinstance(error, ProviderError) else error)
    except Exception:  # noqa: BLE001  (the error is the plugin's own)
        said = "it cannot say what it is"
    if isinstance(error, TimeoutError) and not said:
        said = "no answer in time"
    return hide(_storable(f"{name}: {said}"))[:_ERROR_LENGTH]


def answer_of(error: BaseException | None, told: str, hide: Callable[[str], str] = str) -> str:
    """What the other side answered: as the error has it, or as the plugin told it."""
    # one that is not made by its base class has none
    text = getattr(error, "answer", "") if isinstance(error, ProviderError) else ""
    return hide(_storable(str(text or told)))[:ANSWER_LENGTH]


def _storable(text: str) -> str:
    """Without what no database keeps: half a character, as it comes out of JSON, and in PostgreSQL zero bytes."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _is_over(since: datetime | None, outage: timedelta, at: datetime) -> bool:
    return since is not None and at - since >= outage


def _sensible(seconds: object) -> float:
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return _LONGEST_SECONDS
    return min(_LONGEST_RETRY_AFTER, max(_FIRST_SECONDS, seconds))
