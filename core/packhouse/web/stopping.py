"""The end of this process, said before it happens: to proxies by readiness, to clients by the answers they get meanwhile."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class Stopping:
    """One process's end, in two steps, each taken once.

    `announce`: a proxy shall send new clients elsewhere; what comes is still answered. `drain`: nothing new is begun, and
    what is open is brought to its end. Streams, which end by no request of their own, wait for `draining`, or are told by
    a callback of `on_drain`, which is awaited before their connections are closed.
    """

    def __init__(self) -> None:
        self.is_announced = False
        self._draining = asyncio.Event()
        self._last_words: dict[object, Callable[[], Awaitable[object]]] = {}
        self._until = 0.0

    @property
    def is_draining(self) -> bool:
        """Whether nothing new shall be begun."""
        return self._draining.is_set()

    @property
    def seconds_left(self) -> float:
        """How long what is open may still go on, from the beginning of the drain; 0 before it."""
        return max(0.0, self._until - time.monotonic())

    def announce(self) -> None:
        """Say that the end is near. It may be called by a signal's handler."""
        self.is_announced = True

    async def draining(self) -> None:
        """Wait for the drain to begin."""
        await self._draining.wait()

    def on_drain(self, callback: Callable[[], Awaitable[object]]) -> Callable[[], None]:
        """Have `callback` awaited when the drain begins, side by side with all others; returns what takes it off again."""
        key = object()
        self._last_words[key] = callback

        def forget() -> None:
            self._last_words.pop(key, None)

        return forget

    async def drain(self, seconds: float) -> None:
        """Begin the drain and wait for the callbacks; what is open has `seconds` from now on, and they at most as long."""
        self.announce()
        if self.is_draining:
            return
        self._until = time.monotonic() + seconds
        self._draining.set()
        tasks = [asyncio.ensure_future(_awaited(callback)) for callback in self._last_words.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()


async def _awaited(callback: Callable[[], Awaitable[object]]) -> None:
    try:
        await callback()
    except Exception:
        log.exception("Something could not be told that the process stops")


class LastAnswers:
    """Middleware that closes connections with their next answer once the end is announced: clients come back elsewhere."""

    def __init__(self, app: ASGIApp, stopping: Stopping) -> None:
        self._app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._stopping.is_announced:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, send_last)
