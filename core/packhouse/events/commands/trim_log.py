"""Taking out of the log what is too old to be followed: settled deliveries, and events of no order and no customer.

The events of an order are its timeline and stay as long as it does, and so do a customer's; what waits to be delivered stays as
long as it waits.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from packhouse.events.arrays import any_id, bound
from packhouse.events.queries import ATTEMPT_COUNTER, EVENT_COUNTER
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, read_id, read_time

BATCH = 500
# others write in between
_PAUSE_SECONDS = 0.05
_BY = Initiator("system", "job")
log = logging.getLogger(__name__)


async def trim_log(database: Database, keep_days: int, readers: tuple[str, ...] = ()) -> int:
    """Take out what is older than so many days, in small transactions; returns how many deliveries and events.

    What one of the `readers` outside has not read yet stays. Up to where something may be missing is written down with each
    transaction, so that nobody follows the log from before it without knowing.
    """
    before = now() - timedelta(days=keep_days)
    deliveries = await _take_out(database, _settled(database, before), _remove_settled)
    events = await _take_out(
        database, _of_nobody(database, before, await _read_by_all(database, readers)), _remove_events
    )
    if deliveries or events:
        log.info("Trimmed %s deliveries and %s events from before %s", deliveries, events, before.isoformat())
    return deliveries + events


async def _take_out(database: Database, pages: AsyncIterator[list[UUID]], remove: Callable[..., Awaitable[int]]) -> int:
    total = 0
    async for page in pages:
        total += await database.write(_BY, partial(remove, page=page))
        await asyncio.sleep(_PAUSE_SECONDS)
    return total


async def _settled(database: Database, before: datetime) -> AsyncIterator[list[UUID]]:
    """Deliveries that are done or were given up, from the oldest on; their ids begin with the time at which they were made.

    Each page begins behind the one before, so that what has to stay is passed over once.
    """
    last, end = UUID(int=0), UUID(int=int(before.timestamp() * 1000) << 80)
    while rows := await database.fetch(
        "SELECT id FROM delivery WHERE id > $1 AND id < $2 AND status <> 'pending' AND finished_at < $3 "
        "ORDER BY id LIMIT $4",
        last,
        end,
        before,
        BATCH,
    ):
        page = [read_id(row["id"]) for row in rows]
        yield page
        last = page[-1]


async def _of_nobody(database: Database, before: datetime, upto: int) -> AsyncIterator[list[UUID]]:
    """Events of no order and no customer that nobody waits for, from the oldest on, in pages as above."""
    last, at = UUID(int=0), datetime.min.replace(tzinfo=UTC)
    while rows := await database.fetch(
        # in the order of the index: PostgreSQL does not see that the first column is the same in all
        """
        SELECT id, occurred_at FROM event
        WHERE order_id IS NULL AND customer_id IS NULL AND occurred_at < $1 AND recorded_at < $1 AND position <= $2
          AND occurred_at >= $3 AND (occurred_at > $3 OR id > $4)
          AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = event.id AND delivery.status = 'pending')
        ORDER BY order_id, occurred_at, id LIMIT $5
        """,
        before,
        upto,
        at,
        last,
        BATCH,
    ):
        page = [read_id(row["id"]) for row in rows]
        yield page
        last, at = page[-1], read_time(rows[-1]["occurred_at"])


async def _remove_settled(uow: UnitOfWork, page: list[UUID]) -> int:
    rows = await uow.fetch(
        f"SELECT id FROM delivery WHERE {any_id(uow.dialect, 'id', '$1')} AND status <> 'pending' {_unlocked(uow)}",
        bound(uow.dialect, page),
    )
    await _remove_deliveries(uow, [read_id(row["id"]) for row in rows])
    return len(rows)


async def _remove_events(uow: UnitOfWork, page: list[UUID]) -> int:
    """With their deliveries."""
    rows = await uow.fetch(
        f"SELECT id FROM event WHERE {any_id(uow.dialect, 'id', '$1')} {_unlocked(uow)}", bound(uow.dialect, page)
    )
    events = bound(uow.dialect, [read_id(row["id"]) for row in rows])
    settled = await uow.fetch(
        f"SELECT id FROM delivery WHERE {any_id(uow.dialect, 'event_id', '$1')} AND status <> 'pending' {uow.for_update()}",
        events,
    )
    await _remove_deliveries(uow, [read_id(row["id"]) for row in settled])
    # one whose delivery is wanted again since a moment ago stays
    gone = await uow.fetch(
        f"DELETE FROM event WHERE {any_id(uow.dialect, 'id', '$1')} "
        "AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = event.id) RETURNING position",
        events,
    )
    await _note(uow, EVENT_COUNTER, gone)
    return len(gone)


async def _remove_deliveries(uow: UnitOfWork, ids: list[UUID]) -> None:
    if not ids:
        return
    chosen = bound(uow.dialect, ids)
    attempts = await uow.fetch(
        f"DELETE FROM delivery_attempt WHERE {any_id(uow.dialect, 'delivery_id', '$1')} RETURNING position", chosen
    )
    await uow.execute(f"DELETE FROM delivery WHERE {any_id(uow.dialect, 'id', '$1')}", chosen)
    await _note(uow, ATTEMPT_COUNTER, attempts)


async def _note(uow: UnitOfWork, counter: str, gone: Any) -> None:  # noqa: ANN401  (a driver's rows)
    """Write down up to which position something is missing; last, because others wait for the counter until the commit."""
    if gone:
        await uow.execute(
            "UPDATE position_counter SET trimmed = $2 WHERE name = $1 AND trimmed < $2",
            counter,
            max(int(row["position"]) for row in gone),
        )


async def _read_by_all(database: Database, readers: tuple[str, ...]) -> int:
    upto = 2**63 - 1
    for reader in readers:
        rows = await database.look_up("SELECT position FROM log_reader WHERE name = $1", reader)
        upto = min(upto, int(rows[0]["position"]) if rows else 0)
    return upto


def _unlocked(uow: UnitOfWork) -> str:
    return "FOR UPDATE SKIP LOCKED" if uow.dialect is Dialect.POSTGRES else ""
