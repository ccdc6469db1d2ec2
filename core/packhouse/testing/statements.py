"""Notes the SQL statements that a piece of code runs: a list of 50 must cost as many as a list of 5."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from aiosqlite import Connection as SqliteConnection
from asyncpg import Connection as PostgresConnection

from packhouse.storage import Database
from packhouse.storage.dialect import Dialect

# What is sent for a connection's sake, not for anybody's question: settings of SQLite.
_HOUSEKEEPING = ("PRAGMA ",)


class Statement(NamedTuple):
    """A statement as it was sent, with its values in the order of its parameters."""

    sql: str
    values: Sequence[Any]


@contextmanager
def noted_statements() -> Iterator[list[Statement]]:
    """Every statement that is sent to a database while the block runs, in the order of sending."""
    sent: list[Statement] = []
    with ExitStack() as patches:
        for method in ("execute", "execute_fetchall", "executemany"):
            patches.enter_context(_noting(SqliteConnection, method, sent, lambda given: given[0] if given else ()))
        for method in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            patches.enter_context(_noting(PostgresConnection, method, sent, lambda given: given))
        yield sent


async def query_plan(database: Database, statement: Statement) -> str:
    """How the database would run a statement: EXPLAIN of PostgreSQL, EXPLAIN QUERY PLAN of SQLite."""
    explain = "EXPLAIN" if database.dialect is Dialect.POSTGRES else "EXPLAIN QUERY PLAN"
    _, rows = await database.client().execute_query(f"{explain} {statement.sql}", list(statement.values))
    return "\n".join(str(row["QUERY PLAN" if database.dialect is Dialect.POSTGRES else "detail"]) for row in rows)


def _noting(owner: type, method: str, sent: list[Statement], values: Callable[[tuple[Any, ...]], Sequence[Any]]) -> Any:  # noqa: ANN401  (mock's own type is private)
    original: Callable[..., Awaitable[Any]] = getattr(owner, method)

    def noting(self: Any, sql: str, *given: Any, **options: Any) -> Any:  # noqa: ANN401  (the driver's own signature)
        if not sql.startswith(_HOUSEKEEPING):
            sent.append(Statement(sql, values(given)))
        return original(self, sql, *given, **options)

    return patch.object(owner, method, noting)
