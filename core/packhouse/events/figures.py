"""What the database knows about events and deliveries, counted up to a limit over indexes, so that no look is expensive."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from packhouse.events.states import CallStatus
from packhouse.sdk.values import now
from packhouse.storage import Database
from packhouse.storage.dialect import read_time
from packhouse.telemetry.metrics import Figure

MOST = 10_000
"""A count of this means so many or more."""

_PENDING = f"""
SELECT count(*) AS n, count(failing_since) AS failing, min(id) AS oldest FROM (
    SELECT CAST(delivery.id AS text) AS id, delivery.failing_since FROM lane
    JOIN delivery ON delivery.lane_id = lane.id AND delivery.status = 'pending'
    WHERE lane.plugin = $1 LIMIT {MOST}) AS waiting
"""
_DEAD = (
    f"SELECT count(*) AS n FROM (SELECT 1 FROM delivery WHERE plugin = $1 AND status = 'dead' LIMIT {MOST}) AS given_up"
)
_DUE = f"SELECT count(*) AS n FROM (SELECT 1 FROM lane WHERE plugin = $1 AND due_at <= $2 LIMIT {MOST}) AS due"
# step by step over the index: a lane of each, not all lanes
_WAITED_FOR = """
WITH RECURSIVE waiting(plugin) AS (
    SELECT min(plugin) FROM lane
    UNION ALL SELECT (SELECT min(lane.plugin) FROM lane WHERE lane.plugin > waiting.plugin) FROM waiting
    WHERE waiting.plugin IS NOT NULL)
SELECT plugin FROM waiting WHERE plugin IS NOT NULL
"""
_UNNUMBERED = f"""
SELECT count(*) AS n, min(recorded_at) AS oldest FROM (
    SELECT recorded_at FROM event WHERE position IS NULL LIMIT {MOST}) AS fresh
"""
_IN_DOUBT = f"""
SELECT provider, operation, count(*) AS n FROM (
    SELECT provider, operation FROM provider_call WHERE status = $1 LIMIT {MOST}) AS calls
GROUP BY provider, operation ORDER BY provider, operation
"""


async def event_figures(database: Database, plugins: Sequence[str]) -> list[Figure]:
    """The log, the lanes of these plugins and of all that something waits for, and the calls that nobody knows the end of."""
    waiting = {str(row["plugin"]) for row in await database.fetch(_WAITED_FOR)}
    return [
        *await _log(database),
        *await _deliveries(database, [*plugins, *sorted(waiting - {*plugins})]),
        await _paused(database, plugins),
        await _in_doubt(database),
    ]


async def _log(database: Database) -> list[Figure]:
    (fresh,) = await database.fetch(_UNNUMBERED)
    last = await database.fetch("SELECT position FROM position_counter WHERE name = 'event'")
    readers = await database.fetch("SELECT name, position FROM log_reader ORDER BY name")
    position = int(last[0]["position"]) if last else 0
    age = 0.0 if fresh["oldest"] is None else _seconds_since(read_time(fresh["oldest"]))
    return [
        Figure("events_without_position", f"Committed events not yet numbered, up to {MOST}", (), [((), fresh["n"])]),
        Figure("events_without_position_age_seconds", "Age of the oldest of them", (), [((), age)]),
        Figure("event_position", "The last position of the log", (), [((), position)]),
        Figure(
            "log_reader_lag_events",
            "How many events a reader outside is behind",
            ("reader",),
            [((row["name"],), position - int(row["position"])) for row in readers],
        ),
    ]


async def _deliveries(database: Database, plugins: Sequence[str]) -> list[Figure]:
    pending: list[tuple[tuple[str, ...], float]] = []
    failing: list[tuple[tuple[str, ...], float]] = []
    ages: list[tuple[tuple[str, ...], float]] = []
    dead: list[tuple[tuple[str, ...], float]] = []
    due: list[tuple[tuple[str, ...], float]] = []
    for plugin in plugins:
        (waiting,) = await database.fetch(_PENDING, plugin)
        pending.append(((plugin,), waiting["n"]))
        failing.append(((plugin,), waiting["failing"]))
        ages.append(((plugin,), 0.0 if waiting["oldest"] is None else _seconds_since(_made_at(waiting["oldest"]))))
        dead.append(((plugin,), (await database.fetch(_DEAD, plugin))[0]["n"]))
        due.append(((plugin,), (await database.fetch(_DUE, plugin, now()))[0]["n"]))
    return [
        Figure("deliveries_pending", f"Deliveries still to be made, up to {MOST}", ("plugin",), pending),
        Figure(
            "deliveries_failing", f"Those of them that failed and are tried again, among {MOST}", ("plugin",), failing
        ),
        Figure("deliveries_oldest_age_seconds", f"Age of the oldest, among {MOST} of them", ("plugin",), ages),
        Figure("deliveries_dead", f"Deliveries given up, up to {MOST}", ("plugin",), dead),
        Figure(
            "lanes_due", f"Orders with a delivery that is due and in nobody's hands, up to {MOST}", ("plugin",), due
        ),
    ]


async def _paused(database: Database, plugins: Sequence[str]) -> Figure:
    rows = await database.fetch("SELECT plugin FROM plugin_pause")
    paused = {row["plugin"] for row in rows}
    values = [((plugin,), float(plugin in paused)) for plugin in plugins]
    return Figure("plugin_paused", "Whether deliveries to the plugin are paused", ("plugin",), values)


async def _in_doubt(database: Database) -> Figure:
    rows = await database.fetch(_IN_DOUBT, CallStatus.IN_DOUBT.value)
    return Figure(
        "provider_calls_in_doubt",
        f"Calls that may have worked and wait to be asked about, up to {MOST} in all",
        ("provider", "operation"),
        [((row["provider"], row["operation"]), row["n"]) for row in rows],
    )


def _seconds_since(moment: datetime) -> float:
    return max(0.0, (now() - moment).total_seconds())


def _made_at(delivery_id: Any) -> datetime:  # noqa: ANN401  (a driver's text)
    """When a delivery was written: its id begins with the time (UUID version 7)."""
    return datetime.fromtimestamp((UUID(str(delivery_id)).int >> 80) / 1000, UTC)
