"""Applies and writes migrations with Tortoise's own machinery, guarded where it has traps.

Concurrent runs on PostgreSQL wait for one another behind an advisory lock; a statement that cannot get its table within
seconds gives up, because everybody else would wait behind it. On SQLite a migration that rebuilds a table
would cascade deletes to its children, so foreign keys are off while migrations run, and checked afterwards.
"""

from pkgutil import iter_modules
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.context import require_context
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationTarget

from packhouse.storage import migrations
from packhouse.storage.database import APP, Database, dialect_of, sqlstate, tortoise_config
from packhouse.storage.dialect import Dialect
from packhouse.storage.schema_editors import ConstraintsExecutor

_LOCK = 7_254_436_107
_RECORDS = "tortoise_migrations"
_LOCK_TIMEOUT = "5s"
_LOCK_NOT_AVAILABLE = "55P03"


class MigrationFailed(Exception):
    """A migration left the database in a state that cannot be right."""


async def migrate(url: str) -> list[str]:
    """Bring the database behind `url` to the newest schema; returns the names of the migrations that were applied.

    Raises:
        MigrationFailed: rows point at rows that are gone, or a table was in use for too long: run it again.
    """
    config = tortoise_config(url, with_readers=False)
    dialect = dialect_of(url)
    credentials = config["connections"][dialect.value]["credentials"]
    if dialect is Dialect.SQLITE:
        credentials["foreign_keys"] = "OFF"
    else:
        credentials["server_settings"]["lock_timeout"] = _LOCK_TIMEOUT
    context = await Tortoise.init(config=config)
    try:
        connection = get_connection(dialect.value)
        if dialect is Dialect.POSTGRES:
            return await _migrate_patiently(connection, config["apps"])
        applied = await _apply(connection, config["apps"])
        broken = await connection.execute_query_dict("PRAGMA foreign_key_check")
        if broken:
            raise MigrationFailed(
                f"{len(broken)} rows point at rows that are gone, the first in table {broken[0]['table']}"
            )
        return applied
    finally:
        await context.close_connections()


async def pending_migrations(database: Database) -> list[str]:
    """The names of the migrations that an open database lacks, in their order."""
    known = sorted(module.name for module in iter_modules(migrations.__path__))
    kept_in = (
        "SELECT 1 FROM sqlite_master WHERE name = $1"
        if database.dialect is Dialect.SQLITE
        else "SELECT 1 FROM pg_tables WHERE tablename = $1 AND schemaname = ANY (current_schemas(false))"
    )
    if not await database.fetch(kept_in, _RECORDS):
        return known
    rows = await database.fetch(f'SELECT name FROM "{_RECORDS}" WHERE app = $1', APP)
    applied = {row["name"] for row in rows}
    return [name for name in known if name not in applied]


async def missing_migrations() -> list[str]:
    """What the models have and no migration says, as the operations a new migration would hold; empty when all is well."""
    writers = await _changes()
    return [str(operation) for writer in writers for operation in writer.operations]


async def make_migrations() -> list[str]:
    """Write migrations for the changed models; returns their paths. Read them before committing: a rename shows as drop and add."""
    return [str(writer.write()) for writer in await _changes()]


async def _changes() -> list[Any]:
    config = tortoise_config("sqlite://unused.sqlite3", with_readers=False)
    context = await Tortoise.init(config=config, init_connections=False)
    try:
        apps = require_context().apps
        if apps is None:
            raise MigrationFailed("the models could not be loaded")
        return await MigrationAutodetector(apps, config["apps"]).changes()
    finally:
        await context.close_connections()


async def _migrate_patiently(connection: BaseDBAsyncClient, apps: dict[str, Any]) -> list[str]:
    try:
        return await _migrate_postgres(connection, apps)
    except Exception as error:
        if sqlstate(error) != _LOCK_NOT_AVAILABLE:
            raise
        raise MigrationFailed(
            f"a table was in use for longer than {_LOCK_TIMEOUT}, so nothing of that migration was done: run it again, when "
            "no long report or backup holds it"
        ) from error


async def _migrate_postgres(connection: BaseDBAsyncClient, apps: dict[str, Any]) -> list[str]:
    async with connection.acquire_connection() as lock:
        await lock.execute("SET lock_timeout = 0")
        await lock.execute("SELECT pg_advisory_lock($1)", _LOCK)
        try:
            return await _apply(connection, apps)
        finally:
            await lock.execute("SELECT pg_advisory_unlock($1)", _LOCK)
            await lock.execute("RESET lock_timeout")


async def _apply(connection: BaseDBAsyncClient, apps: dict[str, Any]) -> list[str]:
    executor = ConstraintsExecutor(connection, apps)
    target = [MigrationTarget(app_label=APP, name="__latest__")]
    steps = await executor.plan(target)
    if steps:
        await executor.migrate(target, direction="forward")
    return [step.migration.name for step in steps]
