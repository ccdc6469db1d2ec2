"""Plugins' jobs: done while their plugin is in use and has started, once for all processes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from tests.hooks.test_host import Choices

from packhouse.hooks import PluginHost
from packhouse.jobs.models import JobRow
from packhouse.plugins.own_jobs import PluginJobs
from packhouse.sdk import PluginContext, PluginJob, PluginManifest, hookimpl, now
from packhouse.storage import Database


class Pulling:
    """A plugin with a job; `may_start` lets its startup work."""

    def __init__(self, code: str = "pulling", *, may_start: bool = True) -> None:
        self.code = code
        self.may_start = may_start
        self.runs = 0

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest(self.code, "Pulling", "1.0")

    @hookimpl
    async def startup(self) -> None:
        if not self.may_start:
            raise ValueError("not yet")

    @hookimpl
    def register_jobs(self) -> Sequence[PluginJob]:
        return [PluginJob("pull", 3600, self.pull), PluginJob("break", 3600, self.break_down)]

    async def pull(self, context: PluginContext) -> None:
        assert context.code == self.code
        self.runs += 1

    async def break_down(self, _: PluginContext) -> None:
        raise SystemExit(1)


def load(*plugins: object) -> PluginHost:
    return PluginHost.load(Choices(), plugins, installed=())


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110  (the job knows of no test)
            await asyncio.sleep(0.001)


async def test_jobs_run_once_for_two_processes_and_an_exit_ends_nothing(database: Database) -> None:
    one, two = Pulling(), Pulling()
    hosts = [load(one), load(two)]
    processes = [PluginJobs(), PluginJobs()]
    for jobs, host in zip(processes, hosts, strict=True):
        await host.startup()
        await jobs.follow(database, host)
    await until(lambda: one.runs + two.runs == 1)
    async with asyncio.timeout(10):
        while await JobRow.filter(last_finished_at=None).exists():  # noqa: ASYNC110  (the row knows of no test)
            await asyncio.sleep(0.001)
    for jobs, host in zip(processes, hosts, strict=True):
        assert jobs.names == ["plugin pulling: pull", "plugin pulling: break"]
        await jobs.stop()
        await host.shutdown()
    assert one.runs + two.runs == 1
    rows = {row.name: (row.failures, row.last_error) for row in await JobRow.all()}
    assert rows == {
        "plugin pulling: pull": (0, ""),
        "plugin pulling: break": (1, "HookFailed: it called sys.exit, and a plugin cannot end the server"),
    }


async def test_those_of_a_plugin_that_goes_are_ended_and_the_others_run_on(database: Database) -> None:
    await JobRow.create(name="plugin gone: old", due_at=now() - timedelta(days=8))
    await JobRow.create(name="plugin elsewhere: new", due_at=now() - timedelta(days=6))
    await JobRow.create(name="pull orders", due_at=now() - timedelta(days=8))
    stays, goes = Pulling("stays"), Pulling("goes")
    host = load(stays, goes)
    await host.startup()
    jobs = PluginJobs()
    await jobs.follow(database, host)
    await until(lambda: stays.runs == goes.runs == 1)
    await jobs.follow(database, load(stays))
    after = jobs.names
    await jobs.stop()
    await host.shutdown()
    # `stays` was loaded anew by the second host, and its row is not due for an hour
    assert after == ["plugin stays: pull", "plugin stays: break"]
    assert stays.runs == 1
    assert {row.name for row in await JobRow.all() if "stays" not in row.name and "goes" not in row.name} == {
        "plugin elsewhere: new",
        "pull orders",
    }


async def test_a_plugin_that_has_not_started_leaves_its_jobs_to_others(database: Database) -> None:
    waiting, running = Pulling(may_start=False), Pulling()
    hosts = [load(waiting), load(running)]
    processes = [PluginJobs(), PluginJobs()]
    for jobs, host in zip(processes, hosts, strict=True):
        await host.startup()
        await jobs.follow(database, host)
    await until(lambda: running.runs == 1)
    for jobs, host in zip(processes, hosts, strict=True):
        await jobs.stop()
        await host.shutdown()
    assert waiting.runs == 0
