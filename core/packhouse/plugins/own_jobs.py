"""The work that plugins do by the clock: run while they are in use, each job under a lease of its own like the house's."""

import asyncio
from datetime import timedelta
from functools import partial

from packhouse.hooks import PluginHost
from packhouse.hooks.implementations import Implementation
from packhouse.hooks.in_time import finish_in_time
from packhouse.hooks.life import Stage
from packhouse.hooks.loading import Candidate
from packhouse.jobs.runner import Job, JobRunner
from packhouse.jobs.store import forget_jobs
from packhouse.sdk.contributions import PluginJob
from packhouse.sdk.values import now
from packhouse.storage import Database

PREFIX = "plugin "
# A job that nobody has done for so long belongs to a plugin that is gone.
_FORGOTTEN_AFTER = timedelta(days=7)
# How long a run may go on when its plugin goes.
_GRACE_SECONDS = 5.0


class PluginJobs:
    """The jobs of the plugins that are in use in this process."""

    def __init__(self) -> None:
        self._runners: dict[int, tuple[Candidate, JobRunner]] = {}
        self._following = asyncio.Lock()

    @property
    def names(self) -> list[str]:
        """What they are called among all jobs: `plugin <code>: <name>`."""
        return [job.name for _, runner in self._runners.values() for job in runner.jobs]

    async def follow(self, database: Database, host: PluginHost) -> None:
        """Do the jobs of a host's plugins from now on; those of plugins that it does not have are ended, the others run on."""
        async with self._following:
            await self._follow(database, host)

    async def _follow(self, database: Database, host: PluginHost) -> None:
        wanted = {id(each): each for each in host.candidates.values() if each.jobs}
        for key in self._runners.keys() - wanted.keys():
            _, runner = self._runners.pop(key)
            await runner.stop(_GRACE_SECONDS)
        await forget_jobs(database, PREFIX, now() - _FORGOTTEN_AFTER)
        for key, candidate in wanted.items():
            if key not in self._runners:
                runner = JobRunner([_job(candidate, job) for job in candidate.jobs])
                self._runners[key] = candidate, runner
                await runner.start(database)

    def wake_all(self) -> None:
        """Let every job look for work."""
        for _, runner in self._runners.values():
            runner.wake_all()

    def take_no_more(self) -> None:
        """Begin no more runs."""
        for _, runner in self._runners.values():
            runner.take_no_more()

    async def stop(self, grace_seconds: float = 0.0) -> None:
        """Stop all of them side by side; runs get `grace_seconds` to end."""
        runners, self._runners = self._runners, {}
        await asyncio.gather(*(runner.stop(grace_seconds) for _, runner in runners.values()))


def _job(candidate: Candidate, job: PluginJob) -> Job:
    return Job(
        f"{PREFIX}{candidate.code}: {job.name}",
        job.every_seconds,
        partial(_run, candidate, job),
        is_ready=lambda: candidate.life.stage is Stage.RUNNING,
    )


async def _run(candidate: Candidate, job: PluginJob) -> None:
    """Run a job once.

    Raises:
        TimeoutError: it took longer than it may.
        whatever the job raises.
    """
    work = Implementation(candidate.code, job.run, ("context",)).call({"context": candidate.context})
    await finish_in_time(work, job.timeout_seconds, f"{candidate.code} {job.name}")
