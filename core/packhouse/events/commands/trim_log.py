"""Taking out of the log what is too old to be followed: settled deliveries, and events of no order and no customer.

The events of an order are its timeline and stay as long as it does, and so do a customer's; what waits to be delivered stays as
long as it waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.events.arrays import any_id, bound
from packhouse.events.queries import ATTEMPT_COUNTER, EVENT_COUNTER
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, read_id

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
    deliveries = await _repeat(database, lambda uow: _trim_deliveries(uow, before))
    events = await _repeat(database, lambda uow: _trim_events(uow, before, readers))
    if deliveries or events:
        log.info("Trimmed %s deliveries and %s events from before %s", deliveries, events, before.isoformat())
    return deliveries + events


async def _repeat(database: Database, trim: Callable[[UnitOfWork], Awaitable[int]]) -> int:
    total = 0
    while count := await database.write(_BY, trim):
        total += count
        await asyncio.sleep(_PAUSE_SECONDS)
    return total


async def _trim_deliveries(uow: UnitOfWork, before: datetime) -> int:
    """The oldest ones that are done or were given up; their ids begin with the time at which they were made."""
    rows = await uow.fetch(
        f"SELECT id FROM delivery WHERE id < $1 AND status <> 'pending' AND finished_at < $2 ORDER BY id LIMIT $3 "
        f"{_unlocked(uow)}",
        UUID(int=int(before.timestamp() * 1000) << 80),
        before,
        BATCH,
    )
    await _remove_deliveries(uow, [read_id(row["id"]) for row in rows])
    return len(rows)


async def _trim_events(uow: UnitOfWork, before: datetime, readers: tuple[str, ...]) -> int:
    """The oldest ones of no order and no customer that nobody waits for, with their deliveries."""
    upto = await _read_by_all(uow, readers)
    rows = await uow.fetch(
        f"""
        SELECT id FROM event
        WHERE order_id IS NULL AND customer_id IS NULL AND occurred_at < $1 AND recorded_at < $1 AND position <= $2
          AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = event.id AND delivery.status = 'pending')
        ORDER BY occurred_at LIMIT $3 {_unlocked(uow)}
        """,
        before,
        upto,
        BATCH,
    )
    if not rows:
        return 0
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


async def _read_by_all(uow: UnitOfWork, readers: tuple[str, ...]) -> int:
    upto = 2**63 - 1
    for reader in readers:
        rows = await uow.fetch("SELECT position FROM log_reader WHERE name = $1", reader)
        upto = min(upto, int(rows[0]["position"]) if rows else 0)
    return upto


def _unlocked(uow: UnitOfWork) -> str:
    return "FOR UPDATE SKIP LOCKED" if uow.dialect is Dialect.POSTGRES else ""
