"""Spans of transactions and their statements, inside the span of whoever asks; outside of any there are none.

So what polls the database fills no trace. A span holds a statement's text with its parameters' places, never a value.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient

from packhouse.storage.database import READERS, Database
from packhouse.storage.dialect import Dialect
from packhouse.storage.unit_of_work import Initiator, UnitOfWork
from packhouse.telemetry.tracing import Span, Tracing

T = TypeVar("T")

_SYSTEMS = {Dialect.SQLITE: "sqlite", Dialect.POSTGRES: "postgresql"}
_LONGEST = 4000
# By these the ORM runs all its statements, and by the last one it begins a transaction inside another.
_ORM_RUNS = ("execute_query", "execute_query_dict", "execute_insert", "execute_many")
_ORM_BEGINS = "_in_transaction"
_NONE = Tracing().span("none")


class Statements:
    """Makes spans of statements (the attributes are those of OpenTelemetry's conventions for databases)."""

    def __init__(self, tracing: Tracing, dialect: Dialect) -> None:
        self._tracing = tracing
        self.system = _SYSTEMS[dialect]

    def span(self, sql: str) -> AbstractContextManager[Span]:
        """A span of one statement, named by its first word; a long text is cut."""
        if not self._tracing.is_recording():
            return _NONE
        operation = sql.split(maxsplit=1)[0].upper()
        return self._tracing.span(
            operation,
            "client",
            db_system_name=self.system,
            db_operation_name=operation,
            db_query_text=sql[:_LONGEST],
        )

    def watch(self, client: BaseDBAsyncClient) -> None:
        """Make spans of what the ORM runs on this connection, and in transactions inside it."""
        for name in _ORM_RUNS:
            setattr(client, name, self._watched(getattr(client, name)))
        begin = getattr(client, _ORM_BEGINS)

        def begin_watched() -> Any:  # noqa: ANN401  (Tortoise's context manager)
            context = begin()
            self.watch(context.client if hasattr(context, "client") else context.connection)
            return context

        setattr(client, _ORM_BEGINS, begin_watched)

    def _watched(self, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(sql: str, *values: Any) -> Any:  # noqa: ANN401  (whatever Tortoise gets from its own)
            with self.span(sql):
                return await run(sql, *values)

        return watched


class TracedUnitOfWork(UnitOfWork):
    """A unit of work whose statements are spans."""

    def __init__(
        self,
        statements: Statements,
        client: BaseDBAsyncClient,
        dialect: Dialect,
        initiator: Initiator,
        judges: object = None,
    ) -> None:
        super().__init__(client, dialect, initiator, judges)
        self._statements = statements

    async def fetch(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """As that of any unit of work, in a span."""
        with self._statements.span(sql):
            return await super().fetch(sql, *values)

    look_up = fetch

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """As that of any unit of work, in one span for all rows."""
        with self._statements.span(sql):
            await super().execute_many(sql, rows)


class TracedDatabase(Database):
    """A database whose transactions and statements are spans, where one of somebody's is open."""

    async def start(self) -> None:
        """Start, and watch the connections that the ORM uses outside transactions."""
        await super().start()
        self._statements = Statements(self.tracing, self.dialect)
        for alias in (self.dialect.value, *(READERS if self.dialect is Dialect.SQLITE else ())):
            self._statements.watch(self._connections.get(alias))

    async def write(self, initiator: Initiator, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """As that of any database, in a span from the wait for the writer or a connection to the commit.

        It says how often the work was run again after a conflict.
        """
        if not self.tracing.is_recording():
            return await super().write(initiator, work)
        runs = 0

        async def counted(uow: UnitOfWork) -> T:
            nonlocal runs
            runs += 1
            return await work(uow)

        with self.tracing.span("transaction", db_system_name=self._statements.system) as span:
            try:
                return await super().write(initiator, counted)
            finally:
                span.say(packhouse_reruns=max(0, runs - 1))

    async def fetch(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """As that of any database, in a span."""
        with self._statements.span(sql):
            return await super().fetch(sql, *values)

    async def look_up(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """As that of any database, in a span."""
        with self._statements.span(sql):
            return await super().look_up(sql, *values)

    def _begin(self, client: BaseDBAsyncClient, initiator: Initiator) -> UnitOfWork:
        if not self.tracing.is_recording():
            return super()._begin(client, initiator)
        if self.dialect is Dialect.SQLITE:
            # the writer made it; on PostgreSQL the pool did, which is watched
            self._statements.watch(client)
        return TracedUnitOfWork(self._statements, client, self.dialect, initiator, self.judges)
