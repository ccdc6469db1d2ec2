"""The log of attempts to deliver, as live subscribers read it: who follows it sees how deliveries are going."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.events.lanes import nothing_to_do
from packhouse.events.live import LiveLog
from packhouse.events.queries import ATTEMPT_COUNTER, log_bounds
from packhouse.storage import Database, DatabaseLost
from packhouse.storage.dialect import read_id, read_time
from packhouse.web.feeds import Bounds

DELIVERIES = "deliveries"
_LINGER = 0.02
_PAUSE_AFTER_ERROR = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedAttempt:
    """One try to hand an event to a plugin or recipient; `error` is empty where it worked."""

    position: int
    delivery_id: UUID
    plugin: str
    started_at: datetime
    duration_ms: int
    ok: bool
    error: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class AttemptSelection:
    """Attempts to deliver to one plugin or recipient, and those that worked, or did not; None: all."""

    plugin: str | None = None
    ok: bool | None = None

    @property
    def topics(self) -> frozenset[Hashable] | None:
        """Plugins are what attempts are about."""
        return None if self.plugin is None else frozenset({self.plugin})

    def wants(self, attempt: LoggedAttempt) -> bool:
        """Whether the attempt is one of them."""
        return self.plugin in (None, attempt.plugin) and self.ok in (None, attempt.ok)


class AttemptLog:
    """Reads attempts from the database."""

    name = DELIVERIES

    def __init__(self, database: Database) -> None:
        self._database = database

    def topic(self, attempt: LoggedAttempt) -> Hashable:
        """Its plugin."""
        return attempt.plugin

    async def bounds(self) -> Bounds:
        """What the log holds now."""
        return await log_bounds(self._database, ATTEMPT_COUNTER)

    async def read(
        self, after: int, *, limit: int, upto: int | None = None, selection: AttemptSelection | None = None
    ) -> Sequence[LoggedAttempt]:
        """The next attempts; all of them, because a page of what was selected may be far away."""
        del selection
        values = [after, limit, *([] if upto is None else [upto])]
        rows = await self._database.fetch(
            f"""
            SELECT attempt.position, attempt.delivery_id, delivery.plugin, attempt.started_at, attempt.duration_ms,
                   attempt.ok, attempt.error, attempt.answer
            FROM delivery_attempt AS attempt JOIN delivery ON delivery.id = attempt.delivery_id
            WHERE attempt.position > $1 {"" if upto is None else "AND attempt.position <= $3"}
            ORDER BY attempt.position LIMIT $2
            """,
            *values,
        )
        return [_read(row) for row in rows]


def _read(row: Any) -> LoggedAttempt:  # noqa: ANN401  (a driver's row)
    return LoggedAttempt(
        position=row["position"],
        delivery_id=read_id(row["delivery_id"]),
        plugin=row["plugin"],
        started_at=read_time(row["started_at"]),
        duration_ms=row["duration_ms"],
        ok=bool(row["ok"]),
        error=row["error"],
        answer=row["answer"],
    )


class LiveDeliveries:
    """Feeds the log of attempts to `live`: when something was written down, and every so often, while anybody follows it."""

    def __init__(
        self, database: Database, poll_seconds: float, *, announce: Callable[[], None] = nothing_to_do
    ) -> None:
        self._poll_seconds = poll_seconds
        self._announce = announce
        self._wake = asyncio.Event()
        self.live: LiveLog[LoggedAttempt, AttemptSelection] = LiveLog(AttemptLog(database), wanted=self._wake.set)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow the log in the background."""
        await self.live.start()
        self._task = asyncio.create_task(self._run(), name="delivery-log")

    def settled(self) -> None:
        """Attempts were written down by this process."""
        self._wake.set()
        self._announce()

    def wake(self) -> None:
        """Another process says that it has written some down."""
        self._wake.set()

    async def stop(self) -> None:
        """End every subscription, and follow no more."""
        self.live.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.live.read()
            except DatabaseLost:
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
            except Exception:
                log.exception("The log of deliveries pauses for %s s", _PAUSE_AFTER_ERROR)
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
                await asyncio.sleep(_LINGER)
