"""Runs of jobs as traces."""

import asyncio

import pytest
from opentelemetry.trace import StatusCode
from tests.telemetry.traced import Traced, said

from packhouse.events.outbox import Outbox
from packhouse.jobs.runner import Job, JobRunner
from packhouse.storage import Database, Initiator, UnitOfWork, open_database


async def run_once(database_url: str, process: Traced, work: "Work", *, everywhere: bool) -> None:
    database = await open_database(database_url, before_commit=Outbox().flush, tracing=process.tracing)
    work.database = database
    runner = JobRunner([Job("count", 3600, work, everywhere=everywhere)])
    with process.tracing.span("who starts it"):
        await runner.start(database)
    async with asyncio.timeout(10):
        await work.done.wait()
    await runner.stop(10)
    await database.close()


class Work:
    """A job that writes, and may fail then."""

    database: Database

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        async def write(uow: UnitOfWork) -> None:
            await uow.fetch("SELECT 1 AS one")

        await self.database.write(Initiator("system", "job"), write)
        self.done.set()
        if self.failure is not None:
            raise self.failure


@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "leased"])
async def test_a_run_is_a_trace_of_its_own_with_what_it_wrote(database_url: str, *, everywhere: bool) -> None:
    process = Traced()
    await run_once(database_url, process, Work(), everywhere=everywhere)
    run = process.named("job count")
    assert run.parent is None
    assert (said(run, "packhouse.job"), said(run, "packhouse.outcome")) == ("count", "done")
    (transaction,) = process.inside(run)
    assert [span.name for span in process.inside(transaction)] == ["SELECT"]
    # the lease is in no trace
    traced = [span for span in process.spans if span.context.trace_id == run.context.trace_id]
    assert len(traced) == 3


async def test_a_failed_run_says_what_kind_of_failure(database_url: str) -> None:
    process = Traced()
    await run_once(database_url, process, Work(ValueError("planted-secret")), everywhere=False)
    run = process.named("job count")
    assert (run.status.status_code, run.status.description) == (StatusCode.ERROR, "ValueError")
    assert (said(run, "packhouse.outcome"), said(run, "error.type")) == ("failed", "ValueError")
    assert "planted" not in "".join(span.to_json() for span in process.spans)
