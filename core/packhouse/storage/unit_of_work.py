"""One transaction of a command: it is handed the unit of work, and nothing it does is visible until it returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from packhouse.sdk.errors import Refused
from packhouse.sdk.events import EventType
from packhouse.sdk.values import new_id
from packhouse.storage.dialect import Dialect, insert_sql, row_values, sqlite_sql, sqlite_values
from packhouse.storage.sqlite_client import run_here, run_many_here

# Among the variants that moved: whatever any of them was, all have to be looked at again.
EVERY_VARIANT = UUID(int=0)
# SQLite binds at most 32,766 values and PostgreSQL 32,767 in one statement.
_MAX_VALUES = 30_000
# Up to so many rows are one statement. PostgreSQL gets more in powers of two: a long statement for every possible number
# of rows would fill the statement caches (tens of megabytes in an import). SQLite runs one statement for each of them.
_ANY_COUNT = 16


class Conflict(Refused):
    """What a unit of work had read has changed before it wrote: it is run again, and refused if that never ends."""

    def __init__(self, message: str) -> None:
        super().__init__("CONFLICT", message)


@dataclass(slots=True)
class KeyedRequest:
    """A request that its sender may repeat.

    `steps` counts the changes it has come to (see `write_once`); `changes` says that a mutation of it is executed.
    """

    id: UUID
    steps: int = 0
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Initiator:
    """Who or what starts a change, and from where: stamped on every event and stock movement.

    `actor`: "token:shop", "customer", "plugin:ups", "system"; `origin`: "api", "channel:shopify", "import", "job";
    `correlation_id` groups everything that one request caused, `causation_id` names the event that led here; `request` is
    the one behind it where its sender may repeat it.
    """

    actor: str
    origin: str
    correlation_id: str = field(default_factory=lambda: str(new_id()))
    causation_id: str = ""
    request: KeyedRequest | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event recorded in this transaction, written just before the commit together with all others.

    `deliver` is False for imported history, which no plugin hears of.
    """

    id: UUID
    type: EventType
    order_id: UUID | None
    occurred_at: datetime
    reason: str
    payload: Mapping[str, Any]
    deliver: bool = True
    customer_id: UUID | None = None


class Reader(Protocol):
    """What can be read from: a unit of work inside its transaction, or the database outside of any."""

    async def fetch(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """Rows of a statement with $1-parameters."""

    async def look_up(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """The few rows that a key names, by the shortest way."""

    @property
    def judges(self) -> object:
        """What plugins decide with inside a transaction: carried here, understood by the rooms; None where there are none."""


class UnitOfWork:
    """A running transaction. ORM calls inside it use its connection by themselves; hot paths use `fetch` and `insert`."""

    def __init__(
        self, client: BaseDBAsyncClient, dialect: Dialect, initiator: Initiator, judges: object = None
    ) -> None:
        self.initiator = initiator
        self.judges = judges
        self.dialect = dialect
        self.client = client
        self.pending: list[PendingEvent] = []
        # variants whose stock was moved: the log tells of them, whatever else it tells
        self.moved: set[UUID] = set()

    async def fetch(self, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        """Rows of a statement with $1-parameters; also for INSERT and UPDATE with RETURNING."""
        if self.dialect is Dialect.SQLITE:
            return cast("Sequence[Mapping[str, Any]]", run_here(self.client, sqlite_sql(sql), sqlite_values(values)))
        return await fetch(self.client, self.dialect, sql, values)

    look_up = fetch

    async def execute(self, sql: str, *values: Any) -> None:
        """Run a statement whose rows nobody needs."""
        await self.fetch(sql, *values)

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of many rows of values, as the driver binds them (SQLite's are those of `sqlite_values`)."""
        if self.dialect is Dialect.SQLITE:
            run_many_here(self.client, sqlite_sql(sql), rows)
            return
        async with self.client.acquire_connection() as connection:
            await connection.executemany(sql, rows)

    async def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that all have the same columns, in few statements."""
        if not rows:
            return
        columns = tuple(rows[0])
        if self.dialect is Dialect.SQLITE and len(rows) > _ANY_COUNT:
            values = (sqlite_values(row_values([row], columns)) for row in rows)
            await self.execute_many(insert_sql(table, columns, 1), values)
            return
        start = 0
        while start < len(rows):
            count = _rows_at_once(len(rows) - start, len(columns))
            part = rows[start : start + count]
            await self.execute(insert_sql(table, columns, count), *row_values(part, columns))
            start += count

    def for_update(self) -> str:
        """The clause that locks selected rows: SQLite has one writer and needs none."""
        return "FOR UPDATE" if self.dialect is Dialect.POSTGRES else ""


def _rows_at_once(remaining: int, width: int) -> int:
    if remaining <= _ANY_COUNT:
        return min(remaining, max(1, _MAX_VALUES // width))
    return 1 << (min(remaining, max(1, _MAX_VALUES // width)).bit_length() - 1)


async def fetch(
    client: BaseDBAsyncClient, dialect: Dialect, sql: str, values: Sequence[Any]
) -> Sequence[Mapping[str, Any]]:
    """Rows of a statement on any connection of the dialect, without the ORM in between."""
    if dialect is Dialect.POSTGRES:
        async with client.acquire_connection() as connection:
            rows: Sequence[Mapping[str, Any]] = await connection.fetch(sql, *values)
            return rows
    async with client.acquire_connection() as connection:
        found: Sequence[Mapping[str, Any]] = await connection.execute_fetchall(sqlite_sql(sql), sqlite_values(values))
        return found
