"""Opening the database that a server or a command works on, or saying what is missing."""

import asyncio
from pathlib import Path

from packhouse.events.outbox import Outbox
from packhouse.settings import Settings
from packhouse.storage import Database, open_database
from packhouse.storage.migrate import pending_migrations
from packhouse.telemetry.metrics import Metrics
from packhouse.telemetry.tracing import Tracing


class DatabaseNotReady(Exception):
    """The database cannot be used: it is not there, or lacks migrations. The message says what to do."""


async def open_ready(
    settings: Settings, outbox: Outbox, *, metrics: Metrics | None = None, tracing: Tracing | None = None
) -> Database:
    """The open database, with all migrations applied; `metrics` and `tracing` tell what is done with it.

    Raises:
        DatabaseNotReady: it cannot be reached, or lacks migrations.
    """
    database = await _open(settings, outbox, metrics, tracing)
    missing = await pending_migrations(database)
    if missing:
        await database.close()
        raise DatabaseNotReady(
            f"the database {settings.database.shown_url} lacks {len(missing)} of its migrations: "
            "run packhouse init for a new one, packhouse db migrate after an update"
        )
    return database


async def _open(settings: Settings, outbox: Outbox, metrics: Metrics | None, tracing: Tracing | None) -> Database:
    chosen = settings.database
    scheme, _, rest = chosen.url.partition("://")
    # opening it would make an empty one
    if scheme == "sqlite" and not await asyncio.to_thread(Path(rest.partition("?")[0]).is_file):
        raise DatabaseNotReady(f"there is no database {chosen.shown_url}: run packhouse init, or packhouse db migrate")
    try:
        database = await open_database(
            chosen.url,
            before_commit=outbox.flush,
            pool_min=chosen.pool_min,
            pool_max=chosen.pool_max,
            metrics=metrics,
            tracing=tracing,
        )
        try:
            await database.fetch("SELECT 1")
        except BaseException:
            await database.close()
            raise
    except Exception as error:
        raise cannot_open(settings, error) from error
    return database


def cannot_open(settings: Settings, error: Exception) -> DatabaseNotReady:
    """The refusal for a database that cannot be reached; drivers' messages may hold its password and are not told."""
    return DatabaseNotReady(
        f"the database {settings.database.shown_url} cannot be opened ({type(error).__name__}): "
        "check database.url, and whether the server runs"
    )
