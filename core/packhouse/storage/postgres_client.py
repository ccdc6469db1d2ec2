"""Tortoise's PostgreSQL client, which outlives its connections.

A connection ends whenever PostgreSQL restarts, fails over or is cut off. Tortoise's own client then keeps the connection out of
the pool for good where BEGIN fails, and leaves a task inside its dead transaction where giving it back fails: a task that
lives as long as its process never works again.

A connection may also fall silent: the machine behind it hangs, or is gone without a word. So nothing here waits without an end, and
where one connection is silent, those that lie in the pool are thrown away with it.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, TransactionContext
from tortoise.connection import ConnectionToken, get_connections
from tortoise.exceptions import DBConnectionError

from packhouse.storage.outage import DatabaseLost, DatabaseSilent, Outage
from packhouse.storage.time_limits import notice_a_dead_network
from packhouse.telemetry.metrics import Counter

T = TypeVar("T")
Lost = TypeVar("Lost", bound=DatabaseLost)

READ_TRIES = 5
# asyncpg says InternalClientError where the server has spoken its last word, and the connection does not know yet
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)
# these may have another cause: only with a closed connection
_LOST_IF_CLOSED = (asyncpg.InterfaceError, ConnectionError)
_NONE_TO_BE_HAD = (OSError, asyncpg.TooManyConnectionsError, *_LOST)
log = logging.getLogger(__name__)


class PostgresClient(AsyncpgDBClient):
    """The pool. What the ORM reads outside a transaction is read again where the connection was lost.

    `outage` is told whenever the database cannot be used, and when it can; `lost` counts connections that ended in use.
    """

    def __init__(self, *, network_timeout: float, tidy_timeout: float, **credentials: Any) -> None:
        super().__init__(**credentials)
        self.outage = Outage()
        self.lost: Counter | None = None
        self.tidy_timeout = tidy_timeout
        self._network_timeout = network_timeout

    async def _prepare(self, connection: asyncpg.Connection) -> None:
        notice_a_dead_network(connection, self._network_timeout)

    def acquire_connection(self) -> "PooledConnection":
        """A connection for one statement."""
        return PooledConnection(self)

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(self, PostgresTransaction(self))

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """As Tortoise's. Nothing is reset between two uses: that would be a round trip after each, and no statement here changes
        its session; a transaction that somebody left open is rolled back all the same. Each notices a dead network.
        """
        return await super().create_pool(init=self._prepare, reset=_as_it_is, **options)

    async def take(self) -> asyncpg.Connection:
        """A connection out of the pool.

        Raises:
            DatabaseLost: there is none to be had.
        """
        try:
            pool = self._pool or await self._opened()
            return await pool.acquire()
        except DBConnectionError:
            # there is a server, and no such database: no use to wait for it
            raise
        except _NONE_TO_BE_HAD as error:
            kind = DatabaseSilent if isinstance(error, TimeoutError) else DatabaseLost
            raise self._met(kind(_told(error, "no connection in time"))) from error

    async def give_back(self, connection: asyncpg.Connection, error: BaseException | None) -> None:
        """Give a connection back with the error that its use met.

        Raises:
            DatabaseLost: that is why it failed.
        """
        lost = _is_lost(error, connection)
        try:
            if self._pool is not None:
                await self._pool.release(connection, timeout=self.tidy_timeout)
        except TimeoutError:
            silent = self._silent()
            if isinstance(error, TimeoutError):
                raise silent from error
        except Exception as broken:  # noqa: BLE001  (the pool has thrown it away, and what it was used for is done)
            log.debug("A connection to the database ended: %s", broken)
        else:
            if error is None:
                self.outage.over()
        if lost:
            self._count("ended")
            raise DatabaseLost(_told(error, "the connection ended")) from error

    def throw_away(self, connection: asyncpg.Connection) -> DatabaseSilent:
        """End a connection that is silent, and those that lie in the pool; returns the error for whoever used it."""
        connection.terminate()
        return self._silent()

    def _silent(self) -> DatabaseSilent:
        self._count("silent")
        if self._pool is not None:
            for holder in self._pool._holders:  # noqa: SLF001  (asyncpg's own way waits for each to say goodbye)
                if holder.is_idle():
                    holder.terminate()
        return self._met(DatabaseSilent("it gives no answer"))

    def _met(self, error: Lost) -> Lost:
        self.outage.met(error)
        return error

    def _count(self, reason: str) -> None:
        if self.lost is not None:
            self.lost[reason,].inc()

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
        self._silent: DatabaseSilent | None = None

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
            await self._leave_failed(error, error)
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
            elif not _has_ended(self._connection):
                await self._roll_back()
        except BaseException as failed:
            await self._leave_failed(failed, error or failed)
            if error is None or isinstance(failed, asyncio.CancelledError):
                raise
        else:
            await self._leave(error)

    async def _leave_failed(self, failed: BaseException, error: BaseException) -> None:
        """Leave after a BEGIN, COMMIT or ROLLBACK that failed; where it was interrupted, the connection is no good for another one."""
        try:
            if not isinstance(failed, Exception) and not _has_ended(self._connection):
                with suppress(Exception):
                    # whether the server answers at all, others want to know
                    await self._in_time(self._connection.execute("ROLLBACK"))
        finally:
            if not isinstance(failed, Exception) and not _has_ended(self._connection):
                self._connection.terminate()
            await self._leave(error)

    async def _roll_back(self) -> None:
        await self._in_time(self.client.rollback())

    async def _in_time(self, leaving: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(self._pool.tidy_timeout):
                await leaving
        except TimeoutError:
            self._silent = self._pool.throw_away(self._connection)

    async def _leave(self, error: BaseException | None) -> None:
        """Whatever becomes of the connection, the task is outside."""
        get_connections().reset(self._outside)
        if self._silent is None:
            await self._pool.give_back(self._connection, error)
        elif isinstance(error, TimeoutError):
            raise self._silent from error


async def read_again(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` returns; it is run again where the connection was lost, for half a second or so.

    Raises:
        DatabaseLost: there is still none.
        DatabaseSilent: it gave no answer.
    """
    for attempt in range(1, READ_TRIES):
        try:
            return await read()
        except DatabaseSilent:
            raise
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


def _told(error: BaseException | None, otherwise: str) -> str:
    return str(error) or otherwise


def _is_lost(error: BaseException | None, connection: asyncpg.Connection) -> bool:
    return isinstance(error, _LOST) or (isinstance(error, _LOST_IF_CLOSED) and _has_ended(connection))


def _has_ended(connection: asyncpg.Connection) -> bool:
    # one that ended while nobody waited for an answer is out of its pool already, and answers no question
    return connection._con is None or connection.is_closed()  # noqa: SLF001


client_class = PostgresClient
