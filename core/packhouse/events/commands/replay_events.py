"""Delivering events of the past to a plugin again, or for the first time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from packhouse.events.arrays import any_id, any_text, bound
from packhouse.events.commands.pause_plugin import require_known
from packhouse.events.lane_store import FILL_LANE
from packhouse.events.outbox import lane_id
from packhouse.events.queries import EVENT_COLUMNS, EVENT_COUNTER, last_position, log_bounds, read_event
from packhouse.sdk.errors import Refused
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, fresh_id_text, read_id, read_time, sqlite_time

MOST_EVENTS = 10_000
_PAGE = 500
_DELIVER_AGAIN = """
INSERT INTO delivery (id, event_id, plugin, lane_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (event_id, plugin) DO UPDATE SET status = 'pending', attempts = 0, faults = 0, failing_since = NULL,
    next_attempt_at = NULL, finished_at = NULL
WHERE delivery.status <> 'pending'
"""


@dataclass(frozen=True, slots=True)
class ReplayEvents:
    """Which events a plugin is to get again: those recorded from `since` on, before `until` (None: up to now), after a position.

    `types` None means all that the plugin has hooks for.
    """

    plugin: str
    since: datetime
    until: datetime | None = None
    types: frozenset[EventType] | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events will be delivered, up to which position; `more` where the call stopped at its limit.

    `is_whole` is False where events of no order and no customer may be missing: the log no longer keeps all of that time.
    """

    events: int
    position: int
    more: bool
    is_whole: bool = True


async def replay_events(
    database: Database, by: Initiator, data: ReplayEvents, wanted: Collection[EventType], known: Collection[str]
) -> Replayed:
    """Make deliveries of past events, in their order; at most 10,000 a call, in pieces, so that nobody waits for them.

    Imported history is left out, as it was the first time. The events keep their ids, so a plugin that remembers what it did
    does nothing twice. A call that was interrupted can be repeated: what is still to do is not doubled.

    Raises:
        Refused: UNKNOWN_PLUGIN; INVALID_RANGE; INVALID_POSITION: the log has not come as far as `after`.
    """
    require_known(data.plugin, known)
    if data.until is not None and data.until <= data.since:
        raise Refused("INVALID_RANGE", "until has to be later than since", "until")
    last = await last_position(database)
    if data.after > last:
        raise Refused(
            "INVALID_POSITION", f"the last event has position {last}: {data.after} is beyond the log", "after"
        )
    types = [each for each in wanted if data.types is None or each in data.types]
    begin = position = max(data.after, await position_before(database, data.since))
    end = last if data.until is None else await position_before(database, data.until)
    count = 0
    while types and position < end and count < MOST_EVENTS:
        page = await _events(database, position, end, types)
        if not page:
            position = end
            break
        count += await database.write(by, partial(_deliver_again, plugin=data.plugin, events=page))
        position = page[-1].position if len(page) == _PAGE else end
    is_whole = begin >= (await log_bounds(database, EVENT_COUNTER)).trimmed
    return Replayed(count, position, more=position < end and bool(types), is_whole=is_whole)


async def position_before(database: Database, moment: datetime) -> int:
    """The position of the last event recorded before a moment, 0 where there is none: found by halving, log₂ n look-ups."""
    low, high = 0, await last_position(database)
    while low < high:
        middle = (low + high + 1) // 2
        # the next one that is there: positions have holes where old events were taken out
        rows = await database.fetch(
            "SELECT position, recorded_at FROM event WHERE position >= $1 ORDER BY position LIMIT 1", middle
        )
        if rows and read_time(rows[0]["recorded_at"]) < moment:
            low = int(rows[0]["position"])
        else:
            high = middle - 1
    return low


async def _events(database: Database, after: int, upto: int, types: Sequence[EventType]) -> list[Event]:
    rows = await database.fetch(
        f"SELECT {EVENT_COLUMNS} FROM event WHERE position > $1 AND position <= $2 "
        f"AND {any_text(database.dialect, 'type', '$3')} AND origin <> 'import' ORDER BY position LIMIT $4",
        after,
        upto,
        bound(database.dialect, [each.value for each in types]),
        _PAGE,
    )
    return [read_event(row) for row in rows]


async def _deliver_again(uow: UnitOfWork, plugin: str, events: Sequence[Event]) -> int:
    kept = await _kept(uow, events)
    lanes = {event.id: lane_id(plugin, event) for event in events if event.id in kept}
    if not lanes:
        return 0
    await uow.execute_many(
        _DELIVER_AGAIN, [(fresh_id_text(), str(event_id), plugin, str(lane)) for event_id, lane in lanes.items()]
    )
    due = now() if uow.dialect is Dialect.POSTGRES else sqlite_time(now())
    # sorted, because others lock lanes in this order too
    await uow.execute_many(FILL_LANE, [(str(lane), plugin, due) for lane in sorted(set(lanes.values()))])
    return len(lanes)


async def _kept(uow: UnitOfWork, events: Sequence[Event]) -> set[UUID]:
    """Those of some events that were not trimmed since they were read, and are not until the commit."""
    share = "FOR KEY SHARE" if uow.dialect is Dialect.POSTGRES else ""
    rows = await uow.fetch(
        f"SELECT id FROM event WHERE {any_id(uow.dialect, 'id', '$1')} {share}",
        bound(uow.dialect, [event.id for event in events]),
    )
    return {read_id(row["id"]) for row in rows}
