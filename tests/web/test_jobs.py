import asyncio
import logging

import pytest

from packhouse.web.jobs import Job, JobRunner


class Work:
    """Counts its runs; fails in those that have a failure."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.runs = 0
        self.cancelled = False

    async def __call__(self) -> None:
        self.runs += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure


async def until(work: Work, runs: int) -> None:
    async with asyncio.timeout(2):
        while work.runs < runs:  # noqa: ASYNC110  (the job knows of no test)
            await asyncio.sleep(0.001)


async def test_a_job_runs_at_once_and_again() -> None:
    work = Work()
    runner = JobRunner([Job("work", 0.001, work)])
    runner.start()
    await until(work, 3)
    await runner.stop()
    runs = work.runs
    await asyncio.sleep(0.02)
    assert work.runs == runs


async def test_a_broken_one_stops_nobody_and_is_logged_once_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    broken = Work(ValueError("a"), ValueError("b"), KeyError("c"), None, ValueError("d"))
    fine = Work()
    runner = JobRunner([Job("broken", 0.001, broken), Job("fine", 0.001, fine)])
    with caplog.at_level(logging.INFO, "packhouse.web.jobs"):
        runner.start()
        await until(broken, 6)
        await until(fine, 2)
        await runner.stop()
    assert [(record.levelname, record.getMessage().split(" failed")[0]) for record in caplog.records] == [
        ("ERROR", "Job broken"),
        ("ERROR", "Job broken"),
        ("INFO", "Job broken works again"),
        ("ERROR", "Job broken"),
        ("INFO", "Job broken works again"),
    ]


async def test_a_wake_does_not_wait_for_the_clock() -> None:
    work = Work()
    runner = JobRunner([Job("work", 3600, work)])
    runner.start()
    await until(work, 1)
    runner.wake("work")
    await until(work, 2)
    await runner.stop()


async def test_a_wake_during_a_run_means_once_more() -> None:
    runs = 0
    go = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        await go.wait()

    runner = JobRunner([Job("work", 3600, work)])
    runner.start()
    await asyncio.sleep(0)
    runner.wake("work")
    go.set()
    async with asyncio.timeout(2):
        while runs < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await runner.stop()


async def test_a_slow_one_is_cancelled_at_the_end() -> None:
    cancelled = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    runner = JobRunner([Job("slow", 1, slow)])
    runner.start()
    await asyncio.sleep(0)
    await runner.stop()
    assert cancelled.is_set()
