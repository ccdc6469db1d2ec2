"""Periodic work: each job in a task of its own, so that a broken or slow one stops nobody."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

_JITTER = 0.1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done every so many seconds, counted from the end of the last run; the first one comes at once."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]


class JobRunner:
    """Runs jobs from `start` to `stop`. A failure is logged once for each kind in a row, and the job goes on."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []
        self._wakes = {job.name: asyncio.Event() for job in jobs}

    def start(self) -> None:
        """Start every job in the running loop."""
        self._tasks = [
            asyncio.create_task(_repeat(job, self._wakes[job.name]), name=f"job {job.name}") for job in self._jobs
        ]

    def wake(self, name: str) -> None:
        """Let a job run now, or once more after the run that goes on."""
        self._wakes[name].set()

    async def stop(self) -> None:
        """Cancel what runs and wait until it has ended."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(job: Job, wake: asyncio.Event) -> None:
    last_failure = ""
    while True:
        wake.clear()
        try:
            await job.run()
        except Exception as error:
            failure = type(error).__name__
            if failure != last_failure:
                log.exception("Job %s failed and will be tried again", job.name)
            last_failure = failure
        else:
            if last_failure:
                log.info("Job %s works again", job.name)
            last_failure = ""
        # so that jobs and processes that started together do not stay together
        pause = job.every_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  (no secret)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await wake.wait()
