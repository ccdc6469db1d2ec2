"""Tortoise's SQLite client, with a connection that the event loop's thread may use as well.

A statement of a command takes SQLite some 20 µs, handing it to the connection's thread and back several times that. So the
statements of a unit of work run where the command runs; the thread keeps what may wait: BEGIN, COMMIT, and reads outside.
Only one of the two uses the connection at any time, because the writer holds its lock and awaits what it hands over.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient


class SharedSqliteClient(SqliteClient):
    """A client whose connection is not bound to the thread that opened it."""

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002  (Tortoise's signature)
        """Open the connection with its pragmas, unless it is open."""
        if self._connection is not None:
            return
        self._connection = await aiosqlite.connect(self.filename, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            cursor = await self._connection.execute(f"PRAGMA {pragma}={value}")
            await cursor.close()
        await self._post_connect()


def run_here(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> list[sqlite3.Row]:
    """Rows of a statement, run in this thread: on the connection of a running unit of work, or on the one for look-ups."""
    connection = cast("SqliteClient", client)._connection  # noqa: SLF001  (Tortoise offers no public way)
    if connection is None:
        raise ConnectionError("the SQLite connection is closed")
    return connection._conn.execute(sql, values).fetchall()  # noqa: SLF001  (aiosqlite's own is in the other thread)


def run_many_here(client: BaseDBAsyncClient, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """A statement for each row of values, on the connection of a running unit of work: it is prepared once."""
    connection = cast("SqliteClient", client)._connection  # noqa: SLF001
    if connection is None:
        raise ConnectionError("the SQLite connection is closed")
    connection._conn.executemany(sql, rows)  # noqa: SLF001


def mark_here(connection: aiosqlite.Connection, sql: str) -> None:
    """Set, release or go back to a savepoint: bookkeeping in memory, which waits for nothing."""
    connection._conn.execute(sql)  # noqa: SLF001


client_class = SharedSqliteClient
