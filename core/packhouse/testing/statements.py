"""Counts the SQL statements that a piece of code runs: a list of 50 must cost as many as a list of 5."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from aiosqlite import Connection as SqliteConnection
from asyncpg import Connection as PostgresConnection

# What asyncpg's pool sends whenever a connection is given back.
_POOL_RESET = "pg_advisory_unlock_all"


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Every statement that is sent to a database while the block runs, as SQL text in the order of sending."""
    sent: list[str] = []
    with (
        _noting(SqliteConnection, "execute", sent),
        _noting(SqliteConnection, "execute_fetchall", sent),
        _noting(SqliteConnection, "executemany", sent),
        _noting(PostgresConnection, "execute", sent),
        _noting(PostgresConnection, "executemany", sent),
        _noting(PostgresConnection, "fetch", sent),
        _noting(PostgresConnection, "fetchrow", sent),
        _noting(PostgresConnection, "fetchval", sent),
    ):
        yield sent


def _noting(owner: type, method: str, sent: list[str]) -> Any:  # noqa: ANN401  (mock's own type is private)
    original: Callable[..., Awaitable[Any]] = getattr(owner, method)

    def noting(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  (the driver's own signature)
        if _POOL_RESET not in sql:
            sent.append(sql)
        return original(self, sql, *arguments, **options)

    return patch.object(owner, method, noting)
