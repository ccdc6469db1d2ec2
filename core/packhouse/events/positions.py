"""Gives committed events their positions: the one cursor that misses nothing.

An id or a time given inside a transaction is none: a slow transaction commits behind a faster one, and a reader that has
passed the faster one's id never sees the slow one's. One assigner at a time numbers what is committed.
"""

from functools import partial

from packhouse.events.audience import complete_deliveries
from packhouse.events.outbox import Outbox
from packhouse.events.queries import EVENT_COUNTER
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect

_LOCK = 7_254_436_108
_BATCH = 1000
_BY = Initiator("system", "positions")

_COUNT = """
INSERT INTO position_counter (name, position) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET position = position_counter.position + excluded.position RETURNING position
"""
# On PostgreSQL recorded_at, which is the server's clock, orders transactions that touch one order, and ordinal the events
# inside one. SQLite's rows are in the order in which its one writer wrote them, wherever the clock was set meanwhile.
_ORDER = {Dialect.POSTGRES: "recorded_at, ordinal, id", Dialect.SQLITE: "place_in_file"}
_FRESH = {Dialect.POSTGRES: "id, recorded_at, ordinal", Dialect.SQLITE: "id, rowid AS place_in_file"}
_ASSIGN = {
    dialect: f"""
    UPDATE event SET position = $1 + fresh.place
    FROM (SELECT id, row_number() OVER (ORDER BY {order}) AS place
          FROM (SELECT {_FRESH[dialect]} FROM event WHERE position IS NULL ORDER BY {order} LIMIT $2) AS oldest) AS fresh
    WHERE event.id = fresh.id RETURNING plugins_version
    """
    for dialect, order in _ORDER.items()
}
# A lane that is there keeps its due time: it is leased, or waits for its next attempt. Sorted, so that nobody deadlocks.
# CROSS JOIN makes SQLite begin with the few events, and not with all that waits for a plugin that is paused.
_FILL_LANES = """
INSERT INTO lane (id, plugin, due_at)
SELECT delivery.lane_id, min(delivery.plugin), $3 FROM event CROSS JOIN delivery
WHERE delivery.event_id = event.id AND event.position > $1 AND event.position <= $2 AND delivery.status = 'pending'
GROUP BY delivery.lane_id ORDER BY delivery.lane_id
ON CONFLICT (id) DO UPDATE SET version = lane.version + 1
"""


async def assign_positions(database: Database, outbox: Outbox | None = None) -> int | None:
    """Number the committed events that have no position, in commit order per order, and make their lanes due.

    `outbox` is that of a process whose plugins may be changed: deliveries are completed by it. Returns how many got one: 0 when
    there was nothing to do, None when another process is at it.

    Raises:
        PluginsChanged: the plugins were changed, and this process has not taken that over; nothing was done.
    """
    waiting = await database.fetch("SELECT id FROM event WHERE position IS NULL LIMIT 1")
    return await database.write(_BY, partial(_assign, outbox=outbox)) if waiting else 0


async def _assign(uow: UnitOfWork, outbox: Outbox | None) -> int | None:
    if uow.dialect is Dialect.POSTGRES and not await _alone(uow):
        return None
    rows = await uow.fetch(
        "SELECT count(*) AS n FROM (SELECT 1 FROM event WHERE position IS NULL LIMIT $1) AS oldest", _BATCH
    )
    count = int(rows[0]["n"])
    if count == 0:
        return 0
    last = await count_on(uow, EVENT_COUNTER, count)
    numbered = await uow.fetch(_ASSIGN[uow.dialect], last - count, count)
    if outbox is not None and outbox.version is not None:
        versions = [row["plugins_version"] for row in numbered if row["plugins_version"] is not None]
        await complete_deliveries(uow, outbox, last - count, last, min(versions, default=None))
    await uow.execute(_FILL_LANES, last - count, last, now())
    return count


async def count_on(uow: UnitOfWork, counter: str, count: int) -> int:
    """Take so many positions of a log's counter; returns the last of them. The counter is ours until the commit."""
    return int((await uow.fetch(_COUNT, counter, count))[0]["position"])


async def _alone(uow: UnitOfWork) -> bool:
    rows = await uow.fetch("SELECT pg_try_advisory_xact_lock($1) AS alone", _LOCK)
    return bool(rows[0]["alone"])
