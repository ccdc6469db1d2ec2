"""What becomes of a delivery that failed: when it is tried again, or that it is given up. Pure."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packhouse.sdk.errors import ProviderError, ProviderRateLimited, ProviderRefused
from packhouse.storage import DatabaseLost

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 3600.0
_LONGEST_RETRY_AFTER = 86_400.0
_ERROR_LENGTH = 500
ANSWER_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after `seconds`; `counts` says whether the attempt counts towards giving up."""

    seconds: float
    counts: bool = True


def next_attempt(
    error: BaseException,
    failed_before: int,
    max_attempts: int,
    luck: random.Random,
    schedule: Sequence[float] = (),
) -> Again | None:
    """When to try again after an error, None to give up.

    A `schedule` says how many seconds to wait after each failed attempt (up to a tenth longer), and ends with giving up.

    Waits double from 1 s to 1 h, jittered down to a half, so that what failed together does not come back together. A
    vendor's `retry_after` is kept and its rate limit never counts; what a vendor refused for good is given up at once.
    That our own database cannot be reached is nobody's failure: it does not count, and is tried again within two seconds.
    """
    if isinstance(error, DatabaseLost):
        return Again(_FIRST_SECONDS * luck.uniform(1.0, 2.0), counts=False)
    if isinstance(error, ProviderRateLimited):
        return Again(_sensible(getattr(error, "retry_after", None)) * luck.uniform(1.0, 1.1), counts=False)
    last = len(schedule) if schedule else max_attempts - 1
    if isinstance(error, ProviderRefused) or failed_before >= last:
        return None
    if schedule:
        return Again(schedule[failed_before] * luck.uniform(1.0, 1.1))
    seconds = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failed_before, 32))
    return Again(seconds * luck.uniform(0.5, 1.0))


def describe(error: BaseException, hide: Callable[[str], str] = str) -> str:
    """The error in one line for a row that people look at, whatever it is; `hide` takes secrets out of it."""
    name = type(error).__name__
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


def _sensible(seconds: object) -> float:
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return _LONGEST_SECONDS
    return min(_LONGEST_RETRY_AFTER, max(_FIRST_SECONDS, seconds))
