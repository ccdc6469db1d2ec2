"""Spans of what a process does, for OpenTelemetry; without a collector there are none, and they cost nothing.

`Tracing` is tracing that is off. `open_tracing` gives the one that the settings ask for; it reaches the house beside the
metrics, through the database.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from packhouse.settings import TracingSettings

Kind = Literal["internal", "server", "consumer", "client"]
TRACEPARENT = "traceparent"


class Span(Protocol):
    """What happens now."""

    @property
    def traceparent(self) -> str:
        """It, for another process (W3C Trace Context); empty where nothing is traced."""

    def say(self, **attributes: str | float) -> None:
        """Add what became known."""

    def fail(self, reason: str) -> None:
        """It did not work; `reason` is a word of the program, no text that may hold a secret."""

    def end(self) -> None:
        """It is over; said by those alone who began it by `begin`."""


class _NoSpan:
    """Nobody listens."""

    traceparent = ""

    def say(self, **attributes: str | float) -> None:
        """Nobody listens."""

    def fail(self, reason: str) -> None:
        """Nobody listens."""

    def end(self) -> None:
        """Nobody listens."""


_NO_SPAN = _NoSpan()
_NO_BLOCK: AbstractContextManager[Span] = nullcontext(_NO_SPAN)


class Tracing:
    """Tracing that is off. Attributes without a value are left out; in their names `_` is read as `.`, and `__` as `_`."""

    is_on = False

    def span(
        self, name: str, kind: Kind = "internal", *, parent: str | None = "", **attributes: object
    ) -> AbstractContextManager[Span]:
        """A span while the block lasts: inside the current one, or inside that of another process, by its traceparent.

        `parent` None begins a trace, whoever started the task.
        """
        del name, kind, parent, attributes
        return _NO_BLOCK

    def begin(self, name: str, kind: Kind, **attributes: object) -> Span:
        """A span that is ended by hand, where no block encloses it."""
        del name, kind, attributes
        return _NO_SPAN

    def traceparent(self) -> str:
        """The current span, for another process; empty where there is none."""
        return ""

    def is_recording(self) -> bool:
        """Whether there is a current span that is not over and will be sent."""
        return False

    async def close(self) -> None:
        """Send what is still to be sent."""


def open_tracing(settings: TracingSettings, about: Mapping[str, str]) -> Tracing:
    """Tracing as the settings say; `about` names this process."""
    if not settings.endpoint:
        return Tracing()
    from packhouse.telemetry.spans import exporting  # noqa: PLC0415  (only who traces pays for it)

    return exporting(settings, about)
