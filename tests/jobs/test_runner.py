import asyncio
import logging

import pytest
from tests.jobs.conftest import Processes

from packhouse.jobs.models import JobRow
from packhouse.jobs.runner import Job
from packhouse.jobs.store import finish_job, give_back, keep_job, take_job, want_job
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import Database, Initiator


class Work:
    """Counts its runs; fails in those that have a failure."""

    def __init__(self, *failures: BaseException | None) -> None:
        self.failures = list(failures)
        self.runs = 0
        self.cancelled = False

    async def __call__(self) -> None:
        self.runs += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure


async def until(work: Work, runs: int) -> None:
    async with asyncio.timeout(10):
        while work.runs < runs:  # noqa: ASYNC110  (the job knows of no test)
            await asyncio.sleep(0.001)


async def until_taken(name: str) -> None:
    async with asyncio.timeout(10):
        while not (await JobRow.get(name=name)).owner:  # noqa: ASYNC110  (the row knows of no test)
            await asyncio.sleep(0.001)


async def test_a_job_runs_at_once_and_again(processes: Processes) -> None:
    work = Work()
    runner = await processes.start(Job("work", 0.001, work))
    await until(work, 3)
    await runner.stop()
    runs = work.runs
    await asyncio.sleep(0.02)
    assert work.runs == runs


async def test_a_broken_one_stops_nobody_and_is_logged_once_for_each_kind(
    processes: Processes, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Work(ValueError("a"), ValueError("b"), SystemExit(1), None, ValueError("d"))
    fine = Work()
    with caplog.at_level(logging.INFO, "packhouse.jobs.runner"):
        runner = await processes.start(Job("broken", 0.001, broken), Job("fine", 0.001, fine))
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


async def test_a_wake_does_not_wait_for_the_clock(processes: Processes) -> None:
    work = Work()
    runner = await processes.start(Job("work", 3600, work))
    await until(work, 1)
    await processes.want("work")
    await until(work, 2)
    await runner.stop()


async def test_a_wake_during_a_run_means_once_more(processes: Processes) -> None:
    runs = 0
    go = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        await go.wait()

    runner = await processes.start(Job("work", 3600, work))
    while not runs:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await processes.want("work")
    go.set()
    async with asyncio.timeout(10):
        while runs < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await runner.stop()


async def test_a_slow_one_is_cancelled_at_the_end(processes: Processes) -> None:
    cancelled = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    runner = await processes.start(Job("slow", 1, slow))
    await until_taken("slow")
    await asyncio.sleep(0.01)
    await runner.stop()
    assert cancelled.is_set()
    row = await JobRow.get(name="slow")
    assert (row.owner, row.due_at <= now()) == (None, True), "it is due for whoever starts next"


async def test_a_run_is_given_time_to_end(processes: Processes) -> None:
    go, work = asyncio.Event(), Work()

    async def slow() -> None:
        await go.wait()
        await work()

    runner = await processes.start(Job("slow", 3600, slow))
    await until_taken("slow")
    runner.take_no_more()
    stopping = asyncio.create_task(runner.stop(grace_seconds=5))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    go.set()
    await stopping
    row = await JobRow.get(name="slow")
    assert (work.runs, row.owner, row.failures, row.due_at > now()) == (1, None, 0, True), (
        "it was finished, not given back"
    )


async def test_several_processes_do_it_once_a_period(processes: Processes) -> None:
    running = most = total = 0

    async def work() -> None:
        nonlocal running, most, total
        running, total = running + 1, total + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    runners = [await processes.start(Job("work", 0.2, work)) for _ in range(4)]
    await asyncio.sleep(1.2)
    for runner in runners:
        await runner.stop()
    assert most == 1
    assert 2 <= total <= 6


async def test_what_runs_everywhere_is_done_by_each(processes: Processes) -> None:
    for work in (Work(), Work()):
        runner = await processes.start(Job("work", 3600, work, everywhere=True))
        await until(work, 1)
        runner.wake("work")
        await until(work, 2)
        await runner.stop()
    assert await JobRow.all().count() == 0


async def test_the_job_of_a_process_that_died_is_taken_over(processes: Processes, database: Database) -> None:
    dead, work = new_id(), Work()
    await JobRow.create(name="work", due_at=now())
    assert await take_job(database, "work", dead, seconds=60)
    runner = await processes.start(Job("work", 0.05, work))
    await asyncio.sleep(0.1)
    assert work.runs == 0, "its lease goes on"
    await JobRow.filter(name="work").update(leased_until=now())
    await until(work, 1)
    await runner.stop()
    assert not await keep_job(database, "work", dead, seconds=60)
    assert await finish_job(database, "work", dead, every_seconds=3600, error=None) is None
    before = await JobRow.get(name="work")
    await give_back(database, "work", dead)
    assert (await JobRow.get(name="work")).due_at == before.due_at


async def test_a_lease_is_renewed_while_the_job_runs(processes: Processes) -> None:
    work, go = Work(), asyncio.Event()

    async def slow() -> None:
        await go.wait()

    slow_one = await processes.start(Job("work", 1, slow), lease_seconds=0.3)
    await until_taken("work")
    other = await processes.start(Job("work", 0.01, work))
    await asyncio.sleep(0.8)
    assert work.runs == 0
    go.set()
    await slow_one.stop()
    await other.stop()


async def test_a_run_that_lost_its_lease_is_interrupted(
    processes: Processes, database: Database, by: Initiator
) -> None:
    cancelled = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    runner = await processes.start(Job("work", 3600, slow), lease_seconds=0.15)
    await until_taken("work")
    thief = new_id()
    await database.write(by, lambda uow: uow.execute("UPDATE job SET owner = $1", thief))
    async with asyncio.timeout(10):
        await cancelled.wait()
    await runner.stop()
    assert (await JobRow.get(name="work")).owner == thief


async def test_how_a_run_went_is_written_down(processes: Processes) -> None:
    work = Work(ValueError("no"), ValueError("no"))
    runner = await processes.start(Job("work", 0.05, work))
    seen = []
    async with asyncio.timeout(10):
        while work.runs < 3 or (await JobRow.get(name="work")).failures:
            row = await JobRow.get(name="work")
            seen.append((row.failures, row.last_error))
            await asyncio.sleep(0.005)
    await runner.stop()
    assert {(1, "ValueError: no"), (2, "ValueError: no")} <= set(seen)
    assert (await JobRow.get(name="work")).last_error == ""


async def test_wanting_what_is_not_there_changes_nothing(database: Database, by: Initiator) -> None:
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: want_job(uow, "nothing"))
    assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "name")
    assert await JobRow.all().count() == 0
