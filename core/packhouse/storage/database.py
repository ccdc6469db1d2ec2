"""Opens the database and runs units of work on it.

SQLite: one writer with group commit and separate connections for reading. PostgreSQL: a pool; a unit of work that met a
deadlock, a serialisation failure or rows of somebody faster, or lost its connection before the commit, is run again, so it
must do nothing outside the transaction.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any, TypeVar, cast

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import ConnectionHandler
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from packhouse.sdk.errors import Refused
from packhouse.storage.dialect import Dialect, sqlite_sql, sqlite_time, sqlite_values
from packhouse.storage.outage import DatabaseLost, DatabaseSilent, Outage
from packhouse.storage.postgres_client import PostgresClient, pause_after, read_again
from packhouse.storage.sqlite_client import run_here
from packhouse.storage.sqlite_writer import SqliteWriter
from packhouse.storage.time_limits import TimeLimits
from packhouse.storage.unit_of_work import Conflict, Initiator, UnitOfWork, fetch
from packhouse.storage.wrapped import with_wrapped
from packhouse.telemetry.metrics import Metrics, Stopwatch
from packhouse.telemetry.tracing import Tracing

T = TypeVar("T")

BeforeCommit = Callable[[UnitOfWork], Awaitable[None]]

READERS = ("reader_1", "reader_2")
LOOKUPS = "lookups"
APP = "packhouse"
MODEL_MODULES = tuple(
    f"packhouse.{room}.models"
    for room in (
        "web",
        "hooks",
        "events",
        "plugins",
        "jobs",
        "catalog",
        "customers",
        "inventory",
        "orders",
        "payments",
        "routing",
        "fulfillment",
        "shipping",
        "channels",
        "returns",
        "feedback",
    )
)
# cache_size below nothing is KiB: the pages that hot indexes live on
_SQLITE_PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "busy_timeout": "10000",
    "cache_size": "-65536",
    "temp_store": "MEMORY",
}
_RETRIED = {"40001": "serialisation", "40P01": "deadlock"}
_TRIES = 6
# Unique keys, foreign keys and checks. Commands look before they write: what they meet then was written by somebody else since, and the
# next try sees it and says so. What meets it again and again is our own mistake.
_OVERTAKEN = {"23505": "unique", "23503": "foreign_key", "23514": "check"}
_TRIES_TO_OVERTAKE = 3


# in place of Tortoise's own, which keeps the zone
sqlite3.register_adapter(datetime, sqlite_time)


class ReaderRouter:
    """Sends reads outside a transaction to the reading connections; inside one, every name is the transaction itself."""

    def __init__(self) -> None:
        self._next = cycle(READERS)

    def db_for_read(self, model: object) -> str:  # noqa: ARG002  (Tortoise's signature)
        """A reading connection."""
        return next(self._next)

    def db_for_write(self, model: object) -> str:  # noqa: ARG002
        """The writing connection."""
        return Dialect.SQLITE.value


def tortoise_config(
    url: str, *, pool_min: int = 1, pool_max: int = 10, with_readers: bool = True, limits: TimeLimits | None = None
) -> dict[str, Any]:
    """Tortoise's configuration for a database URL (sqlite://FILE or postgresql://…); what that says itself about times counts."""
    url = url.replace("postgresql://", "asyncpg://", 1).replace("postgres://", "asyncpg://", 1)
    connection = expand_db_url(url)
    # Tortoise caches statements by connection name for the whole process: one name for both dialects would mix them
    dialect = dialect_of(url)
    connections = {dialect.value: connection}
    if dialect is Dialect.SQLITE:
        connection["engine"] = "packhouse.storage.sqlite_client"
        connection["credentials"] |= _SQLITE_PRAGMAS
        if with_readers:
            reading = connection["credentials"] | {"query_only": "ON"}
            connections |= {alias: {**connection, "credentials": dict(reading)} for alias in (*READERS, LOOKUPS)}
    else:
        connection["engine"] = "packhouse.storage.postgres_client"
        limited = (limits or TimeLimits()).credentials()
        connection["credentials"] = limited | connection["credentials"] | {"minsize": pool_min, "maxsize": pool_max}
    return {
        "connections": connections,
        "apps": {
            APP: {
                "models": list(MODEL_MODULES),
                "default_connection": dialect.value,
                "migrations": "packhouse.storage.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def dialect_of(url: str) -> Dialect:
    """The dialect of a database URL.

    Raises:
        ValueError: neither SQLite nor PostgreSQL, or SQLite in memory (every connection would see another database).
    """
    if url.startswith("sqlite://"):
        if ":memory:" in url:
            raise ValueError("SQLite in memory is not supported: name a file, as in sqlite://packhouse.sqlite3")
        return Dialect.SQLITE
    if url.startswith(("postgres://", "postgresql://", "asyncpg://")):
        return Dialect.POSTGRES
    raise ValueError("the database URL must start with sqlite:// or postgresql://")


class Database:
    """An open database.

    `before_commit` writes the events of a unit of work as its last statements; `on_commit` callbacks are called after each
    one that recorded any. `metrics` count what is done with it, `tracing` makes spans for all who work with it. `judges` is what plugins
    decide with inside its transactions.
    """

    def __init__(
        self,
        context: TortoiseContext,
        dialect: Dialect,
        before_commit: BeforeCommit,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self.dialect = dialect
        self.metrics = metrics
        self.tracing = tracing
        self.hide: Callable[[str], str] = str
        self.judges: object = None
        self.on_commit: list[Callable[[], None]] = []
        self.before_commit = before_commit
        self._context = context
        self._connections: ConnectionHandler = context.connections
        self._readers = cycle(READERS if dialect is Dialect.SQLITE else (dialect.value,))
        self._writer: SqliteWriter | None = None

    async def start(self) -> None:
        """Start the SQLite writer; PostgreSQL needs none, and its pool is opened by whoever asks first."""
        if self.dialect is Dialect.SQLITE:
            client = cast("SqliteClient", self._connections.get(self.dialect.value))
            await client.create_connection(with_db=True)
            await self._connections.get(LOOKUPS).create_connection(with_db=True)
            self._writer = SqliteWriter(client, self._connections, (self.dialect.value, *READERS))
            self._writer.start()
        else:
            self._pool.lost = self.metrics.connections_lost

    @property
    def outage(self) -> Outage:
        """Whether the database can be used, as far as anybody has noticed."""
        return self._pool.outage if self._writer is None else self._writer.outage

    @property
    def _pool(self) -> PostgresClient:
        return cast("PostgresClient", self._connections.get(self.dialect.value))

    async def close(self) -> None:
        """Finish what is being written and close all connections."""
        if self._writer is not None:
            await self._writer.stop()
        await self._context.close_connections()

    async def write(self, initiator: Initiator, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Run `work` in one transaction and return its result after the commit.

        Raises:
            whatever `work` raises: everything it did is rolled back.
        """
        watch, outcome = Stopwatch(), "failed"
        try:
            if self._writer is not None:
                result = await self._write_sqlite(self._writer, initiator, work)
            else:
                result = await self._write_postgres(initiator, work)
            outcome = "committed"
        except Refused as error:
            outcome = "conflict" if isinstance(error, Conflict) else "refused"
            raise
        finally:
            self.metrics.units_of_work[outcome,].inc()
            self.metrics.unit_of_work_seconds[()].observe(watch.seconds)
        return result

    async def fetch(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """Rows of a reading statement with $1-parameters, outside any transaction."""
        client = self._connections.get(next(self._readers))
        if self.dialect is Dialect.SQLITE:
            return await fetch(client, self.dialect, sql, values)
        return await read_again(lambda: fetch(client, self.dialect, sql, values))

    async def look_up(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """As `fetch`, for a few rows by their key: on SQLite read in the loop's thread, which handing over would cost more."""
        client = self._connections.get(LOOKUPS if self.dialect is Dialect.SQLITE else self.dialect.value)
        if self.dialect is Dialect.SQLITE:
            return cast("Sequence[Mapping[str, Any]]", run_here(client, sqlite_sql(sql), sqlite_values(values)))
        return await read_again(lambda: fetch(client, self.dialect, sql, values))

    def client(self) -> BaseDBAsyncClient:
        """The reading connection (SQLite) or the pool (PostgreSQL)."""
        return self._connections.get(next(self._readers))

    def _begin(self, client: BaseDBAsyncClient, initiator: Initiator) -> UnitOfWork:
        return UnitOfWork(client, self.dialect, initiator, self.judges)

    async def _write_sqlite(
        self, writer: SqliteWriter, initiator: Initiator, work: Callable[[UnitOfWork], Awaitable[T]]
    ) -> T:
        uow: UnitOfWork | None = None

        async def run(client: BaseDBAsyncClient) -> T:
            nonlocal uow
            uow = self._begin(client, initiator)
            outcome = await work(uow)
            if uow.pending or uow.moved:
                await self.before_commit(uow)
            return outcome

        result = cast("T", await writer.run(run))
        self._committed(uow)
        return result

    async def _write_postgres(self, initiator: Initiator, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        for attempt in range(1, _TRIES + 1):
            is_complete = False
            try:
                async with in_transaction(self.dialect.value) as client:
                    uow = self._begin(client, initiator)
                    result = await work(uow)
                    if uow.pending or uow.moved:
                        await self.before_commit(uow)
                    is_complete = True
            except Exception as error:
                reason = _reason_to_try_again(error, attempt, is_complete=is_complete)
                if reason is None:
                    raise
                self.metrics.retries[reason,].inc()
                await pause_after(attempt)
            else:
                self._committed(uow)
                return result
        raise AssertionError("unreachable")

    def _committed(self, uow: UnitOfWork | None) -> None:
        if uow is not None and uow.pending:
            for callback in self.on_commit:
                callback()


def _reason_to_try_again(error: Exception, attempt: int, *, is_complete: bool) -> str | None:
    if attempt == _TRIES:
        return None
    if isinstance(error, DatabaseLost):
        # whether a commit that got no answer was made, nobody can tell
        return None if is_complete or isinstance(error, DatabaseSilent) else "disconnected"
    if isinstance(error, Conflict):
        return "conflict"
    state = sqlstate(error) or ""
    return _RETRIED.get(state) or (_OVERTAKEN.get(state) if attempt < _TRIES_TO_OVERTAKE else None)


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an error, also where Tortoise wrapped it."""
    return next((str(state) for seen in with_wrapped(error) if (state := getattr(seen, "sqlstate", None))), None)


async def open_database(
    url: str,
    *,
    before_commit: BeforeCommit,
    pool_min: int = 1,
    pool_max: int = 10,
    limits: TimeLimits | None = None,
    metrics: Metrics | None = None,
    tracing: Tracing | None = None,
) -> Database:
    """Open the database behind `url` and be ready to read and write; `before_commit` is the event log's writer.

    `limits`: how long PostgreSQL may take. `metrics` count what is done with it, `tracing` makes spans of it; None where nobody asks.

    Raises:
        ValueError: the URL names neither SQLite nor PostgreSQL.
    """
    dialect = dialect_of(url)
    config = tortoise_config(url, pool_min=pool_min, pool_max=pool_max, limits=limits)
    routers: list[str | type] = [ReaderRouter] if dialect is Dialect.SQLITE else []
    # requests run in tasks of their own, which do not inherit the context that the lifespan made
    context = await Tortoise.init(config=config, routers=routers, _enable_global_fallback=True)
    kind = Database
    if tracing is not None and tracing.is_on:
        from packhouse.storage.traced import TracedDatabase  # noqa: PLC0415  (only who traces pays for it)

        kind = TracedDatabase
    database = kind(context, dialect, before_commit, metrics or Metrics(), tracing or Tracing())
    await database.start()
    return database
