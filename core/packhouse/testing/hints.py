"""What the processes of a set-up tell each other, for tests that start what runs in a process without the rest of a house."""

import asyncio
from collections.abc import Callable, Mapping

from packhouse.events.bus import Bus
from packhouse.storage import Database
from packhouse.storage.dialect import Dialect
from packhouse.testing.nats import shared_nats_url

_CONNECT_SECONDS = 20.0


class Hints:
    """One process's ear and voice, as a house has them: over NATS beside PostgreSQL; beside SQLite there is no other process."""

    def __init__(self, database: Database) -> None:
        self._url = shared_nats_url() if database.dialect is Dialect.POSTGRES else ""
        self._bus: Bus | None = None

    async def start(self, handlers: Mapping[str, Callable[[], None]]) -> None:
        """Listen from now on; `handlers` are called, by topic, when another process announced something."""
        if not self._url:
            return
        self._bus = Bus(self._url, handlers)
        self._bus.start()
        async with asyncio.timeout(_CONNECT_SECONDS):
            while not self._bus.is_connected:  # noqa: ASYNC110  (another task connects)
                await asyncio.sleep(0.001)

    def announce(self, topic: str) -> None:
        """Hint the other processes at something, where there are any."""
        if self._bus is not None:
            self._bus.announce(topic)

    async def stop(self) -> None:
        """Leave."""
        bus, self._bus = self._bus, None
        if bus is not None:
            await bus.stop()
