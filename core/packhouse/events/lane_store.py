"""The lanes' rows: taking due ones under a lease, and writing down what became of them.

A lease is the lane's row with an owner and a due time in the future; a worker that dies stops renewing, the time comes,
and another one takes the lane. Nobody waits for a row that another worker holds (SKIP LOCKED; SQLite has one writer).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.events.arrays import any_id, bound
from packhouse.events.breaker import Blame
from packhouse.events.pauses import turn_of
from packhouse.events.positions import count_on
from packhouse.events.queries import ATTEMPT_COUNTER, EVENT_COLUMNS, read_event
from packhouse.events.states import DeliveryStatus
from packhouse.hooks.state import write_state
from packhouse.sdk.events import Event
from packhouse.sdk.values import new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, read_id

_BY = Initiator("system", "lanes")
# A deep lane is read in pieces, so that one order cannot fill the memory.
_LANE_PIECE = 100
_EVENT_COLUMNS = ", ".join(f"event.{column.strip()}" for column in EVENT_COLUMNS.split(","))


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery to make now; `attempts` were counted before. `traceparent` names the span in which the event happened."""

    id: UUID
    attempts: int
    event: Event
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class LeasedLane:
    """A lane in our hands, with its next deliveries in the order of their positions.

    `probe`: the plugin is paused for failing, and this lane finds out whether it works again.
    """

    id: UUID
    version: int
    deliveries: tuple[DueDelivery, ...]
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try; `error` is empty where it worked, `status` what the delivery becomes, `counted` the attempts so far."""

    delivery_id: UUID
    started_at: datetime
    duration_ms: int
    status: DeliveryStatus
    counted: int
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
    def due_at(self) -> datetime | None:
        """When its next delivery is to be tried again, None where none has to wait."""
        return self.attempts[-1].next_attempt_at if self.attempts else None


async def lease_lanes(database: Database, plugin: str, owner: UUID, *, limit: int, seconds: float) -> list[LeasedLane]:
    """Take up to `limit` due lanes of a plugin for `seconds`, the longest waiting first; none while it is paused."""
    if limit < 1:
        return []
    # a read is cheaper than a transaction that finds nothing, and this is asked at every poll
    turn = await turn_of(database, plugin)
    if not turn.is_due:
        return []

    async def take(uow: UnitOfWork) -> list[LeasedLane]:
        versions = await _take_due(uow, plugin, owner, 1 if turn.probe else limit, seconds)
        deliveries = await _due_deliveries(uow, versions, 1 if turn.probe else _LANE_PIECE) if versions else {}
        return [
            LeasedLane(lane, version, tuple(deliveries.get(lane, ())), turn.probe) for lane, version in versions.items()
        ]

    return await database.write(_BY, take)


async def renew_leases(database: Database, owner: UUID, lanes: Collection[UUID], *, seconds: float) -> set[UUID]:
    """Hold lanes for another `seconds`; returns those that are still ours."""

    async def renew(uow: UnitOfWork) -> set[UUID]:
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
        return {read_id(row["id"]) for row in rows}

    return await database.write(_BY, renew)


async def settle_lanes(database: Database, plugin: str, owner: UUID, runs: Sequence[LaneRun]) -> None:
    """Write down every attempt and what the plugin changed in its state, and give the lanes back: gone where nothing is left,
    else due again.

    A lane that another worker has taken meanwhile is left to it: that one delivers all of it again, so of ours only the
    attempts are kept.
    """

    async def settle(uow: UnitOfWork) -> None:
        versions = await _held_versions(uow, owner, [run.lane.id for run in runs])
        held = [run for run in runs if run.lane.id in versions]
        await _write_deliveries(uow, [attempt for run in held for attempt in run.attempts])
        await write_state(uow, plugin, {key: value for run in held for key, value in run.changes.items()})
        await _give_back(uow, held, versions)
        await _write_attempts(uow, [attempt for run in runs for attempt in run.attempts])

    await database.write(_BY, settle)


async def redeliver(uow: UnitOfWork, delivery_id: UUID) -> bool:
    """Put a dead delivery back into its lane, for when its cause is mended; False where it is not dead.

    It comes before everything in the lane that is still to do, because its event is the older one.
    """
    rows = await uow.fetch(
        "UPDATE delivery SET status = 'pending', attempts = 0, finished_at = NULL WHERE id = $1 AND status = 'dead' "
        "RETURNING lane_id, plugin",
        delivery_id,
    )
    for row in rows:
        await uow.execute(
            "INSERT INTO lane (id, plugin, due_at) VALUES ($1, $2, $3) "
            "ON CONFLICT (id) DO UPDATE SET version = lane.version + 1",
            row["lane_id"],
            row["plugin"],
            now(),
        )
    return bool(rows)


async def _take_due(uow: UnitOfWork, plugin: str, owner: UUID, limit: int, seconds: float) -> dict[UUID, int]:
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
    return {read_id(row["id"]): row["version"] for row in rows}


async def _due_deliveries(uow: UnitOfWork, lanes: Collection[UUID], piece: int) -> Mapping[UUID, list[DueDelivery]]:
    rows = await uow.fetch(
        f"""
        SELECT * FROM (
            SELECT {_EVENT_COLUMNS}, event.traceparent, delivery.id AS delivery_id, delivery.attempts, delivery.lane_id,
                   row_number() OVER (PARTITION BY delivery.lane_id ORDER BY event.position) AS place
            FROM delivery JOIN event ON event.id = delivery.event_id
            WHERE {any_id(uow.dialect, "delivery.lane_id", "$1")} AND delivery.status = 'pending'
              AND event.position IS NOT NULL) AS queue
        WHERE place <= $2 ORDER BY lane_id, place
        """,
        bound(uow.dialect, lanes),
        piece,
    )
    found: dict[UUID, list[DueDelivery]] = {}
    for row in rows:
        due = DueDelivery(read_id(row["delivery_id"]), row["attempts"], read_event(row), row["traceparent"])
        found.setdefault(read_id(row["lane_id"]), []).append(due)
    return found


async def _held_versions(uow: UnitOfWork, owner: UUID, lanes: Collection[UUID]) -> dict[UUID, int]:
    """The versions of those lanes that are still ours; locked, so that nothing is added until the commit."""
    rows = await uow.fetch(
        f"SELECT id, version FROM lane WHERE {any_id(uow.dialect, 'id', '$1')} AND lease_owner = $2 "
        f"ORDER BY id {uow.for_update()}",
        bound(uow.dialect, lanes),
        owner,
    )
    return {read_id(row["id"]): row["version"] for row in rows}


async def _write_deliveries(uow: UnitOfWork, attempts: Sequence[Attempt]) -> None:
    # Not "is pending": that would tempt PostgreSQL to read the whole partial index of pending ones instead of these ids.
    finished_at = now()
    done = [attempt.delivery_id for attempt in attempts if attempt.status is DeliveryStatus.DONE]
    if done:
        await uow.execute(
            "UPDATE delivery SET status = 'done', attempts = attempts + 1, last_error = '', next_attempt_at = NULL, "
            f"finished_at = $2 WHERE {any_id(uow.dialect, 'id', '$1')} AND status <> 'done'",
            bound(uow.dialect, done),
            finished_at,
        )
    for attempt in attempts:
        if attempt.status is not DeliveryStatus.DONE:
            await uow.execute(
                "UPDATE delivery SET status = $2, attempts = $3, last_error = $4, next_attempt_at = $5, finished_at = $6 "
                "WHERE id = $1 AND status <> 'done'",
                attempt.delivery_id,
                attempt.status.value,
                attempt.counted,
                attempt.error,
                attempt.next_attempt_at,
                finished_at if attempt.status is DeliveryStatus.DEAD else None,
            )


async def _write_attempts(uow: UnitOfWork, attempts: Sequence[Attempt]) -> None:
    """Insert them with their positions, as the last statements: whoever counts next waits for this commit."""
    if attempts:
        last = await count_on(uow, ATTEMPT_COUNTER, len(attempts))
        first = last - len(attempts) + 1
        await uow.insert("delivery_attempt", [_attempt_row(*each) for each in enumerate(attempts, start=first)])


def _attempt_row(position: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "id": new_id(),
        "delivery_id": attempt.delivery_id,
        "position": position,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "ok": attempt.status is DeliveryStatus.DONE,
        "error": attempt.error,
        "answer": attempt.answer,
    }


async def _give_back(uow: UnitOfWork, runs: Sequence[LaneRun], held: Mapping[UUID, int]) -> None:
    waiting = [run for run in runs if run.due_at is not None]
    finished: list[UUID] = []
    more: list[UUID] = []
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


def _nothing_left(run: LaneRun, version: int) -> bool:
    """Whether the lane was worked to its end, and nothing was added since it was leased."""
    whole = len(run.lane.deliveries) < _LANE_PIECE and not run.lane.probe
    return run.complete and whole and version == run.lane.version
