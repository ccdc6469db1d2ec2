"""A log live inside one process: it is read once for all subscribers, and each has a position of its own.

The newest entries are kept in a window of fixed size. A subscriber reads from the window while it keeps up, and from the
log when it has fallen behind, so a slow one misses nothing and costs no memory.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from itertools import takewhile
from typing import Generic, Protocol, TypeVar

from packhouse.web.feeds import Bounds

_WINDOW = 2000
_PAGE = 200


class Entry(Protocol):
    """Something in a log."""

    @property
    def position(self) -> int:
        """Its place in commit order."""


E = TypeVar("E", bound=Entry)
E_contra = TypeVar("E_contra", bound=Entry, contravariant=True)


class Selection(Protocol[E_contra]):
    """What a subscriber asked for. `topics` None: it may be of any topic."""

    @property
    def topics(self) -> frozenset[Hashable] | None:
        """The topics that its entries are of."""

    def wants(self, entry: E_contra) -> bool:
        """Whether it asked for such an entry."""


S = TypeVar("S", bound=Selection)  # type: ignore[type-arg]  # of the entries that its log has
S_contra = TypeVar("S_contra", bound=Selection, contravariant=True)  # type: ignore[type-arg]  # as above


class Source(Protocol[E, S_contra]):
    """How a log is read."""

    @property
    def name(self) -> str:
        """Its name."""

    def topic(self, entry: E) -> Hashable:
        """What an entry is about: whom it may concern is told by that."""

    async def bounds(self) -> Bounds:
        """What the log holds now."""

    async def read(
        self, after: int, *, limit: int, upto: int | None = None, selection: S_contra | None = None
    ) -> Sequence[E]:
        """The next entries with `after` < position ≤ `upto`, in their order."""


class Trimmed(Exception):
    """A subscriber is so far behind that the log no longer keeps what would come next."""


class Subscription(AsyncIterator[E], Generic[E, S]):
    """Entries in commit order behind a position, up to another. Ends when the log is stopped or `aclose` is called."""

    def __init__(self, live: "LiveLog[E, S]", position: int, selection: S | None, upto: int | None) -> None:
        self.position = position
        self.selection = selection
        self.upto = upto
        self._live = live
        self._page: deque[E] = deque()
        self._closed = False

    def wants(self, entry: E) -> bool:
        """Whether this subscriber asked for such an entry."""
        return self.selection is None or self.selection.wants(entry)

    async def aclose(self) -> None:
        """Stop: the iteration ends."""
        self._closed = True
        self._page.clear()
        self._live.release(self)

    def __aiter__(self) -> "Subscription[E, S]":
        return self

    async def __anext__(self) -> E:
        while not self._page:
            if self._has_ended() or not await self._live.wait_beyond(self):
                raise StopAsyncIteration
            if self._has_ended():
                raise StopAsyncIteration
            page, self.position = await self._live.page(self)
            self._page.extend(page if self.upto is None else self._until(self.upto, page))
        return self._page.popleft()

    def _has_ended(self) -> bool:
        return self._closed or (self.upto is not None and self.position >= self.upto)

    @staticmethod
    def _until(upto: int, page: Sequence[E]) -> Sequence[E]:
        return [entry for entry in page if entry.position <= upto]


class LiveLog(Generic[E, S]):
    """The fan-out. `start` finds the end of the log, `read` takes in what is new, `stop` ends all subscriptions.

    Without `wanted`, `read` has to be called whenever the log may have grown. With it, only after it was called, and as long
    as somebody waits: where nobody does, `read` does nothing.
    """

    def __init__(
        self,
        source: Source[E, S],
        *,
        window: int = _WINDOW,
        page: int = _PAGE,
        wanted: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._window: deque[E] = deque(maxlen=window)
        self._page = page
        self._head = 0
        self._waiting: dict[Subscription[E, S], asyncio.Future[bool]] = {}
        self._stopped = True

    @property
    def name(self) -> str:
        """The log's name."""
        return self._source.name

    @property
    def head(self) -> int:
        """The last position that was taken in."""
        return self._head

    @property
    def waiting(self) -> int:
        """How many subscribers wait for something new."""
        return len(self._waiting)

    async def bounds(self) -> Bounds:
        """What the log holds now, asked of the database."""
        return await self._source.bounds()

    async def end(self) -> int:
        """The position behind which comes what happens from now on."""
        return self._head if self._wanted is None else (await self.bounds()).last

    async def start(self) -> None:
        """Begin at the end of the log."""
        self._head = (await self.bounds()).last
        self._stopped = False

    def stop(self) -> None:
        """End every subscription."""
        self._stopped = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(False)

    def subscribe(self, after: int, selection: S | None = None, *, upto: int | None = None) -> Subscription[E, S]:
        """Entries after a position, up to another (None: without end); without a selection all of them."""
        return Subscription(self, max(0, after), selection, upto)

    async def read(self) -> int:
        """Take in what the log has beyond the window, and wake those whom it concerns; returns how many entries."""
        if not self._waiting and self._wanted is not None:
            return self._skip_to(self._head)
        if not self._waiting:
            last = (await self.bounds()).last
            # somebody may have come while the end was looked up, and must be woken by what follows
            if not self._waiting:
                return self._skip_to(last)
        if not self._window:
            # they know all before, and whoever does not reads the log
            self._head = max(self._head, min(subscription.position for subscription in self._waiting))
        count = 0
        while page := await self._source.read(self._head, limit=self._page):
            if page[0].position > self._head + 1:
                # taken out, by a trim or with what it was about: whoever is behind it has to read the log
                self._window.clear()
            self._window.extend(page)
            before, self._head = self._head, page[-1].position
            count += len(page)
            self._wake(page, before)
        return count

    def _skip_to(self, last: int) -> int:
        """Nobody waits: the log itself is the window, read by whoever comes back or comes anew."""
        count, self._head = last - self._head, last
        if count or self._wanted is not None:
            self._window.clear()
        return count

    async def wait_beyond(self, subscription: Subscription[E, S]) -> bool:
        """Wait until there may be something beyond a subscriber's position; False when the stream has stopped."""
        if self._stopped or subscription.position < self._head:
            return not self._stopped
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[subscription] = waiting
        if self._wanted is not None:
            self._wanted()
        try:
            return await waiting
        finally:
            self._waiting.pop(subscription, None)

    def release(self, subscription: Subscription[E, S]) -> None:
        """Wake a subscriber that waits, because it was closed."""
        waiting = self._waiting.get(subscription)
        if waiting is not None and not waiting.done():
            waiting.set_result(False)

    async def page(self, subscription: Subscription[E, S]) -> tuple[Sequence[E], int]:
        """The next entries that a subscriber wants, and the position up to which it then knows all.

        At most the window, or one page of the log.

        Raises:
            Trimmed: the log no longer keeps all that came after its position.
        """
        position, head = subscription.position, self._head
        if position >= head:
            return [], position
        if self._window and position >= self._window[0].position - 1:
            return [entry for entry in self._newer(position) if subscription.wants(entry)], head
        part = await self._source.read(position, limit=self._page, upto=head, selection=subscription.selection)
        # asked after reading: what was trimmed before the page was read is known by now
        if (await self.bounds()).trimmed > position:
            raise Trimmed
        known = part[-1].position if len(part) == self._page else head
        return [entry for entry in part if subscription.wants(entry)], known

    def _newer(self, position: int) -> list[E]:
        # from the newest backwards: most subscribers are only a few entries behind
        newer = list(takewhile(lambda entry: entry.position > position, reversed(self._window)))
        newer.reverse()
        return newer

    def _wake(self, page: Sequence[E], before: int) -> None:
        told = {self._source.topic(entry) for entry in page}
        for subscription, waiting in self._waiting.items():
            if waiting.done():
                continue
            topics = None if subscription.selection is None else subscription.selection.topics
            unconcerned = topics is not None and subscription.upto is None and topics.isdisjoint(told)
            if unconcerned and subscription.position >= before:
                # it has seen this page without waking up
                subscription.position = max(subscription.position, self._head)
            else:
                waiting.set_result(True)
