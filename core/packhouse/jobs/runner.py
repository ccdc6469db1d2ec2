"""Periodic work: each job in a task of its own, so that a broken or slow one stops nobody.

A job is taken under a lease, so that it runs once at a time and once a period, however many processes there are; one whose
process died is taken over when its lease has ended.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from packhouse.jobs.store import add_jobs, finish_job, give_back, is_due, keep_job, take_job
from packhouse.sdk.values import new_id, now
from packhouse.storage import Database, DatabaseLost
from packhouse.telemetry.bound import bound
from packhouse.telemetry.metrics import Stopwatch
from packhouse.telemetry.tracing import Span

_JITTER = 0.1
_LEASE_SECONDS = 60.0
# How often a process looks whether a job with a long period is due: another one may have died, or somebody wants it now.
_LONGEST_LOOK = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done every so many seconds, counted from the end of the last run; a new one is done at once.

    `everywhere`: every process does it by itself, because what it works on is claimed piece by piece. While `is_ready` says no, this
    process leaves it to others.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]
    everywhere: bool = False
    is_ready: Callable[[], bool] = lambda: True


class JobRunner:
    """Runs jobs from `start` to `stop`. A failure is logged once for each kind in a row, and the job goes on."""

    def __init__(self, jobs: Sequence[Job], *, lease_seconds: float = _LEASE_SECONDS) -> None:
        self.jobs = jobs
        self.owner = new_id()
        self._lease_seconds = lease_seconds
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes = {job.name: asyncio.Event() for job in jobs}
        self._last_failures: dict[str, str] = {}
        self._stopping = False

    async def start(self, database: Database) -> None:
        """Start every job in the running loop."""
        self._stopping = False
        await add_jobs(database, [job.name for job in self.jobs if not job.everywhere])
        self._tasks = [asyncio.create_task(self._repeat(database, job), name=f"job {job.name}") for job in self.jobs]

    def wake(self, name: str) -> None:
        """Let a job that runs everywhere run now, and others look whether they are due."""
        self._wakes[name].set()

    def wake_all(self) -> None:
        """Let every job look for work: another process says that there is some."""
        for wake in self._wakes.values():
            wake.set()

    def take_no_more(self) -> None:
        """Begin no more runs; those that are going on go on."""
        self._stopping = True
        self.wake_all()

    async def stop(self, grace_seconds: float = 0.0) -> None:
        """Stop: runs get `grace_seconds` to end, then are cancelled, and due at once for whoever starts next."""
        self.take_no_more()
        tasks, self._tasks = self._tasks, []
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _repeat(self, database: Database, job: Job) -> None:
        wake = self._wakes[job.name]
        pause = job.every_seconds if job.everywhere else min(job.every_seconds, _LONGEST_LOOK)
        while not self._stopping:
            wake.clear()
            again = False
            try:
                again = await (self._run_here(database, job) if job.everywhere else self._run_leased(database, job))
            except DatabaseLost:
                # it was not taken, or its lease will end by itself
                again = False
            except Exception:
                log.exception("Job %s could not be looked after", job.name)
            if again:
                continue
            with suppress(TimeoutError):
                # so that jobs and processes that started together do not stay together
                async with asyncio.timeout(pause * random.uniform(1 - _JITTER, 1 + _JITTER)):  # noqa: S311  (no secret)
                    await wake.wait()

    async def _run_here(self, database: Database, job: Job) -> bool:
        await self._run(database, job)
        return False

    async def _run_leased(self, database: Database, job: Job) -> bool:
        """Run a job if it is due and nobody is at it; returns whether somebody wants it once more."""
        if not job.is_ready() or not await is_due(database, job.name):
            return False
        if not await take_job(database, job.name, self.owner, seconds=self._lease_seconds):
            return False
        run = asyncio.create_task(self._run(database, job), name=f"run {job.name}")
        keeping = asyncio.create_task(self._keep(database, job, run), name=f"lease {job.name}")
        try:
            await asyncio.wait([run])
        except asyncio.CancelledError:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            await give_back(database, job.name, self.owner)
            raise
        finally:
            keeping.cancel()
        if run.cancelled():
            return False
        due_at = await finish_job(
            database, job.name, self.owner, every_seconds=job.every_seconds, error=_hidden(database, run.result())
        )
        return due_at is not None and due_at <= now()

    async def _run(self, database: Database, job: Job) -> str | None:
        """Run a job, as a trace of its own; returns why it failed."""
        watch, outcome = Stopwatch(), "interrupted"
        with bound(job=job.name), database.tracing.span(f"job {job.name}", parent=None, packhouse_job=job.name) as span:
            try:
                failure = await self._tried(job, span)
                outcome = "done" if failure is None else "failed"
            finally:
                span.say(packhouse_outcome=outcome)
                database.metrics.job_runs[job.name, outcome].inc()
                database.metrics.job_seconds[job.name,].observe(watch.seconds)
        return failure

    async def _tried(self, job: Job, span: Span) -> str | None:
        try:
            await job.run()
        except (Exception, SystemExit) as error:  # what it asks of plugins must not end the server
            failure = type(error).__name__
            span.fail(failure)
            if not isinstance(error, DatabaseLost):
                if failure != self._last_failures.get(job.name):
                    log.exception("Job %s failed and will be tried again", job.name)
                self._last_failures[job.name] = failure
            return f"{failure}: {error}"
        if self._last_failures.pop(job.name, ""):
            log.info("Job %s works again", job.name)
        return None

    async def _keep(self, database: Database, job: Job, run: asyncio.Task[str | None]) -> None:
        """Renew a job's lease while it runs; interrupt the run when another process has taken it over."""
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                kept = await keep_job(database, job.name, self.owner, seconds=self._lease_seconds)
            except DatabaseLost:
                continue
            except Exception:
                log.exception("The lease of job %s could not be renewed", job.name)
                continue
            if not kept:
                log.warning("Job %s was taken over by another process", job.name)
                run.cancel()
                return


def _hidden(database: Database, error: str | None) -> str | None:
    return None if error is None else database.hide(error)
