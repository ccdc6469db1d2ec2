"""What subscribers are sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One result as JSON, made once for all who get it, with its place in the log where it has one."""

    text: str
    position: int = 0
    cursor: str | None = None


Send = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """Whoever asked is not there any more."""
