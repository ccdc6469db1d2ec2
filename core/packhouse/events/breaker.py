"""When deliveries to a plugin that keeps failing are paused, and for how long. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum

from packhouse.events.causes import Cause, cause_of
from packhouse.sdk.errors import ProviderAuthFailed, ProviderGone

_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 3600.0


class Blame(StrEnum):
    """What a failed attempt says about its plugin."""

    NONE = "none"
    """Nothing: this one event was refused, they asked us to be slower, or it was our own fault."""
    ONE = "one"
    """One more delivery in a row that fails."""
    ALL = "all"
    """Every other attempt would fail as well: our credentials are not accepted."""
    GONE = "gone"
    """They want nothing more: no probe will change that."""


def blame_of(error: BaseException) -> Blame:
    """What an error says about the plugin that raised it."""
    if isinstance(error, ProviderGone):
        return Blame.GONE
    cause = cause_of(error)
    if cause is Cause.AWAY and isinstance(error, ProviderAuthFailed):
        return Blame.ALL
    return Blame.ONE if cause in (Cause.AWAY, Cause.FAULT) else Blame.NONE


@dataclass(slots=True)
class Breaker:
    """Notes which deliveries to a plugin failed in a row, over all its orders; `threshold` of them open it.

    One that fails again and again counts once: it may be the only one that does.
    """

    threshold: int
    failing: set[Hashable] = field(default_factory=set)

    def worked(self) -> None:
        """An attempt worked: the row is broken."""
        self.failing.clear()

    def failed(self, blame: Blame, delivery: Hashable) -> bool:
        """An attempt of a delivery (its id) failed; returns whether deliveries are to be paused now."""
        if blame is Blame.ONE:
            self.failing.add(delivery)
        if blame in (Blame.ALL, Blame.GONE) or len(self.failing) >= self.threshold:
            self.failing.clear()
            return True
        return False


def pause_seconds(openings: int) -> float:
    """How long deliveries are paused the n-th time in a row (from 1 on): 30 s, doubled each time, at most an hour."""
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(openings - 1, 32))
