"""Live events inside one process: the log is read once for all subscribers, and each has a position of its own.

The newest events are kept in a window of fixed size. A subscriber reads from the window while it keeps up, and from the
log when it has fallen behind, so a slow one misses nothing and costs no memory.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection
from itertools import takewhile
from uuid import UUID

from packhouse.events.queries import events_after, last_position
from packhouse.sdk.events import Event, EventType
from packhouse.storage import Database

_WINDOW = 2000
_PAGE = 200


class Subscription(AsyncIterator[Event]):
    """Events in commit order from a position on. Ends when the stream is stopped or `aclose` is called."""

    def __init__(
        self,
        live: "LiveEvents",
        position: int,
        order_ids: frozenset[UUID] | None,
        types: frozenset[EventType] | None,
    ) -> None:
        self.position = position
        self.order_ids = order_ids
        self.types = types
        self._live = live
        self._page: deque[Event] = deque()
        self._closed = False

    def wants(self, event: Event) -> bool:
        """Whether this subscriber asked for such an event."""
        return (self.order_ids is None or event.order_id in self.order_ids) and (
            self.types is None or event.type in self.types
        )

    async def aclose(self) -> None:
        """Stop: the iteration ends."""
        self._closed = True
        self._page.clear()
        self._live.release(self)

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Event:
        while not self._page:
            if self._closed or not await self._live.wait_beyond(self):
                raise StopAsyncIteration
            if self._closed:
                raise StopAsyncIteration
            page, self.position = await self._live.page(self)
            self._page.extend(page)
        return self._page.popleft()


class LiveEvents:
    """The fan-out. `start` finds the end of the log, `read` takes in what is new, `stop` ends all subscriptions."""

    def __init__(self, database: Database, *, window: int = _WINDOW, page: int = _PAGE) -> None:
        self._database = database
        self._window: deque[Event] = deque(maxlen=window)
        self._page = page
        self._head = 0
        self._waiting: dict[Subscription, asyncio.Future[bool]] = {}
        self._stopped = True

    async def start(self) -> None:
        """Begin at the end of the log."""
        self._head = await last_position(self._database)
        self._stopped = False

    def stop(self) -> None:
        """End every subscription."""
        self._stopped = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(False)

    def subscribe(
        self,
        after: int | None = None,
        order_ids: Collection[UUID] | None = None,
        types: Collection[EventType] | None = None,
    ) -> Subscription:
        """Events after a position (None: from now on), of the given orders and types (None: of all)."""
        return Subscription(
            self,
            self._head if after is None else max(0, after),
            None if order_ids is None else frozenset(order_ids),
            None if types is None else frozenset(types),
        )

    async def read(self) -> int:
        """Take in what the log has beyond the window, and wake those whom it concerns; returns how many events."""
        if not self._waiting:
            last = await last_position(self._database)
            # somebody may have come while the end was looked up, and must be woken by what follows
            if not self._waiting:
                return self._skip_to(last)
        count = 0
        while page := await events_after(self._database, self._head, limit=self._page):
            self._window.extend(page)
            before, self._head = self._head, page[-1].position
            count += len(page)
            self._wake(page, before)
        return count

    def _skip_to(self, last: int) -> int:
        """Nobody waits: the log itself is the window, read by whoever comes back or comes anew."""
        count, self._head = last - self._head, last
        if count:
            self._window.clear()
        return count

    async def wait_beyond(self, subscription: Subscription) -> bool:
        """Wait until there may be something beyond a subscriber's position; False when the stream has stopped."""
        if self._stopped or subscription.position < self._head:
            return not self._stopped
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[subscription] = waiting
        try:
            return await waiting
        finally:
            self._waiting.pop(subscription, None)

    def release(self, subscription: Subscription) -> None:
        """Wake a subscriber that waits, because it was closed."""
        waiting = self._waiting.get(subscription)
        if waiting is not None and not waiting.done():
            waiting.set_result(False)

    async def page(self, subscription: Subscription) -> tuple[list[Event], int]:
        """The next events that a subscriber wants, and the position up to which it then knows all.

        At most the window, or one page of the log.
        """
        position, head = subscription.position, self._head
        if position >= head:
            return [], position
        if self._window and position >= self._window[0].position - 1:
            return [event for event in self._newer(position) if subscription.wants(event)], head
        part = await events_after(
            self._database,
            position,
            limit=self._page,
            upto=head,
            order_ids=subscription.order_ids,
            types=subscription.types,
        )
        return part, part[-1].position if len(part) == self._page else head

    def _newer(self, position: int) -> list[Event]:
        # from the newest backwards: most subscribers are only a few events behind
        newer = list(takewhile(lambda event: event.position > position, reversed(self._window)))
        newer.reverse()
        return newer

    def _wake(self, page: list[Event], before: int) -> None:
        orders = {event.order_id for event in page}
        for subscription, waiting in self._waiting.items():
            if waiting.done():
                continue
            nothing = subscription.order_ids is not None and subscription.order_ids.isdisjoint(orders)
            if nothing and subscription.position >= before:
                # it has seen this page without waking up
                subscription.position = max(subscription.position, self._head)
            else:
                waiting.set_result(True)
