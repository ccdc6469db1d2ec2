"""SQLite's one writer with group commit: commands that wait together are committed together.

Each command runs between a savepoint and its release, so a refused one takes back only its own changes; one COMMIT (one
fsync) then makes the whole group durable, and only after it the callers learn their results.

Where the file cannot be written (its disk is full, another program holds it), the whole group is taken back and told so, and the next
one is tried as before.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.connection import ConnectionHandler

from packhouse.storage.outage import Outage
from packhouse.storage.sqlite_client import mark_here
from packhouse.storage.sqlite_troubles import trouble_with_file

_GROUP = 128


@dataclass(slots=True)
class _Command:
    work: Callable[[BaseDBAsyncClient], Awaitable[Any]]
    context: contextvars.Context
    done: asyncio.Future[Any]
    result: Any = None


class SqliteWriter:
    """Runs commands one after another on the write connection. `aliases` are all connection names they may use."""

    def __init__(self, client: SqliteClient, connections: ConnectionHandler, aliases: tuple[str, ...]) -> None:
        self._client = client
        self._connections = connections
        self._aliases = aliases
        self._waiting: deque[_Command] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.outage = Outage()

    def start(self) -> None:
        """Start writing."""
        self._task = asyncio.create_task(self._run(), name="sqlite-writer")

    async def stop(self) -> None:
        """Finish what waits, then stop."""
        if self._task is None:
            return
        self._stopping = True
        self._wake.set()
        await self._task
        self._task = None

    async def run(self, work: Callable[[BaseDBAsyncClient], Awaitable[Any]]) -> Any:  # noqa: ANN401  (the work's own result)
        """Run `work` in a transaction; returns after the commit. A caller that gives up before its turn is left out.

        Raises:
            ConnectionError: the writer was stopped.
            DatabaseLost: the file cannot be written at this moment.
            whatever `work` raises, or what broke the transaction: nothing was changed.
        """
        if self._stopping:
            raise ConnectionError("the SQLite writer was stopped: the database is closed")
        command = _Command(work, contextvars.copy_context(), asyncio.get_running_loop().create_future())
        self._waiting.append(command)
        self._wake.set()
        return await command.done

    async def _run(self) -> None:
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    await self._group()
                except Exception as error:  # noqa: BLE001  (whoever waits is told, and the writer goes on)
                    self._fail_all(_drain(self._waiting), error)

    async def _group(self) -> None:
        if self._client._connection is None:  # noqa: SLF001  (Tortoise opens lazily and offers no public way)
            await self._client.create_connection(with_db=True)
        begun: list[_Command] = []
        finished: list[_Command] = []
        async with self._client._lock:  # noqa: SLF001  (the lock of the connection that Tortoise's own transactions take)
            connection = self._client._connection  # noqa: SLF001
            if connection is None:
                raise ConnectionError("the SQLite write connection is closed")
            try:
                await connection.execute("BEGIN IMMEDIATE")
                while self._waiting and len(finished) < _GROUP:
                    command = self._waiting.popleft()
                    if command.done.cancelled():
                        continue
                    begun.append(command)
                    if await self._one(command, connection):
                        finished.append(command)
                await connection.execute("COMMIT")
            except Exception as error:  # noqa: BLE001  (whatever broke the group is told to everyone in it)
                # first of all: whatever else fails, nobody waits for ever
                self._fail_all(begun or _drain(self._waiting), error)
                await connection.rollback()
                return
        self.outage.over()
        for command in finished:
            if not command.done.done():
                command.done.set_result(command.result)

    def _fail_all(self, commands: list[_Command], error: Exception) -> None:
        trouble = trouble_with_file(error)
        if trouble is not None:
            trouble.__cause__ = error
            self.outage.met(trouble)
        for command in commands:
            _fail(command, trouble or error)

    async def _one(self, command: _Command, connection: Any) -> bool:  # noqa: ANN401  (aiosqlite's connection)
        wrapper = SqliteTransactionWrapper(self._client)
        for alias in self._aliases:
            command.context.run(self._connections.set, alias, wrapper)
        mark_here(connection, "SAVEPOINT command")
        try:
            command.result = await asyncio.get_running_loop().create_task(
                _as_coroutine(command.work(wrapper)), context=command.context
            )
        except (Exception, asyncio.CancelledError) as error:
            if trouble_with_file(error) is not None:
                # SQLite may have rolled all back by itself
                raise
            _fail(command, error)
            mark_here(connection, "ROLLBACK TO command")
            mark_here(connection, "RELEASE command")
            return False
        mark_here(connection, "RELEASE command")
        return True


async def _as_coroutine(work: Awaitable[Any]) -> Any:  # noqa: ANN401
    return await work


def _drain(waiting: deque[_Command]) -> list[_Command]:
    """All that waits: when not even BEGIN works, nobody shall wait for ever."""
    commands = list(waiting)
    waiting.clear()
    return commands


def _fail(command: _Command, error: BaseException) -> None:
    if not command.done.done():
        command.done.set_exception(error)
