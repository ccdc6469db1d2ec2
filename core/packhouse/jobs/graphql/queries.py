"""Seeing what runs by the clock, and running it now."""

from datetime import datetime

import strawberry

from packhouse.jobs.models import JobRow
from packhouse.jobs.store import want_job
from packhouse.web.context import Info
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.type(description="Work that is done by the clock, once for all processes.")
class ScheduledJob:
    name: str = strawberry.field(description="What it does.")
    due_at: datetime = strawberry.field(description="When it runs next.")
    is_running: bool = strawberry.field(description="Whether a process is at it.")
    last_started_at: datetime | None = strawberry.field(description="When it ran last.")
    last_finished_at: datetime | None = strawberry.field(description="When that run ended.")
    failures: int = strawberry.field(description="How many runs in a row did not work.")
    last_error: str | None = strawberry.field(description="Why the last one did not work.")

    @classmethod
    def of(cls, row: JobRow) -> "ScheduledJob":
        """The job of a row."""
        return cls(
            name=row.name,
            due_at=row.due_at,
            is_running=row.owner is not None,
            last_started_at=row.last_started_at,
            last_finished_at=row.last_finished_at,
            failures=row.failures,
            last_error=row.last_error or None,
        )


@strawberry.type
class JobsQueries:
    @strawberry.field(description="Everything that runs by the clock, by name.")
    async def jobs(self) -> list[ScheduledJob]:
        return [ScheduledJob.of(row) for row in await JobRow.all().order_by("name")]


@strawberry.input(description="A job to run.")
class RunJobInput:
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="The job that will run.")
class ScheduledJobPayload:
    job: ScheduledJob | None = strawberry.field(description="The job; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of what runs by the clock.")
class JobsMutations:
    @strawberry.mutation(
        description="Run a job now, or once more after the run that is going on; a process begins within seconds."
    )
    async def run_job(self, info: Info, input: RunJobInput) -> ScheduledJobPayload:
        context = info.context
        name, errors = await attempt(context.write(lambda uow: want_job(uow, input.name)))
        row = None if name is None else await JobRow.get(name=name)
        return ScheduledJobPayload(job=None if row is None else ScheduledJob.of(row), user_errors=errors)
