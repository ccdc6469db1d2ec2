"""Wake-ups between processes over NATS: a hint that something happened, never the thing itself.

Who misses one finds out by polling, so losing NATS delays and loses nothing. Publishing never waits: hints of one topic that
come close together are one.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg

from packhouse.events.nats_client import leave
from packhouse.sdk.values import new_id

_PREFIX = "packhouse.wake"
_RETRY_SECONDS = 2
# A server that answers no question for two of these in a row hangs, and is tried anew.
_ASK_SECONDS = 5.0
_BREATH = 0.005
log = logging.getLogger(__name__)


class Bus:
    """One process's ear and voice. `handlers` are called, by topic, when another process announced something."""

    def __init__(
        self, url: str, handlers: Mapping[str, Callable[[], None]], *, ask_seconds: float = _ASK_SECONDS
    ) -> None:
        self._url = url
        self._ask_seconds = ask_seconds
        self._handlers = handlers
        self._name = new_id().hex
        self._topics: set[str] = set()
        self._wake = asyncio.Event()
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_down = False
        self._is_leaving = False

    @property
    def is_connected(self) -> bool:
        """Whether hints are passed on at this moment."""
        return self._client is not None and self._client.is_connected

    def start(self) -> None:
        """Connect in the background; a server that is not there is tried again and again."""
        self._task = asyncio.create_task(self._run(), name="bus")

    async def stop(self) -> None:
        """Say what is still to be said, if anybody listens, and leave."""
        self._is_leaving = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(_RETRY_SECONDS):
                    await self._publish(client)
                    await client.flush()
            await leave(client)

    def announce(self, topic: str) -> None:
        """Hint the other processes at something; returns at once."""
        self._topics.add(topic)
        self._wake.set()

    async def _run(self) -> None:
        # asked each time: Python's wait_for, by which the client connects and publishes, may swallow that the task is cancelled
        while self._client is None and not self._is_leaving:
            await self._connect()
        while (client := self._client) is not None and not self._is_leaving:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(_BREATH)
            try:
                await self._publish(client)
            except Exception as error:  # noqa: BLE001  (a hint that is lost costs a moment, whatever went wrong)
                self._tell_down(error)

    async def _publish(self, client: Client) -> None:
        topics, self._topics = self._topics, set()
        if not client.is_connected:
            return  # they poll
        for topic in topics:
            await client.publish(f"{_PREFIX}.{topic}", self._name.encode())

    async def _connect(self) -> None:
        client = Client()
        try:
            await client.connect(
                self._url,
                name="packhouse",
                max_reconnect_attempts=-1,
                reconnect_time_wait=_RETRY_SECONDS,
                error_cb=self._failed,
                disconnected_cb=self._lost,
                reconnected_cb=self._found,
                allow_reconnect=True,
                ping_interval=self._ask_seconds,  # type: ignore[arg-type]  # it sleeps so long, fractions too
                max_outstanding_pings=1,
                flush_timeout=_RETRY_SECONDS,
            )
            await client.subscribe(f"{_PREFIX}.*", cb=self._heard)
        except Exception as error:  # noqa: BLE001  (no server, a wrong name, a closed port: tried again)
            self._tell_down(error)
            await leave(client)
            await asyncio.sleep(_RETRY_SECONDS)
        except asyncio.CancelledError:
            await leave(client)
            raise
        else:
            self._client = client
            await self._found()

    async def _heard(self, message: Msg) -> None:
        handler = self._handlers.get(message.subject.rpartition(".")[2])
        if handler is not None and message.data != self._name.encode():
            handler()

    async def _failed(self, error: Exception) -> None:
        self._tell_down(error)

    async def _lost(self) -> None:
        if not self._is_leaving:
            self._tell_down(None)

    async def _found(self) -> None:
        if self._is_down:
            log.info("NATS is there again")
        self._is_down = False
        # whatever was missed meanwhile
        for handler in self._handlers.values():
            handler()

    def _tell_down(self, error: Exception | None) -> None:
        """Once for each time that it goes away."""
        if not self._is_down:
            log.warning(
                "NATS cannot be reached (%s): processes find out by polling until it is there again",
                "connection lost" if error is None else type(error).__name__,
            )
        self._is_down = True
