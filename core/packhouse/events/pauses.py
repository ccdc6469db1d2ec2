"""Pauses of a plugin's deliveries: rows, so that all processes keep them. What is due meanwhile waits and is not lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from packhouse.events.breaker import pause_seconds
from packhouse.events.models import PluginPause
from packhouse.events.states import PauseKind
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, Reader, UnitOfWork
from packhouse.storage.dialect import read_time

_BY = Initiator("system", "lanes")
_REASON_LENGTH = 500
DUE = "(SELECT id FROM lane WHERE plugin = {plugin} AND due_at <= {at} ORDER BY due_at LIMIT 1)"
"""One due lane of a plugin. Ordered, so that PostgreSQL takes the index: it would look through the lanes of all others for any one."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker may do now: nothing, everything, or one lane as a `probe` of a plugin that was paused for failing."""

    is_due: bool
    probe: bool = False


async def turn_of(reader: Reader, plugin: str) -> Turn:
    """Whether anything of a plugin is due and may be delivered; one statement."""
    at = now()
    (row,) = await reader.fetch(
        f"""
        SELECT {DUE.format(plugin="$1", at="$2")} AS lane, pause.kind, pause.until
        FROM (SELECT 1) AS one LEFT JOIN plugin_pause AS pause ON pause.plugin = $1
        """,
        plugin,
        at,
    )
    if row["lane"] is None:
        return Turn(is_due=False)
    if row["kind"] is None:
        return Turn(is_due=True)
    over = row["until"] is not None and read_time(row["until"]) <= at
    return Turn(is_due=over, probe=over)


async def pause_for_good(database: Database, plugin: str, reason: str) -> None:
    """Pause a plugin whose receiver wants nothing more, until somebody resumes it."""
    await database.write(
        _BY, lambda uow: put_pause(uow, plugin, PauseKind.BREAKER, reason, at=now(), until=None, openings=1)
    )


async def open_breaker(database: Database, plugin: str, reason: str, *, probed: bool = False) -> datetime | None:
    """Pause a plugin that keeps failing; returns until when, None where it is paused already.

    `probed`: a probe found out, which holds the pause itself; then it is longer than the one before.
    """

    async def pause(uow: UnitOfWork) -> datetime | None:
        at = now()
        row = await PluginPause.filter(plugin=plugin).select_for_update().first()
        if row is not None and (row.until is None or (row.until > at and not probed)):
            return None
        openings = 1 if row is None else row.openings + 1
        until = at + timedelta(seconds=pause_seconds(openings))
        await put_pause(uow, plugin, PauseKind.BREAKER, reason, at=at, until=until, openings=openings)
        return until

    return await database.write(_BY, pause)


async def take_probe(uow: UnitOfWork, plugin: str, *, seconds: float) -> bool:
    """Let the caller alone find out whether a plugin works again, for so many seconds; False where another one does already."""
    at = now()
    rows = await uow.fetch(
        "UPDATE plugin_pause SET until = $2 WHERE plugin = $1 AND kind = $3 AND until <= $4 RETURNING plugin",
        plugin,
        at + timedelta(seconds=seconds),
        PauseKind.BREAKER.value,
        at,
    )
    return bool(rows)


async def hold_pause(database: Database, plugin: str, until: datetime) -> None:
    """Let a pause last until a time, no longer each time: for a probe that is still at it, or that found out nothing."""
    await database.write(_BY, lambda uow: put_until(uow, plugin, until))


async def put_until(uow: UnitOfWork, plugin: str, until: datetime) -> None:
    """The same in a transaction; a pause made by hand, or for good, stays."""
    await uow.execute(
        "UPDATE plugin_pause SET until = $2 WHERE plugin = $1 AND kind = $3 AND until IS NOT NULL",
        plugin,
        until,
        PauseKind.BREAKER.value,
    )


async def close_breaker(database: Database, plugin: str) -> None:
    """Go on with a plugin whose probe worked; a pause made by hand stays."""

    async def resume(uow: UnitOfWork) -> None:
        await uow.execute("DELETE FROM plugin_pause WHERE plugin = $1 AND kind = $2", plugin, PauseKind.BREAKER.value)

    await database.write(_BY, resume)


async def put_pause(
    uow: UnitOfWork,
    plugin: str,
    kind: PauseKind,
    reason: str,
    *,
    at: datetime,
    until: datetime | None,
    openings: int = 0,
) -> None:
    """Write a pause down; a newer one takes the place of an older."""
    await uow.execute(
        "INSERT INTO plugin_pause (plugin, kind, reason, since, until, openings) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (plugin) DO UPDATE SET kind = $2, reason = $3, since = $4, until = $5, openings = $6",
        plugin,
        kind.value,
        reason[:_REASON_LENGTH],
        at,
        until,
        openings,
    )
