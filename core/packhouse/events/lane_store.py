"""The lanes' rows: taking due ones under a lease, and writing down what became of them.

A lease is the lane's row with an owner and a due time in the future; a worker that dies stops renewing, the time comes,
and another one takes the lane. Nobody waits for a row that another worker holds (SKIP LOCKED; SQLite has one writer).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from packhouse.events.arrays import any_id, bound
from packhouse.events.breaker import Blame
from packhouse.events.failures import Failures
from packhouse.events.pauses import put_until, take_probe, turn_of
from packhouse.events.positions import count_on
from packhouse.events.queries import ATTEMPT_COUNTER, EVENT_COLUMNS, read_event
from packhouse.events.states import DeliveryStatus
from packhouse.hooks.state import write_state
from packhouse.sdk.events import Event
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, fresh_id_text, insert_sql, read_time, sqlite_time

_BY = Initiator("system", "lanes")
# A deep lane is read in pieces, so that one order cannot fill the memory.
_LANE_PIECE = 100
_MOST_AT_ONCE = 5000
# found once: Python takes longer to find an enum's member than to compare with it
_DONE, _DEAD = DeliveryStatus.DONE, DeliveryStatus.DEAD
NO_FAILURES = Failures()
_EVENT_WIDTH = len(EVENT_COLUMNS.split(","))
_DUE_COLUMNS = (
    ", ".join(f"event.{column.strip()}" for column in EVENT_COLUMNS.split(","))
    + ", delivery.lane_id, delivery.id AS delivery_id, delivery.attempts, event.traceparent, delivery.faults, "
    "delivery.failing_since"
)
_DUE_WIDTH = 6
_ATTEMPT_COLUMNS = ("id", "delivery_id", "started_at", "duration_ms", "ok", "error", "answer", "position")
_INSERT_ATTEMPT = insert_sql("delivery_attempt", _ATTEMPT_COLUMNS, 1)
_INSERT_ATTEMPTS = """
INSERT INTO delivery_attempt (id, delivery_id, started_at, duration_ms, ok, error, answer, position)
SELECT id, delivery_id, started_at, duration_ms, ok, error, answer, $1 + place
FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[], $6::bool[], $7::text[], $8::text[]) WITH ORDINALITY
     AS made(id, delivery_id, started_at, duration_ms, ok, error, answer, place)
"""
# the driver looks at each element of a list, so what is the same for all is none
_INSERT_PLAIN_ATTEMPTS = """
INSERT INTO delivery_attempt (id, delivery_id, started_at, duration_ms, ok, error, answer, position)
SELECT id, delivery_id, started_at, duration_ms, true, '', '', $1 + place
FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[]) WITH ORDINALITY
     AS made(id, delivery_id, started_at, duration_ms, place)
"""
_PLAIN_WIDTH = 4

FILL_LANE = """
INSERT INTO lane (id, plugin, due_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET version = lane.version + 1
"""
"""Says that a lane (its id, its plugin) has something to do from a time on; one that is there keeps its own time."""
RowId = UUID | str
"""An id that only goes back to where it came from, as the database gave it: reading it would be the dearest part of a row."""


# Neither this nor an attempt is frozen: one of each is made for every delivery, and freezing doubles that.
@dataclass(slots=True)
class DueDelivery:
    """A delivery to make now, and what `failed` before. `traceparent` names the span in which the event happened."""

    id: RowId
    failed: Failures
    event: Event
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class LeasedLane:
    """A lane in our hands, with its next deliveries in the order of their positions.

    `probe`: the plugin is paused for failing, and this lane finds out whether it works again.
    """

    id: RowId
    version: int
    deliveries: tuple[DueDelivery, ...]
    probe: bool = False


@dataclass(slots=True)
class Attempt:
    """One try; `error` is empty where it worked, `status` what the delivery becomes, `failed` what has gone wrong so far."""

    delivery_id: RowId
    started_at: datetime
    duration_ms: int
    status: DeliveryStatus
    failed: Failures = NO_FAILURES
    error: str = ""
    next_attempt_at: datetime | None = None
    blame: Blame = Blame.NONE
    answer: str = ""


@dataclass(slots=True)
class LaneRun:
    """What became of a leased lane so far. `complete` is false while a delivery of its piece is not tried yet.

    `changes` are those of the plugin's state by deliveries that worked.
    """

    lane: LeasedLane
    attempts: list[Attempt] = field(default_factory=list)
    changes: dict[str, str | None] = field(default_factory=dict)
    complete: bool = False

    @property
    def went_well(self) -> bool:
        """Whether it was no probe, and every attempt worked."""
        return not self.lane.probe and all(attempt.status is _DONE for attempt in self.attempts)

    @property
    def due_at(self) -> datetime | None:
        """When its next delivery is to be tried again, None where none has to wait."""
        return self.attempts[-1].next_attempt_at if self.attempts else None


async def lease_lanes(
    database: Database, plugin: str, owner: UUID, *, limit: int, seconds: float, is_expected: bool = False
) -> list[LeasedLane]:
    """Take up to `limit` due lanes of a plugin for `seconds`, the longest waiting first; none while it is paused, and when its pause
    is over one, as a probe, until somebody knows what became of it.

    `is_expected`: there are probably some.
    """
    if limit < 1:
        return []
    # a read is cheaper than a transaction that finds nothing, and this is asked at every poll
    known = None if is_expected else await turn_of(database, plugin)
    if known is not None and not known.is_due:
        return []

    async def take(uow: UnitOfWork) -> list[LeasedLane]:
        turn = known or await turn_of(uow, plugin)
        if not turn.is_due:
            return []
        if turn.probe and not await take_probe(uow, plugin, seconds=seconds):
            return []
        versions = await _take_due(uow, plugin, owner, 1 if turn.probe else limit, seconds)
        if turn.probe and not versions:
            await put_until(uow, plugin, now())
        deliveries = await _due_deliveries(uow, versions, 1 if turn.probe else _LANE_PIECE) if versions else {}
        return [
            LeasedLane(lane, version, tuple(deliveries.get(lane, ())), turn.probe) for lane, version in versions.items()
        ]

    return await database.write(_BY, take)


async def renew_leases(database: Database, owner: UUID, lanes: Collection[RowId], *, seconds: float) -> set[RowId]:
    """Hold lanes for another `seconds`; returns those that are still ours."""

    async def renew(uow: UnitOfWork) -> set[RowId]:
        rows = await uow.fetch(
            f"""
            UPDATE lane SET due_at = $3
            FROM (SELECT id FROM lane WHERE {any_id(uow.dialect, "id", "$1")} AND lease_owner = $2
                  ORDER BY id {uow.for_update()}) AS held
            WHERE lane.id = held.id RETURNING lane.id
            """,
            bound(uow.dialect, lanes),
            owner,
            now() + timedelta(seconds=seconds),
        )
        return {row["id"] for row in rows}

    return await database.write(_BY, renew)


async def settle_lanes(database: Database, plugin: str, owner: UUID, runs: Sequence[LaneRun]) -> bool:
    """Write down every attempt and what the plugin changed in its state, and give the lanes back: gone where nothing is left,
    else due again. Returns whether any is due at once.

    A lane that another worker has taken meanwhile is left to it: that one delivers all of it again, so of ours only the
    attempts are kept.
    """

    async def settle(uow: UnitOfWork) -> bool:
        versions = await _held_versions(uow, owner, [run.lane.id for run in runs])
        held = [run for run in runs if run.lane.id in versions]
        await _write_deliveries(uow, [attempt for run in held for attempt in run.attempts])
        await write_state(uow, plugin, {key: value for run in held for key, value in run.changes.items()})
        has_more = await _give_back(uow, held, versions)
        await _write_attempts(uow, [attempt for run in runs for attempt in run.attempts])
        return has_more

    return await database.write(_BY, settle)


async def redeliver(uow: UnitOfWork, delivery_id: UUID) -> bool:
    """Put a dead delivery back into its lane, for when its cause is mended; False where it is not dead.

    It comes before everything in the lane that is still to do, because its event is the older one.
    """
    rows = await uow.fetch(
        "UPDATE delivery SET status = 'pending', attempts = 0, faults = 0, failing_since = NULL, finished_at = NULL "
        "WHERE id = $1 AND status = 'dead' RETURNING lane_id, plugin",
        delivery_id,
    )
    for row in rows:
        await uow.execute(
            FILL_LANE,
            row["lane_id"],
            row["plugin"],
            now(),
        )
    return bool(rows)


async def _take_due(uow: UnitOfWork, plugin: str, owner: UUID, limit: int, seconds: float) -> dict[RowId, int]:
    skip = "FOR UPDATE SKIP LOCKED" if uow.dialect is Dialect.POSTGRES else ""
    rows = await uow.fetch(
        f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM lane WHERE plugin = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3 {skip})
        UPDATE lane SET lease_owner = $4, due_at = $5 FROM due WHERE lane.id = due.id RETURNING lane.id, lane.version
        """,
        plugin,
        now(),
        limit,
        owner,
        now() + timedelta(seconds=seconds),
    )
    return {row["id"]: row["version"] for row in rows}


async def _due_deliveries(
    uow: UnitOfWork, lanes: Collection[RowId], piece: int
) -> Mapping[RowId, Sequence[DueDelivery]]:
    """The next deliveries of lanes, at most `piece` of each, in the order of their positions."""
    rows = await uow.fetch(
        f"SELECT {_DUE_COLUMNS} FROM delivery JOIN event ON event.id = delivery.event_id "
        f"WHERE {any_id(uow.dialect, 'delivery.lane_id', '$1')} AND delivery.status = 'pending' "
        f"AND event.position IS NOT NULL LIMIT {_MOST_AT_ONCE:d}",
        bound(uow.dialect, lanes),
    )
    if len(rows) == _MOST_AT_ONCE:
        return await _first_due(uow, lanes, piece)
    found = _by_lane(rows)
    for lane, queue in found.items():
        # in their order here: a sort there would carry whole rows
        queue.sort(key=_position)
        found[lane] = queue[:piece]
    return found


async def _first_due(uow: UnitOfWork, lanes: Collection[RowId], piece: int) -> dict[RowId, list[DueDelivery]]:
    """The same where there are so many that all of them together may not fit into memory."""
    rows = await uow.fetch(
        f"""
        SELECT * FROM (
            SELECT {_DUE_COLUMNS}, row_number() OVER (PARTITION BY delivery.lane_id ORDER BY event.position) AS place
            FROM delivery JOIN event ON event.id = delivery.event_id
            WHERE {any_id(uow.dialect, "delivery.lane_id", "$1")} AND delivery.status = 'pending'
              AND event.position IS NOT NULL) AS queue
        WHERE place <= $2 ORDER BY lane_id, place
        """,
        bound(uow.dialect, lanes),
        piece,
    )
    return _by_lane(rows)


def _by_lane(rows: Iterable[Any]) -> dict[RowId, list[DueDelivery]]:
    """Deliveries out of rows that begin with `_DUE_COLUMNS`."""
    found: dict[RowId, list[DueDelivery]] = {}
    for row in rows:
        lane, delivery, attempts, traceparent, faults, since = row[_EVENT_WIDTH : _EVENT_WIDTH + _DUE_WIDTH]
        failed = NO_FAILURES if since is None else Failures(attempts, faults, read_time(since))
        due = DueDelivery(delivery, failed, read_event(row), traceparent)
        if lane in found:
            found[lane].append(due)
        else:
            found[lane] = [due]
    return found


def _position(due: DueDelivery) -> int:
    return due.event.position


async def _held_versions(uow: UnitOfWork, owner: UUID, lanes: Collection[RowId]) -> dict[RowId, int]:
    """The versions of those lanes that are still ours; locked, so that nothing is added until the commit."""
    rows = await uow.fetch(
        f"SELECT id, version FROM lane WHERE {any_id(uow.dialect, 'id', '$1')} AND lease_owner = $2 "
        f"ORDER BY id {uow.for_update()}",
        bound(uow.dialect, lanes),
        owner,
    )
    return {row["id"]: row["version"] for row in rows}


async def _write_deliveries(uow: UnitOfWork, attempts: Sequence[Attempt]) -> None:
    # Not "is pending": that would tempt PostgreSQL to read the whole partial index of pending ones instead of these ids.
    finished_at = now()
    done = [attempt.delivery_id for attempt in attempts if attempt.status is _DONE]
    if done:
        await uow.execute(
            "UPDATE delivery SET status = 'done', attempts = attempts + 1, last_error = '', next_attempt_at = NULL, "
            f"finished_at = $2 WHERE {any_id(uow.dialect, 'id', '$1')} AND status <> 'done'",
            bound(uow.dialect, done),
            finished_at,
        )
    for attempt in attempts:
        if attempt.status is not _DONE:
            await uow.execute(
                "UPDATE delivery SET status = $2, attempts = $3, last_error = $4, next_attempt_at = $5, finished_at = $6, "
                "faults = $7, failing_since = $8 WHERE id = $1 AND status <> 'done'",
                attempt.delivery_id,
                attempt.status.value,
                attempt.failed.attempts,
                attempt.error,
                attempt.next_attempt_at,
                finished_at if attempt.status is _DEAD else None,
                attempt.failed.faults,
                attempt.failed.since,
            )


async def _write_attempts(uow: UnitOfWork, attempts: Sequence[Attempt]) -> None:
    """Insert them with their positions, as the last statements: whoever counts next waits for this commit."""
    if not attempts:
        return
    before = await count_on(uow, ATTEMPT_COUNTER, len(attempts)) - len(attempts)
    if uow.dialect is Dialect.SQLITE:
        await uow.execute_many(_INSERT_ATTEMPT, map(_sqlite_row, attempts, count(before + 1)))
        return
    columns = [list(column) for column in zip(*map(_values, attempts), strict=True)]
    if all(attempt.status is _DONE and not attempt.answer for attempt in attempts):
        await uow.execute(_INSERT_PLAIN_ATTEMPTS, before, *columns[:_PLAIN_WIDTH])
    else:
        await uow.execute(_INSERT_ATTEMPTS, before, *columns)


def _values(attempt: Attempt) -> tuple[Any, ...]:
    """All but the position."""
    return (
        fresh_id_text(),
        attempt.delivery_id,
        attempt.started_at,
        attempt.duration_ms,
        attempt.status is _DONE,
        attempt.error,
        attempt.answer,
    )


def _sqlite_row(attempt: Attempt, position: int) -> tuple[Any, ...]:
    """The same with the position, as SQLite binds it: by hand, because each delivery has one."""
    return (
        fresh_id_text(),
        attempt.delivery_id,
        sqlite_time(attempt.started_at),
        attempt.duration_ms,
        int(attempt.status is _DONE),
        attempt.error,
        attempt.answer,
        position,
    )


async def _give_back(uow: UnitOfWork, runs: Sequence[LaneRun], held: Mapping[RowId, int]) -> bool:
    """Returns whether any is due at once."""
    waiting = [run for run in runs if run.due_at is not None]
    finished: list[RowId] = []
    more: list[RowId] = []
    for run in runs:
        if run.due_at is None:
            (finished if _nothing_left(run, held[run.lane.id]) else more).append(run.lane.id)
    if finished:
        await uow.execute(f"DELETE FROM lane WHERE {any_id(uow.dialect, 'id', '$1')}", bound(uow.dialect, finished))
    if more:
        await uow.execute(
            f"UPDATE lane SET lease_owner = NULL, due_at = $2 WHERE {any_id(uow.dialect, 'id', '$1')}",
            bound(uow.dialect, more),
            now(),
        )
    for run in waiting:
        await uow.execute("UPDATE lane SET lease_owner = NULL, due_at = $2 WHERE id = $1", run.lane.id, run.due_at)
    return bool(more)


def _nothing_left(run: LaneRun, version: int) -> bool:
    """Whether the lane was worked to its end, and nothing was added since it was leased."""
    whole = len(run.lane.deliveries) < (1 if run.lane.probe else _LANE_PIECE)
    return run.complete and whole and version == run.lane.version
