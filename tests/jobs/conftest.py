"""Processes that do jobs, on either set-up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from packhouse.jobs.runner import Job, JobRunner
from packhouse.jobs.store import want_job
from packhouse.storage import Database, Initiator
from packhouse.storage.dialect import Dialect
from packhouse.testing.hints import Hints


@dataclass
class Processes:
    """Each with a runner; on PostgreSQL they hear each other over NATS."""

    database: Database
    by: Initiator
    runners: list[tuple[JobRunner, Hints]] = field(default_factory=list)

    async def start(self, *jobs: Job, lease_seconds: float = 60.0) -> JobRunner:
        """Another process that does these jobs."""
        runner, hints = JobRunner(jobs, lease_seconds=lease_seconds), Hints(self.database)
        self.runners.append((runner, hints))
        await runner.start(self.database)
        await hints.start({"jobs": runner.wake_all})
        return runner

    async def want(self, name: str) -> None:
        """Somebody wants a job now: in a process that answers only, or in the one that there is beside SQLite."""
        await self.database.write(self.by, lambda uow: want_job(uow, name))
        if self.database.dialect is Dialect.SQLITE:
            ((runner, _),) = self.runners
            runner.wake(name)
            return
        answering = Hints(self.database)
        await answering.start({})
        answering.announce("jobs")
        await answering.stop()

    async def end(self) -> None:
        """End those that still run."""
        for runner, hints in self.runners:
            await hints.stop()
            await runner.stop()


@pytest.fixture
async def processes(database: Database, by: Initiator) -> AsyncIterator[Processes]:
    started = Processes(database, by)
    yield started
    await started.end()
