"""Logs that grow, as subscriptions read them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

E_co = TypeVar("E_co", covariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a log holds: everything after position `trimmed`, up to position `last`."""

    trimmed: int
    last: int


class LiveFeed(Protocol[E_co, S_contra]):
    """A log as it grows: entries in commit order, each with a position."""

    @property
    def name(self) -> str:
        """Its name, which is in the cursors of its positions."""

    async def end(self) -> int:
        """The position behind which comes what happens from now on."""

    async def bounds(self) -> Bounds:
        """What the log holds now, asked of the database."""

    def subscribe(
        self, after: int, selection: S_contra | None = None, *, upto: int | None = None
    ) -> AsyncIterator[E_co]:
        """Entries after a position, up to another (None: without end); without a selection all of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a log that a subscription is to tell: what came after a position, up to another (None: without end).

    `is_first`: the subscriber comes anew and without a cursor, so what begins with a state begins with it now.
    """

    after: int
    upto: int | None = None
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a log."""

    log: str
    position: int
