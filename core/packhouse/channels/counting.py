"""Following the log for stock that moved: a position in it says up to where everything was counted.

A transaction that commits late gets its position late, so none is missed; the position moves on in the transaction that keeps
the numbers and records their events, so a crash in between loses nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from packhouse.catalog.models import BundleComponent
from packhouse.channels.commands.count_stock import READER, count_stock, hold_counting
from packhouse.events.queries import EVENT_COUNTER, log_bounds
from packhouse.hooks.services import Services
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, read_id, read_json
from packhouse.storage.unit_of_work import EVERY_VARIANT

_EVENTS_AT_ONCE = 1000
_VARIANTS_AT_ONCE = 500
# A nesting of bundles: a bundle's component may be a bundle.
_DEPTH = 2

_AHEAD = """
SELECT max(position) AS last, count(moved) AS moving FROM (
  SELECT position, moved FROM event WHERE position > $1 ORDER BY position LIMIT $2) AS page
"""
_MOVED = "SELECT position, moved FROM event WHERE position > $1 ORDER BY position LIMIT $2"
_LISTED = """
SELECT variant_id FROM (
  SELECT variant_id FROM listing WHERE channel_id = $1 AND variant_id > $2
  UNION SELECT variant_id FROM channel_stock WHERE channel_id = $1 AND variant_id > $2) AS sold
ORDER BY variant_id LIMIT $3
"""
_BEFORE_ALL = UUID(int=0)


class StockCounter:
    """Counts what channels may sell, as stock moves. Any number of processes may: one at a time does."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looked_at = -1

    async def run(self) -> int:
        """Count what has moved since the last time, and what is to be counted again; returns how many numbers changed."""
        database = self._services.database
        if not await database.fetch("SELECT 1 AS listed FROM listing LIMIT 1"):
            return 0
        changed = 0
        while await self._is_behind(database):
            step = await database.write(Initiator("system", "job"), _follow)
            if step is None:
                return changed
            changed += step
        while await database.fetch("SELECT 1 AS due FROM channel WHERE recount_from IS NOT NULL LIMIT 1"):
            step = await database.write(Initiator("system", "job"), _recount)
            if step is None:
                break
            changed += step
        return changed

    async def _is_behind(self, database: Database) -> bool:
        """Whether there is something to count; events about other things are read once and passed over."""
        rows = await database.fetch("SELECT position FROM log_reader WHERE name = $1", READER)
        counted = int(rows[0]["position"]) if rows else -1
        if counted < (await log_bounds(database, EVENT_COUNTER)).trimmed or not rows:
            return True
        self._looked_at = max(self._looked_at, counted)
        while True:
            [ahead] = await database.fetch(_AHEAD, self._looked_at, _EVENTS_AT_ONCE)
            if ahead["moving"] or self._looked_at - counted >= _EVENTS_AT_ONCE:
                return True
            if ahead["last"] is None:
                return False
            self._looked_at = int(ahead["last"])


async def _follow(uow: UnitOfWork) -> int | None:
    """Count what the next events of the log say has moved; None where there are none, or somebody else is counting."""
    counted = await hold_counting(uow, wait=False)
    if counted is None:
        return None
    bounds = await _bounds(uow)
    if counted < bounds["trimmed"]:
        # the first time, or what had moved was trimmed meanwhile: everything is counted, and the log is followed from here
        await recount_everything(uow)
        await _go_on(uow, int(bounds["position"]))
        return 0
    events = await uow.fetch(_MOVED, counted, _EVENTS_AT_ONCE)
    if not events:
        return None
    moved = {UUID(each) for event in events for each in read_json(event["moved"]) or ()}
    if EVERY_VARIANT in moved:
        moved.discard(EVERY_VARIANT)
        await recount_everything(uow)
    changed = await count_stock(uow, await _with_bundles(moved))
    await _go_on(uow, int(events[-1]["position"]))
    return changed


async def _recount(uow: UnitOfWork) -> int | None:
    """Count the next variants of a channel whose terms have changed; None where somebody else is counting."""
    if await hold_counting(uow, wait=False) is None:
        return None
    # not locked against those who refer to the channel, only against those who change it
    lock = "FOR NO KEY UPDATE" if uow.dialect is Dialect.POSTGRES else ""
    rows = await uow.fetch(
        f"SELECT id, recount_from FROM channel WHERE recount_from IS NOT NULL ORDER BY id LIMIT 1 {lock}"
    )
    if not rows:
        return 0
    channel_id = read_id(rows[0]["id"])
    found = await uow.fetch(_LISTED, channel_id, read_id(rows[0]["recount_from"]), _VARIANTS_AT_ONCE)
    variants = [read_id(row["variant_id"]) for row in found]
    is_over = len(variants) < _VARIANTS_AT_ONCE
    await uow.execute(
        "UPDATE channel SET recount_from = $2 WHERE id = $1", channel_id, None if is_over else variants[-1]
    )
    return await count_stock(uow, variants, channel_id)


async def recount(uow: UnitOfWork, channel_id: UUID) -> None:
    """Let everything that a channel sells be counted again, because its terms have changed."""
    await uow.execute("UPDATE channel SET recount_from = $2 WHERE id = $1", channel_id, _BEFORE_ALL)


async def recount_everything(uow: UnitOfWork) -> None:
    """Let everything that any channel sells be counted again."""
    await uow.execute("UPDATE channel SET recount_from = $1", _BEFORE_ALL)


async def _bounds(uow: UnitOfWork) -> Mapping[str, Any]:
    rows = await uow.fetch("SELECT position, trimmed FROM position_counter WHERE name = $1", EVENT_COUNTER)
    return rows[0] if rows else {"position": 0, "trimmed": 0}


async def _go_on(uow: UnitOfWork, position: int) -> None:
    await uow.execute("UPDATE log_reader SET position = $2 WHERE name = $1", READER, position)


async def _with_bundles(variants: Collection[UUID]) -> set[UUID]:
    """Variants, and the bundles that they are in."""
    found, newest = set(variants), set(variants)
    for _ in range(_DEPTH):
        rows = await BundleComponent.filter(component_id__in=sorted(newest))
        newest = {row.bundle_id for row in rows}
        found |= newest
    return found
