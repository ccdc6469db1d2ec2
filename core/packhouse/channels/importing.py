"""Importing a whole history or stock list, batch by batch: what is bad is put aside, and never stops the rest."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import asyncpg

from packhouse.channels.commands.import_orders import (
    ImportedOrder,
    ImportOrders,
    ImportOutcome,
    KeepMore,
    import_orders,
)
from packhouse.channels.commands.import_stock import import_stock_row
from packhouse.channels.models import Channel
from packhouse.channels.rejects import Rejects
from packhouse.sdk import History, HistoryOrder, InvalidValue, Refused, RejectedRow, StockList, StockRow, now
from packhouse.storage import Database, Initiator, UnitOfWork

T = TypeVar("T")

Progress = Callable[[int], None]

_BATCH = 200
# What a database says to content that it cannot keep, or that somebody else wrote at the same moment.
_BAD_CONTENT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    OverflowError,
    UnicodeError,
)


@dataclass(slots=True)
class ImportCount:
    """What became of what was read: orders or stock rows by outcome, and rows that could not be read."""

    outcomes: Counter[ImportOutcome] = field(default_factory=Counter)
    bad_rows: int = 0

    @property
    def read(self) -> int:
        """How many could be read, whatever became of them then."""
        return sum(self.outcomes.values()) - self.outcomes[ImportOutcome.REJECTED]


class HistoryImport:
    """Imports one history: `by` starts it, `keep_more` writes the parts of rooms above this one.

    The history is read in a thread, 200 rows at a time, so nothing grows with its length.
    """

    def __init__(self, database: Database, by: Initiator, keep_more: KeepMore, rejects: Rejects) -> None:
        self._database = database
        self._by = by
        self._keep_more = keep_more
        self._rejects = rejects
        self._count = ImportCount()

    async def run(self, history: History, provider: str, progress: Progress | None = None) -> ImportCount:
        """Import everything; `provider` is the code of the channel plugin that reads it.

        `progress` is called with the number of orders that were dealt with.
        """
        await self._database.write(self._by, lambda _: _ensure_channel(history, provider))
        rows = iter(history)
        while batch := await asyncio.to_thread(_next, rows, _BATCH):
            for row in batch:
                if isinstance(row, RejectedRow):
                    self._put_aside(row)
            orders = [row for row in batch if isinstance(row, HistoryOrder)]
            for result in await self._write(history.channel, orders):
                self._take(result)
            if progress is not None:
                progress(sum(not isinstance(row, RejectedRow) or row.is_order for row in batch))
        return self._count

    async def _write(self, channel: str, orders: Sequence[HistoryOrder]) -> list[ImportedOrder]:
        if not orders:
            return []

        async def work(uow: UnitOfWork) -> list[ImportedOrder]:
            return await import_orders(uow, ImportOrders(channel, orders), self._keep_more)

        try:
            return await self._database.write(self._by, work)
        except _BAD_CONTENT as error:
            if len(orders) == 1:
                return [ImportedOrder(orders[0], ImportOutcome.REJECTED, _refusal(error))]
            # one of them is to blame: alone each shows whether it is the one
            return [result for order in orders for result in await self._write(channel, [order])]

    def _take(self, result: ImportedOrder) -> None:
        self._count.outcomes[result.outcome] += 1
        if result.reason:
            self._rejects.add(result.order.source, result.reason)

    def _put_aside(self, row: RejectedRow) -> None:
        self._count.bad_rows += 1
        self._count.outcomes[ImportOutcome.REJECTED] += row.is_order
        self._rejects.add(row.source, row.reason)


async def import_stock(
    database: Database, by: Initiator, stock: StockList, rejects: Rejects, progress: Progress | None = None
) -> ImportCount:
    """Import a stock list row by row: a row that is refused changes nothing and is put aside."""
    count = ImportCount()
    rows = iter(stock)
    while batch := await asyncio.to_thread(_next, rows, _BATCH):
        for row in batch:
            outcome, reason = await _stock_outcome(database, by, row)
            count.outcomes[outcome] += 1
            if reason:
                count.bad_rows += 1
                rejects.add(row.source, reason)
        if progress is not None:
            progress(len(batch))
    return count


async def _stock_outcome(database: Database, by: Initiator, row: StockRow | RejectedRow) -> tuple[ImportOutcome, str]:
    if isinstance(row, RejectedRow):
        return ImportOutcome.REJECTED, row.reason
    try:
        changed = await database.write(by, lambda uow: import_stock_row(uow, row))
    except (Refused, InvalidValue) as error:
        return ImportOutcome.REJECTED, error.message
    except _BAD_CONTENT as error:
        return ImportOutcome.REJECTED, _refusal(error)
    return (ImportOutcome.IMPORTED if changed else ImportOutcome.KNOWN), ""


def _refusal(error: Exception) -> str:
    # PostgreSQL's second line quotes the whole row
    return f"the database refused it ({type(error).__name__}: {str(error).partition(chr(10))[0]})"


async def _ensure_channel(history: History, provider: str) -> None:
    if not await Channel.exists(code=history.channel):
        await Channel.create(code=history.channel, name=history.title[:255], provider=provider, created_at=now())


def _next(rows: Iterator[T], count: int) -> list[T]:
    return list(islice(rows, count))
