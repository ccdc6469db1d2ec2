"""Opening the database that a server or a command works on, or saying what is missing."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from packhouse.events.outbox import Outbox
from packhouse.settings import Settings
from packhouse.storage import Database, DatabaseLost, TimeLimits, open_database
from packhouse.storage.migrate import pending_migrations
from packhouse.telemetry.metrics import Metrics
from packhouse.telemetry.tracing import Tracing

_LOOK_AGAIN_SECONDS = 0.5


class DatabaseNotReady(Exception):
    """The database cannot be used: it is not there, or lacks migrations. The message says what to do."""


async def open_ready(
    settings: Settings,
    outbox: Outbox,
    *,
    serves: bool = False,
    metrics: Metrics | None = None,
    tracing: Tracing | None = None,
) -> Database:
    """The open database, with all migrations applied; `metrics` and `tracing` tell what is done with it.

    `serves`: it is a server's, who waits for a PostgreSQL that is away (`database.start_wait_seconds`) and does nothing in it that takes
    longer than `database.statement_timeout_seconds`.

    Raises:
        DatabaseNotReady: it cannot be reached, or lacks migrations.
    """
    if await asyncio.to_thread(_is_missing, settings.database.url):
        # opening it would make an empty one
        shown = settings.database.shown_url
        raise DatabaseNotReady(f"there is no database {shown}: run packhouse init, or packhouse db migrate")
    try:
        database = await _open(settings, outbox, metrics, tracing, serves=serves)
        try:
            missing = await _asked(database, settings.database.start_wait_seconds if serves else 0.0)
        except BaseException:
            await database.close()
            raise
    except Exception as error:
        raise cannot_open(settings, error) from error
    if missing:
        await database.close()
        raise DatabaseNotReady(
            f"the database {settings.database.shown_url} lacks {len(missing)} of its migrations: "
            "run packhouse init for a new one, packhouse db migrate after an update"
        )
    return database


def _is_missing(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    return scheme == "sqlite" and not Path(rest.partition("?")[0]).is_file()


async def _open(
    settings: Settings, outbox: Outbox, metrics: Metrics | None, tracing: Tracing | None, *, serves: bool
) -> Database:
    chosen = settings.database
    limits = TimeLimits(connect=chosen.connect_timeout_seconds, network=chosen.network_timeout_seconds)
    if serves:
        limits = replace(
            limits, statement=chosen.statement_timeout_seconds, idle=chosen.idle_in_transaction_timeout_seconds
        )
    return await open_database(
        chosen.url,
        before_commit=outbox.flush,
        pool_min=chosen.pool_min,
        pool_max=chosen.pool_max,
        limits=limits,
        metrics=metrics,
        tracing=tracing,
    )


async def _asked(database: Database, wait_seconds: float) -> list[str]:
    """The migrations that it lacks, once it answers; what is wrong with an address or a password is not waited for."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            return await pending_migrations(database)
        except DatabaseLost:
            if time.monotonic() >= until:
                raise
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def cannot_open(settings: Settings, error: Exception) -> DatabaseNotReady:
    """The refusal for a database that cannot be reached; drivers' messages may hold its password and are not told."""
    return DatabaseNotReady(
        f"the database {settings.database.shown_url} cannot be opened ({type(error).__name__}): "
        "check database.url, and whether the server runs"
    )
