"""Tortoise's PostgreSQL client, which outlives its connections.

A connection ends whenever PostgreSQL restarts, fails over or is cut off. Tortoise's own client then keeps the connection out of
the pool for good where BEGIN fails, and leaves a task inside its dead transaction where giving it back fails: a task that
lives as long as its process never works again.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, TransactionContext
from tortoise.connection import ConnectionToken, get_connections

T = TypeVar("T")

READ_TRIES = 5
# asyncpg says InternalClientError where the server has spoken its last word, and the connection does not know yet
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
)
# these may have another cause: only with a closed connection
_LOST_IF_CLOSED = (asyncpg.InterfaceError, ConnectionError)
log = logging.getLogger(__name__)


class DatabaseLost(ConnectionError):
    """PostgreSQL cannot be reached, or the connection to it ended while it was used."""


class PostgresClient(AsyncpgDBClient):
    """The pool. What the ORM reads outside a transaction is read again where the connection was lost."""

    def acquire_connection(self) -> "PooledConnection":
        """A connection for one statement."""
        return PooledConnection(self)

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(self, PostgresTransaction(self))

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """As Tortoise's. Nothing is reset between two uses: that would be a round trip after each, and no statement here changes
        its session; a transaction that somebody left open is rolled back all the same.
        """
        return await super().create_pool(reset=_as_it_is, **options)

    async def take(self) -> asyncpg.Connection:
        """A connection out of the pool.

        Raises:
            DatabaseLost: there is none to be had.
        """
        pool = self._pool or await self._opened()
        try:
            return await pool.acquire()
        except (OSError, *_LOST) as error:
            raise DatabaseLost(str(error) or type(error).__name__) from error

    async def give_back(self, connection: asyncpg.Connection, error: BaseException | None) -> None:
        """Give a connection back with the error that its use met.

        Raises:
            DatabaseLost: that is why it failed.
        """
        lost = _is_lost(error, connection)
        if self._pool is not None:
            try:
                await self._pool.release(connection)
            except Exception as broken:  # noqa: BLE001  (the pool has thrown it away, and what it was used for is done)
                log.debug("A connection to the database ended: %s", broken)
        if lost:
            raise DatabaseLost(str(error)) from error

    async def _opened(self) -> asyncpg.Pool:
        async with self._pool_init_lock:
            if self._pool is None:
                await self.create_connection(with_db=True)
            return self._pool

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[dict[str, Any]]]:
        """As Tortoise's."""
        run = super().execute_query
        return await _once_or_again(query, lambda: run(query, values))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """As Tortoise's."""
        run = super().execute_query_dict
        return await _once_or_again(query, lambda: run(query, values))


class PostgresTransaction(TransactionWrapper):
    """What a task's statements use while its transaction runs."""

    def use(self, connection: asyncpg.Connection) -> None:
        """Run them on a connection."""
        self._connection = connection


class PooledConnection(ConnectionWrapper[asyncpg.Connection]):
    """A connection of the pool for one statement."""

    def __init__(self, client: PostgresClient) -> None:
        self._client = client
        self._connection: asyncpg.Connection

    async def __aenter__(self) -> asyncpg.Connection:
        """As `PostgresClient.take`."""
        self._connection = await self._client.take()
        return self._connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """As `PostgresClient.give_back`."""
        await self._client.give_back(self._connection, error)


class PooledTransaction(TransactionContext):
    """A transaction on a connection of the pool, which all statements of the task use until it ends."""

    def __init__(self, pool: PostgresClient, client: PostgresTransaction) -> None:
        self.client: PostgresTransaction = client
        self._pool = pool
        self._connection: asyncpg.Connection
        self._outside: ConnectionToken

    async def __aenter__(self) -> PostgresTransaction:
        """Begin it.

        Raises:
            DatabaseLost: there is no connection to be had, or it ended.
        """
        self._connection = await self._pool.take()
        self.client.use(self._connection)
        self._outside = get_connections().set(self._pool.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException as error:
            self._cut_if_interrupted(error)
            await self._leave(error)
            raise
        return self.client

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Commit it, or roll it back where it failed: that is told, not what rolling back met, unless it was interrupted.

        Raises:
            DatabaseLost: the connection ended, before or while it was committed.
        """
        try:
            if error is None:
                await self.client.commit()
            elif not self._connection.is_closed():
                await self.client.rollback()
        except BaseException as failed:
            self._cut_if_interrupted(failed)
            await self._leave(error or failed)
            if error is None or isinstance(failed, asyncio.CancelledError):
                raise
        else:
            await self._leave(error)

    def _cut_if_interrupted(self, failed: BaseException) -> None:
        # at BEGIN or at its end: whether it runs, nobody can tell, and asyncpg takes that for a mistake of ours
        if isinstance(failed, asyncio.CancelledError):
            self._connection.terminate()

    async def _leave(self, error: BaseException | None) -> None:
        """Whatever becomes of the connection, the task is outside."""
        get_connections().reset(self._outside)
        await self._pool.give_back(self._connection, error)


async def read_again(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` returns; it is run again where the connection was lost, for half a second or so.

    Raises:
        DatabaseLost: there is still none.
    """
    for attempt in range(1, READ_TRIES):
        try:
            return await read()
        except DatabaseLost:
            await pause_after(attempt)
    return await read()


async def pause_after(attempt: int) -> None:
    """Wait before trying again: up to 0.04 s after the first attempt, then twice as long each time, and not as long as others."""
    await asyncio.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311  (jitter, not a secret)


async def _once_or_again(query: str, run: Callable[[], Awaitable[T]]) -> T:
    return await (read_again(run) if query.startswith("SELECT") else run())


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Nothing to do."""


def _is_lost(error: BaseException | None, connection: asyncpg.Connection) -> bool:
    return isinstance(error, _LOST) or (isinstance(error, _LOST_IF_CLOSED) and connection.is_closed())


client_class = PostgresClient
