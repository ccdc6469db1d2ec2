"""What runs behind the requests: gives positions, delivers to plugins, and feeds the live subscriptions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from packhouse.events.arrays import any_text, bound, listed
from packhouse.events.audience import PluginsChanged
from packhouse.events.event_log import live_events
from packhouse.events.lanes import (
    DeliverySettings,
    LaneWorker,
    Recipients,
    nothing_to_do,
)
from packhouse.events.outbox import Outbox
from packhouse.events.pauses import DUE
from packhouse.events.positions import assign_positions
from packhouse.events.subjects import LoadCustomers, LoadSnapshots, no_customers
from packhouse.sdk.values import now
from packhouse.storage import Database, DatabaseLost

_LINGER = 0.01
_DRAIN_POLL = 0.02
_PAUSE_AFTER_ERROR = 1.0
log = logging.getLogger(__name__)


class Relay:
    """The one background object. `live` is where subscriptions come from.

    A commit wakes it; without that it polls, so events of other processes arrive too. `delivers` False leaves deliveries to
    other processes; `announce` tells them that the log has grown, `settled` is called when attempts were written down. `outbox` is that of a house whose plugins may be changed while it
    runs; `behind` is called when they were, and `take_over` is still to come.
    """

    def __init__(
        self,
        database: Database,
        host: Recipients,
        load_snapshots: LoadSnapshots,
        settings: DeliverySettings,
        *,
        load_customers: LoadCustomers = no_customers,
        delivers: bool = True,
        announce: Callable[[], None] = nothing_to_do,
        settled: Callable[[], None] = nothing_to_do,
        outbox: Outbox | None = None,
        behind: Callable[[], None] = nothing_to_do,
    ) -> None:
        self.live = live_events(database)
        self._database = database
        self._host = host
        self._settings = settings
        self._announce = announce
        self._delivers = delivers
        self._outbox = outbox
        self._behind = behind
        self._new_worker = partial(
            LaneWorker,
            database,
            load_snapshots=load_snapshots,
            settings=settings,
            load_customers=load_customers,
            settled=settled,
        )
        self._workers: dict[str, LaneWorker] = {}
        self._leaving: set[LaneWorker] = set()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._taking = True
        self._look_at_lanes = False

    async def start(self) -> None:
        """Start working in the background; call it outside any transaction."""
        await self.live.start()
        self._stopping = False
        self._taking = True
        self._workers = {}
        self._database.on_commit.append(self._wake.set)
        self._wake.set()
        self._tasks = {asyncio.create_task(self._run_log(), name="event-log")}
        self._staff()

    def take_over(self, host: Recipients) -> None:
        """Deliver to these from now on: those who are new are begun with, those who are gone get no more."""
        self._host = host
        if self._tasks and not self._stopping:
            self._staff()
        self._wake.set()

    def wake(self) -> None:
        """Look at the log now: another process says that it has grown."""
        self._look_at_lanes = True
        self._wake.set()

    def take_no_more(self) -> None:
        """Begin no more deliveries; those that run go on, and the log is read and numbered as before."""
        self._taking = False
        for worker in self._everybody():
            worker.stop()

    async def stop(self, grace_seconds: float = 5.0) -> None:
        """Stop: running hooks get `grace_seconds` to end, then are interrupted; their lanes go to whoever starts next."""
        if not self._tasks:
            return
        self._database.on_commit.remove(self._wake.set)
        self._stopping = True
        self._wake.set()
        self.take_no_more()
        self.live.stop()
        _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
        if late:
            for worker in self._everybody():
                worker.interrupt()
        await asyncio.gather(*self._tasks)
        self._tasks = set()

    async def drain(self) -> None:
        """Wait until every event has its position and no delivery is due or running.

        A delivery that waits for its next attempt is not due, nor one to a plugin that is paused or has not started; dead ones are not waited for.

        Raises:
            RuntimeError: the relay is not running, so nothing would ever change.
        """
        if not self._tasks:
            raise RuntimeError("the relay is not running: start it before draining it")
        self._wake.set()
        while await self._busy():  # noqa: ASYNC110  (other processes work on it too, and set no event)
            await asyncio.sleep(_DRAIN_POLL)

    def _staff(self) -> None:
        """A worker for everybody who gets events, none for anybody else."""
        wanted = {code for codes in self._host.listeners.values() for code in codes} if self._delivers else set()
        for code in self._workers.keys() - wanted:
            worker = self._workers.pop(code)
            worker.stop()
            self._leaving.add(worker)
        for worker in self._workers.values():
            worker.take_over(self._host)
        for code in sorted(wanted - self._workers.keys()) if self._taking else ():
            worker = self._workers[code] = self._new_worker(self._host, code)
            task = asyncio.create_task(worker.run(), name=f"lanes {code}")
            self._tasks.add(task)
            task.add_done_callback(partial(self._left, worker))

    def _left(self, worker: LaneWorker, task: asyncio.Task[None]) -> None:
        self._leaving.discard(worker)
        if not self._stopping:
            self._tasks.discard(task)

    def _everybody(self) -> list[LaneWorker]:
        return [*self._workers.values(), *self._leaving]

    async def _run_log(self) -> None:
        while not self._stopping:
            try:
                await self._advance()
            except DatabaseLost:
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
            except Exception:
                log.exception("The event log pauses for %s s", _PAUSE_AFTER_ERROR)
                await asyncio.sleep(_PAUSE_AFTER_ERROR)

    async def _advance(self) -> None:
        self._wake.clear()
        lingering = asyncio.get_running_loop().time() + _LINGER
        numbered = 0
        while (count := await self._number()) and not self._stopping:
            numbered += count
        if numbered:
            self._announce()
        # what others have numbered is read here as well
        hinted, self._look_at_lanes = self._look_at_lanes, False
        if await self.live.read() or numbered or hinted:
            await self._wake_workers()
        if count is not None and not await _within(self._settings.poll_seconds, self._wake.wait):
            return
        # one breath between two turns, so that commits that come close together are numbered together
        await asyncio.sleep(lingering - asyncio.get_running_loop().time())

    async def _number(self) -> int | None:
        try:
            return await assign_positions(self._database, self._outbox)
        except PluginsChanged:
            self._behind()
            return 0

    async def _wake_workers(self) -> None:
        """Wake those that have something to deliver: one look for all of them, which finds at most one lane of each."""
        dialect = self._database.dialect
        rows = await self._database.fetch(
            f"SELECT value FROM {listed(dialect, '$1')} WHERE {DUE.format(plugin='value', at='$2')} IS NOT NULL",
            bound(dialect, list(self._workers)),
            now(),
        )
        for row in rows:
            if worker := self._workers.get(row["value"]):
                worker.wake()

    async def _busy(self) -> bool:
        # One statement, one moment: a hook that records an event and ends is seen either running or with its event. A lane
        # that nobody holds and that does not wait for another attempt is due, whatever the clocks say.
        dialect = self._database.dialect
        rows = await self._database.fetch(
            f"""
            SELECT EXISTS(SELECT 1 FROM event WHERE position IS NULL) OR EXISTS(
                SELECT 1 FROM lane WHERE {any_text(dialect, "plugin", "$1")}
                AND NOT EXISTS (SELECT 1 FROM plugin_pause AS pause WHERE pause.plugin = lane.plugin
                                AND lane.lease_owner IS NULL AND (pause.until IS NULL OR pause.until > $2))
                AND (due_at <= $2 OR {any_text(dialect, "CAST(lease_owner AS text)", "$3")}
                     OR (lease_owner IS NULL AND NOT EXISTS(
                         SELECT 1 FROM delivery WHERE delivery.lane_id = lane.id AND delivery.status = 'pending'
                         AND delivery.next_attempt_at IS NOT NULL)))) AS busy
            """,
            bound(dialect, [plugin for plugin in self._workers if self._host.is_ready(plugin)]),
            now(),
            bound(dialect, [str(worker.owner) for worker in self._everybody()]),
        )
        return bool(rows[0]["busy"])


async def _within(seconds: float, wait: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        return False
    return True
