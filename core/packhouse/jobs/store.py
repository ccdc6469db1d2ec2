"""The jobs' rows: taking one under a lease, keeping it, and writing down how it went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from packhouse.sdk.errors import Refused
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork

_BY = Initiator("system", "jobs")
_ERROR_LENGTH = 500


async def add_jobs(database: Database, names: Sequence[str]) -> None:
    """Make sure that jobs have rows; new ones are due at once."""
    if not names:
        return

    async def add(uow: UnitOfWork) -> None:
        for name in sorted(names):
            await uow.execute(
                "INSERT INTO job (name, due_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, now()
            )

    await database.write(_BY, add)


async def forget_jobs(database: Database, prefix: str, due_before: datetime) -> None:
    """Forget jobs whose names begin so, that were due long ago and that nobody is at."""

    async def forget(uow: UnitOfWork) -> None:
        await uow.execute(
            "DELETE FROM job WHERE name LIKE $1 AND due_at < $2 AND owner IS NULL", f"{prefix}%", due_before
        )

    await database.write(_BY, forget)


async def is_due(database: Database, name: str) -> bool:
    """Whether a job may be taken: asked before taking it, because a read is cheaper."""
    at = now()
    rows = await database.fetch(
        "SELECT 1 AS due FROM job WHERE name = $1 AND due_at <= $2 AND (leased_until IS NULL OR leased_until < $2)",
        name,
        at,
    )
    return bool(rows)


async def take_job(database: Database, name: str, owner: UUID, *, seconds: float) -> bool:
    """Take a job that is due for `seconds`; False where it is not due, or another process is at it."""

    async def take(uow: UnitOfWork) -> bool:
        at = now()
        rows = await uow.fetch(
            "UPDATE job SET owner = $3, leased_until = $4, last_started_at = $2, wanted = $5 "
            "WHERE name = $1 AND due_at <= $2 AND (leased_until IS NULL OR leased_until < $2) RETURNING name",
            name,
            at,
            owner,
            at + timedelta(seconds=seconds),
            False,
        )
        return bool(rows)

    return await database.write(_BY, take)


async def keep_job(database: Database, name: str, owner: UUID, *, seconds: float) -> bool:
    """Hold a job for another `seconds`; False where another process has taken it over."""

    async def keep(uow: UnitOfWork) -> bool:
        rows = await uow.fetch(
            "UPDATE job SET leased_until = $3 WHERE name = $1 AND owner = $2 RETURNING name",
            name,
            owner,
            now() + timedelta(seconds=seconds),
        )
        return bool(rows)

    return await database.write(_BY, keep)


async def finish_job(
    database: Database, name: str, owner: UUID, *, every_seconds: float, error: str | None
) -> datetime | None:
    """Give a job back; returns when it is due again, None where another process has taken it over.

    `error` is why the run did not work, None where it did. A run that somebody wanted meanwhile is due at once.
    """

    async def finish(uow: UnitOfWork) -> datetime | None:
        at = now()
        rows = await uow.fetch(
            "SELECT wanted, failures FROM job WHERE name = $1 AND owner = $2 " + uow.for_update(), name, owner
        )
        if not rows:
            return None
        due_at = at if rows[0]["wanted"] else at + timedelta(seconds=every_seconds)
        await uow.execute(
            "UPDATE job SET owner = NULL, leased_until = NULL, last_finished_at = $2, due_at = $3, last_error = $4, "
            "failures = $5 WHERE name = $1",
            name,
            at,
            due_at,
            (error or "")[:_ERROR_LENGTH],
            0 if error is None else rows[0]["failures"] + 1,
        )
        return due_at

    return await database.write(_BY, finish)


async def give_back(database: Database, name: str, owner: UUID) -> None:
    """Give back a job whose run was interrupted: it is due at once, for whoever comes next."""

    async def back(uow: UnitOfWork) -> None:
        await uow.execute(
            "UPDATE job SET owner = NULL, leased_until = NULL, due_at = $3 WHERE name = $1 AND owner = $2",
            name,
            owner,
            now(),
        )

    await database.write(_BY, back)


async def want_job(uow: UnitOfWork, name: str) -> str:
    """Let a job run now, or once more after the run that is going on, in whichever process.

    Raises:
        Refused: NOT_FOUND.
    """
    rows = await uow.fetch("UPDATE job SET due_at = $2, wanted = $3 WHERE name = $1 RETURNING name", name, now(), True)
    if not rows:
        raise Refused("NOT_FOUND", f"there is no job {name}", "name")
    return name
