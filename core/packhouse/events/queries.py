"""Reads the log. A reader that goes on from where it stopped uses positions: ids and times are no cursor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from tortoise.expressions import RawSQL, Subquery
from tortoise.functions import Count

from packhouse.events.arrays import any_id, any_text, bound
from packhouse.events.models import Delivery, DeliveryAttempt, EventRow, PluginPause
from packhouse.events.states import DeliveryStatus
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.values import now
from packhouse.storage import Database
from packhouse.storage.batches import by_id, children
from packhouse.storage.dialect import read_id, read_json, read_time
from packhouse.web.feeds import Bounds

EVENT_COLUMNS = (
    "id, type, position, occurred_at, order_id, actor, origin, reason, correlation_id, causation_id, "
    "schema_version, customer_id, payload"
)
EVENT_COUNTER = "event"
ATTEMPT_COUNTER = "delivery_attempt"
_FIRST = 50
_TYPES = {each.value: each for each in EventType}
# ids are in the order of time, also as text; PostgreSQL has no min(uuid)
_OLDEST = RawSQL("min(CAST(id AS text))")


class _Draft:
    """An event while it is read: Python fills what is frozen five times as slowly, and in memory both are the same."""

    __slots__ = Event.__slots__


def read_event(row: Iterable[Any]) -> Event:
    """An event out of a row that begins with `EVENT_COLUMNS`; `position` is 0 while it has none."""
    # by place: finding eighteen columns by their names takes longer than reading them
    (
        id_,
        type_,
        position,
        occurred_at,
        order_id,
        actor,
        origin,
        reason,
        correlation_id,
        causation_id,
        schema_version,
        customer_id,
        payload,
        *_,
    ) = row
    event: Any = _Draft()
    event.id = read_id(id_)
    event.type = _TYPES[type_]
    event.position = position or 0
    event.occurred_at = read_time(occurred_at)
    event.order_id = None if order_id is None else read_id(order_id)
    event.actor = actor
    event.origin = origin
    event.reason = reason
    event.correlation_id = correlation_id
    event.causation_id = causation_id
    event.schema_version = schema_version
    event.customer_id = None if customer_id is None else read_id(customer_id)
    event.payload = read_json(payload)
    event.__class__ = Event
    return cast("Event", event)


async def last_position(database: Database) -> int:
    """The position of the newest event that has one, 0 where there is none."""
    return (await log_bounds(database, EVENT_COUNTER)).last


async def log_bounds(database: Database, counter: str) -> Bounds:
    """What a log holds now, by the name of its counter."""
    rows = await database.fetch("SELECT position, trimmed FROM position_counter WHERE name = $1", counter)
    return Bounds(int(rows[0]["trimmed"]), int(rows[0]["position"])) if rows else Bounds(0, 0)


async def events_after(
    database: Database,
    after: int,
    *,
    limit: int,
    upto: int | None = None,
    order_ids: Collection[UUID] | None = None,
    types: Collection[EventType] | None = None,
) -> list[Event]:
    """Events with `after` < position ≤ `upto`, in commit order; None for `order_ids` or `types` means all."""
    conditions, values = ["position > $1"], [after, limit]
    for condition, value in _filters(database, upto, order_ids, types):
        values.append(value)
        conditions.append(condition.replace("$n", f"${len(values)}"))
    rows = await database.fetch(
        f"SELECT {EVENT_COLUMNS} FROM event WHERE {' AND '.join(conditions)} ORDER BY position LIMIT $2", *values
    )
    return [read_event(row) for row in rows]


async def timeline(
    database: Database, order_ids: Sequence[UUID], *, first: int = _FIRST, after: int | None = None
) -> dict[UUID, list[Event]]:
    """The first events of each order after a position, oldest first, in one statement for all orders.

    Events that were committed a moment ago and have no position yet come last, with position 0, which is no cursor.
    """
    rows = await database.fetch(
        f"""
        SELECT * FROM (
            SELECT {EVENT_COLUMNS}, row_number() OVER (
                PARTITION BY order_id ORDER BY position IS NULL, position, recorded_at, ordinal) AS place
            FROM event WHERE {any_id(database.dialect, "order_id", "$1")} AND (position > $2 OR position IS NULL)
        ) AS numbered WHERE place <= $3 ORDER BY order_id, place
        """,
        bound(database.dialect, order_ids),
        after or 0,
        first,
    )
    timelines: dict[UUID, list[Event]] = {order_id: [] for order_id in order_ids}
    for row in rows:
        timelines[read_id(row["order_id"])].append(read_event(row))
    return timelines


events_by_id = by_id(EventRow)
attempts_of_deliveries = children(DeliveryAttempt, "delivery_id", "started_at")


def event_ids_of_order(order_id: UUID) -> Subquery:
    """The ids of an order's events, for a condition."""
    return Subquery(EventRow.filter(order_id=order_id).values("id"))


async def pauses_by_plugin(plugins: Sequence[str]) -> Mapping[str, PluginPause]:
    """The pauses of those plugins whose deliveries wait."""
    return {row.plugin: row for row in await PluginPause.filter(plugin__in=list(plugins))}


@dataclass(frozen=True, slots=True)
class Pending:
    """How many deliveries of a plugin wait, how many of them failed before, and when the oldest event among them was recorded."""

    count: int
    failing: int
    oldest_at: datetime


async def pending_of_plugins(plugins: Sequence[str]) -> Mapping[str, Pending]:
    """What waits for each plugin, from the partial index of pending deliveries; plugins that wait for nothing are left out."""
    rows = await (
        Delivery.filter(status=DeliveryStatus.PENDING.value, plugin__in=list(plugins))
        .annotate(waiting=Count("id"), failing=Count("failing_since"), oldest=_OLDEST)
        .group_by("plugin")
        .values("plugin", "waiting", "failing", "oldest")
    )
    oldest = await Delivery.filter(id__in=[row["oldest"] for row in rows]).values("plugin", "event_id")
    events = await events_by_id([row["event_id"] for row in oldest])
    times = {row["plugin"]: events[row["event_id"]].recorded_at for row in oldest if row["event_id"] in events}
    return {
        row["plugin"]: Pending(row["waiting"], row["failing"], times[row["plugin"]])
        for row in rows
        if row["plugin"] in times
    }


async def dead_of_plugins(plugins: Sequence[str]) -> Mapping[str, int]:
    """How many deliveries of each plugin were given up, from the partial index of dead ones."""
    rows = await (
        Delivery.filter(status=DeliveryStatus.DEAD.value, plugin__in=list(plugins))
        .annotate(given_up=Count("id"))
        .group_by("plugin")
        .values("plugin", "given_up")
    )
    return {row["plugin"]: row["given_up"] for row in rows}


def _filters(
    database: Database, upto: int | None, order_ids: Collection[UUID] | None, types: Collection[EventType] | None
) -> list[tuple[str, Any]]:
    dialect = database.dialect
    filters: list[tuple[str, Any]] = []
    if upto is not None:
        filters.append(("position <= $n", upto))
    if order_ids is not None:
        filters.append((any_id(dialect, "order_id", "$n"), bound(dialect, order_ids)))
    if types is not None:
        filters.append((any_text(dialect, "type", "$n"), bound(dialect, [each.value for each in types])))
    return filters


@dataclass(frozen=True, slots=True)
class UnsettledCall:
    """A call to a provider whose end nobody knows: its process died, or no clear answer came."""

    provider: str
    operation: str
    subject_id: UUID
    order_id: UUID | None
    idempotency_key: str
    error: str
    created_at: datetime


async def unsettled_calls(database: Database, operation: str, *, limit: int = 100) -> list[UnsettledCall]:
    """Calls of one operation to be made again with the same key, which asks the provider first; oldest first."""
    rows = await database.fetch(
        """
        SELECT provider, operation, subject_id, order_id, idempotency_key, error, created_at FROM provider_call
        WHERE operation = $1 AND (status = 'in_doubt' OR (status = 'requested' AND claimed_until <= $2))
        ORDER BY created_at LIMIT $3
        """,
        operation,
        now(),
        limit,
    )
    return [
        UnsettledCall(
            provider=row["provider"],
            operation=row["operation"],
            subject_id=read_id(row["subject_id"]),
            order_id=None if row["order_id"] is None else read_id(row["order_id"]),
            idempotency_key=row["idempotency_key"],
            error=row["error"],
            created_at=read_time(row["created_at"]),
        )
        for row in rows
    ]
