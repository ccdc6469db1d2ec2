"""Delivers events to one plugin: lanes side by side, each lane's events one after another, retried until they work.

Every plugin has a worker of its own, so that a slow or failing one holds up nobody else; inside it a failing order holds
up no other order.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from packhouse.events.breaker import blame_of
from packhouse.events.causes import cause_of
from packhouse.events.failures import Limits, answer_of, describe, next_attempt
from packhouse.events.judging import Judge
from packhouse.events.lane_store import (
    Attempt,
    DueDelivery,
    LaneRun,
    LeasedLane,
    RowId,
    lease_lanes,
    renew_leases,
    settle_lanes,
)
from packhouse.events.pauses import hold_pause
from packhouse.events.states import DeliveryStatus
from packhouse.events.subjects import LoadCustomers, LoadSnapshots, SubjectReader, Subjects, Wanting, no_customers
from packhouse.hooks.handover import Handover
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.snapshots import CustomerSnapshot, OrderSnapshot
from packhouse.sdk.values import new_id, now
from packhouse.storage import Database, DatabaseLost
from packhouse.telemetry.bound import bind
from packhouse.telemetry.tracing import Span

_PAUSE_AFTER_ERROR = 1.0
# found once: Python takes longer to find an enum's member than to compare with it
_DONE, _PENDING, _DEAD = DeliveryStatus.DONE, DeliveryStatus.PENDING, DeliveryStatus.DEAD
log = logging.getLogger(__name__)


class DeliverySettings(Protocol):
    """How deliveries are made: times in seconds, `batch` lanes at once for each plugin."""

    @property
    def poll_seconds(self) -> float:
        """How often to look for work that nobody announced."""

    @property
    def lease_seconds(self) -> float:
        """How long a lane is ours without renewing."""

    @property
    def batch(self) -> int:
        """How many lanes of a plugin are worked at once."""

    @property
    def max_attempts(self) -> int:
        """After how many failures of the plugin's own code a delivery is given up."""

    @property
    def outage_days(self) -> float:
        """For how many days a delivery is tried again while those whom it is for cannot be reached."""

    @property
    def pause_after(self) -> int:
        """After how many deliveries in a row that fail, whatever the order, those to a plugin are paused for a while."""


class Recipients(Wanting, Protocol):
    """Who gets events: the plugin host."""

    @property
    def listeners(self) -> Mapping[EventType, tuple[str, ...]]:
        """For each event type the codes of the plugins that want it."""

    def retries(self, code: str) -> Sequence[float]:
        """How many seconds to wait after each failed attempt; empty for the host's own way."""

    def is_ready(self, code: str) -> bool:
        """Whether the plugin can be given events now; until it is they wait."""

    async def deliver(
        self, event: Event, order: OrderSnapshot | None, handover: Handover, customer: CustomerSnapshot | None
    ) -> None:
        """Hand an event to the plugin of a handover; whatever it raises means: again later."""


def nothing_to_do() -> None:
    """For callbacks that nobody wants."""


class LaneWorker:
    """Works the lanes of one plugin. `owner` names this worker in the leases that it holds.

    `settled` is called when attempts were written down.
    """

    def __init__(
        self,
        database: Database,
        recipients: Recipients,
        plugin: str,
        load_snapshots: LoadSnapshots,
        settings: DeliverySettings,
        load_customers: LoadCustomers = no_customers,
        settled: Callable[[], None] = nothing_to_do,
    ) -> None:
        self.plugin = plugin
        self.owner = new_id()
        self._task_name = f"lane {plugin}"
        self._database = database
        self._recipients = recipients
        self._subjects = SubjectReader(plugin, load_snapshots, load_customers)
        self._settled = settled
        self._settings = settings
        self._attempts = {
            status: database.metrics.attempts[plugin, outcome]
            for status, outcome in (
                (_DONE, "done"),
                (_PENDING, "retry"),
                (_DEAD, "dead"),
            )
        }
        self._seconds = database.metrics.attempt_seconds[plugin,]
        self._luck = random.Random()  # noqa: S311  (jitter, not a secret)
        self._wake = asyncio.Event()
        self._running: dict[RowId, tuple[asyncio.Task[None], LaneRun]] = {}
        self._judge = Judge(database, plugin, settings.pause_after)
        self._renew_at = 0.0
        self._expects_more = False
        self._stopping = False
        self._interrupted = False

    def _has_ended(self, _: asyncio.Task[None]) -> None:
        self._wake.set()

    def wake(self) -> None:
        """Look for due lanes now."""
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop` is called and what runs has ended; an error of the database pauses the work and loses nothing."""
        while not self._stopping or self._running:
            try:
                await self._turn()
            except Exception as error:
                if not isinstance(error, DatabaseLost):
                    log.exception("Deliveries to plugin %s pause for %s s", self.plugin, _PAUSE_AFTER_ERROR)
                if self._interrupted:
                    return  # their leases end by themselves
                await asyncio.sleep(_PAUSE_AFTER_ERROR)

    def take_over(self, recipients: Recipients) -> None:
        """Hand what is still to be delivered to these from now on; what is being delivered ends where it began."""
        self._recipients = recipients
        self._wake.set()

    def stop(self) -> None:
        """Take no more lanes: `run` returns when those in hand are worked."""
        self._stopping = True
        self._wake.set()

    def interrupt(self) -> None:
        """After `stop`: break off the hooks that still run, and give their lanes back."""
        self._interrupted = True
        for task, _ in self._running.values():
            task.cancel()
        self._wake.set()

    async def _turn(self) -> None:
        """Write down what has ended, take what is due, and begin with it; the first two at once where all went well."""
        self._wake.clear()
        await self._renew()
        finished = self._finished()
        settling = asyncio.ensure_future(self._settle(finished))
        if not all(run.went_well for run in finished):
            # it may be the one failure too many, after which nothing is taken
            await settling
        try:
            lanes = await self._lease(len(finished))
            if any(lane.id in self._running for lane in lanes):
                # given back a moment ago, and there again
                await settling
            await self._start(lanes)
            if lanes:
                await asyncio.sleep(0)  # hooks that have nothing to wait for end here, and are settled together
        finally:
            await settling
        if not lanes:
            await self._rest()

    async def _lease(self, ended: int) -> Sequence[LeasedLane]:
        takes = not self._stopping and self._recipients.is_ready(self.plugin)
        free = self._settings.batch - len(self._running) + ended if takes else 0
        lanes = await lease_lanes(
            self._database,
            self.plugin,
            self.owner,
            limit=free,
            seconds=self._settings.lease_seconds,
            is_expected=self._expects_more,
        )
        self._expects_more = bool(lanes) and len(lanes) == free
        return lanes

    async def _rest(self) -> None:
        # what runs is to be renewed in time, however seldom somebody looks for work
        longest = self._settings.lease_seconds / 3 if self._running else math.inf
        try:
            async with asyncio.timeout(min(self._settings.poll_seconds, longest)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _finished(self) -> list[LaneRun]:
        return [run for task, run in self._running.values() if task.done()]

    async def _settle(self, finished: Sequence[LaneRun]) -> None:
        if not finished:
            return
        has_more = await settle_lanes(self._database, self.plugin, self.owner, finished)
        self._settled()
        for run in finished:
            del self._running[run.lane.id]
        if has_more:
            self._wake.set()
        await self._judge.judge(finished)

    async def _renew(self) -> None:
        clock = time.monotonic()
        if not self._running:
            self._renew_at = clock + self._settings.lease_seconds / 3
        elif clock >= self._renew_at:
            kept = await renew_leases(
                self._database, self.owner, list(self._running), seconds=self._settings.lease_seconds
            )
            if any(run.lane.probe for _, run in self._running.values()):
                await hold_pause(self._database, self.plugin, now() + timedelta(seconds=self._settings.lease_seconds))
            for lane in self._running.keys() - kept:
                log.warning("The lease of lane %s of plugin %s was lost to another worker", lane, self.plugin)
                self._running[lane][0].cancel()
            self._renew_at = clock + self._settings.lease_seconds / 3

    async def _start(self, lanes: Sequence[LeasedLane]) -> None:
        fresh = [lane for lane in lanes if lane.id not in self._running]
        events = [due.event for lane in fresh for due in lane.deliveries]
        subjects = await self._subjects.read(events, self._recipients)
        for lane in fresh:
            run = LaneRun(lane)
            task = asyncio.create_task(self._deliver(run, subjects), name=self._task_name)
            task.add_done_callback(self._has_ended)
            self._running[lane.id] = (task, run)
            if self._interrupted:  # it came while these were taken
                task.cancel()

    async def _deliver(self, run: LaneRun, subjects: Subjects) -> None:
        attempting = self._attempt_in_span if self._database.tracing.is_on else self._attempt
        for due in run.lane.deliveries:
            about, handover = due.event, Handover(self.plugin, due.event.id, run.changes)
            bind(correlation_id=about.correlation_id, event_id=about.id, order_id=about.order_id, plugin=self.plugin)
            attempt = await attempting(due, subjects, handover, probe=run.lane.probe)
            run.attempts.append(attempt)
            self._attempts[attempt.status].inc()
            if attempt.status is _DONE:
                run.changes |= handover.changes
            if attempt.status is _PENDING:
                break
            if self._stopping and due is not run.lane.deliveries[-1]:
                return  # the rest is for whoever takes the lane next
        run.complete = True

    async def _attempt_in_span(
        self, due: DueDelivery, subjects: Subjects, handover: Handover, *, probe: bool
    ) -> Attempt:
        with self._span(due) as span:
            attempt = await self._attempt(due, subjects, handover, probe=probe)
            if attempt.status is not _DONE:
                span.fail(attempt.status.value)
            return attempt

    def _span(self, due: DueDelivery) -> AbstractContextManager[Span]:
        """The attempt as part of the trace in which the event happened, in whichever process that was."""
        about = due.event
        return self._database.tracing.span(
            f"deliver {about.type.value}",
            "consumer",
            parent=due.traceparent,
            packhouse_plugin=self.plugin,
            packhouse_event_id=about.id,
            packhouse_event_position=about.position,
            packhouse_order_id=about.order_id,
            packhouse_correlation=about.correlation_id,
            packhouse_attempt=due.failed.attempts + 1,
        )

    async def _attempt(self, due: DueDelivery, subjects: Subjects, handover: Handover, *, probe: bool) -> Attempt:
        started_at, started = now(), time.perf_counter()
        error: Exception | None = None
        try:
            order, customer = await subjects.of(due.event) if subjects else (None, None)
            await self._recipients.deliver(due.event, order, handover, customer)
        except Exception as raised:  # noqa: BLE001  (a plugin may fail in any way)
            error = raised
        finally:
            handover.is_over = True
        seconds = time.perf_counter() - started
        milliseconds = round(seconds * 1000)
        self._seconds.observe(seconds)
        answer = answer_of(error, handover.answer, self._database.hide) if error or handover.answer else ""
        if error is None:
            return Attempt(due.id, started_at, milliseconds, _DONE, answer=answer)
        at = now()
        again = next_attempt(error, due.failed, self._limits(), self._luck, at, probe=probe)
        failed = due.failed.with_one(cause_of(error), at) if again is None or again.counts else due.failed
        reason = describe(error, self._database.hide)
        self._tell(due.event, error, reason, failed.attempts, given_up=again is None)
        return Attempt(
            due.id,
            started_at,
            milliseconds,
            _DEAD if again is None else _PENDING,
            failed,
            reason,
            None if again is None else at + timedelta(seconds=again.seconds),
            blame_of(error),
            answer,
        )

    def _limits(self) -> Limits:
        settings = self._settings
        return Limits(
            settings.max_attempts, timedelta(days=settings.outage_days), self._recipients.retries(self.plugin)
        )

    def _tell(self, event: Event, error: Exception, reason: str, counted: int, *, given_up: bool) -> None:
        level = logging.DEBUG if isinstance(error, DatabaseLost) else logging.WARNING
        log.log(
            logging.ERROR if given_up else level,
            "Delivery of %s %s to plugin %s failed (attempt %s, %s): %s",
            event.type.value,
            event.id,
            self.plugin,
            counted,
            "given up" if given_up else "tried again later",
            reason,
            exc_info=error if given_up else None,
        )
