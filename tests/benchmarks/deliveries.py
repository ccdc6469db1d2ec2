"""Durable deliveries to a plugin that does nothing, against the bare driver updating the same rows: `python -m tests.benchmarks.deliveries`.

The floor takes the lanes of a batch, reads their deliveries, marks them done with an attempt each, and removes the lanes: the
same rows in the same two transactions, without anything in between. Both on the loop that the server runs on, and with what
lives as long as the process out of the garbage collector's sight, as the server has it. Beside the pace it tells the
processor time of this process for each delivery, which a busy machine changes less (PostgreSQL's own is not in it).
"""

import argparse
import asyncio
import gc
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from uuid import UUID

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table
from tests.benchmarks.run import postgres

from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.events.record import record
from packhouse.events.relay import Relay
from packhouse.hooks import PluginHost
from packhouse.sdk import Event, EventType, PluginManifest, hookimpl, new_id, now
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator, UnitOfWork, open_database
from packhouse.storage.migrate import migrate

BY = Initiator("benchmark", "benchmark")
PER_ORDER = 5
TARGET = 0.5


@dataclass(frozen=True)
class Pace:
    """`rate` deliveries a second, and `cpu` microseconds of this process for each."""

    rate: float
    cpu: float


@dataclass(frozen=True)
class Clocks:
    """Started when it is made."""

    _wall: float = field(default_factory=time.perf_counter)
    _cpu: float = field(default_factory=time.process_time)

    def pace(self, events: int) -> Pace:
        """So many were delivered by now."""
        return Pace(events / (time.perf_counter() - self._wall), (time.process_time() - self._cpu) / events * 1e6)


class Nothing:
    """A plugin that is told everything and does nothing about it; `told` when it was so many times."""

    def __init__(self, times: int) -> None:
        self.told = asyncio.Event()
        self._left = times

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("nothing", "Nothing", "1.0")

    @hookimpl
    async def event_recorded(self, event: Event) -> None:  # noqa: ARG002  (what the hook is called with)
        self._left -= 1
        if not self._left:
            self.told.set()


async def fill(database: Database, events: int) -> None:
    """Events of many orders, numbered, with their lanes due."""
    for start in range(0, events, 1000):

        async def happen(uow: UnitOfWork, start: int = start) -> None:
            for number in range(start, min(start + 1000, events)):
                order = UUID(int=number // PER_ORDER + 1)
                record(uow, EventType.ORDER_CHANGED, new_id(), order_id=order, payload={"n": number})

        await database.write(BY, happen)
    while await assign_positions(database):
        pass


async def product(url: str, events: int) -> Pace:
    """Deliveries by the relay."""
    settings = Settings()
    chosen = settings.plugins.model_copy(update={"enabled": []})
    plugin = Nothing(events)
    host = PluginHost.load(chosen, [plugin])
    database = await open_database(url, before_commit=Outbox(host.listeners).flush)
    try:
        await fill(database, events)
        relay = Relay(database, host, _no_orders, settings.events)
        clocks = Clocks()
        await relay.start()
        # not by looking again and again, which would be part of what is measured
        await plugin.told.wait()
        while await database.fetch("SELECT 1 FROM lane LIMIT 1"):
            await asyncio.sleep(0.01)
        pace = clocks.pace(events)
        await relay.stop()
        rows = await database.fetch("SELECT COUNT(*) AS n FROM delivery WHERE status = 'done'")
        assert rows[0]["n"] == events, rows
        return pace
    finally:
        await database.close()


async def floor_postgres(url: str, events: int) -> Pace:
    """The same rows by bare asyncpg."""
    await _fill_for_floor(url, events)
    connection = await asyncpg.connect(url)
    batch = Settings().events.batch
    position = 0
    clocks = Clocks()
    while True:
        async with connection.transaction():
            lanes = await connection.fetch(
                "WITH due AS MATERIALIZED (SELECT id FROM lane WHERE plugin = 'nothing' ORDER BY due_at LIMIT $1 "
                "FOR UPDATE SKIP LOCKED) UPDATE lane SET due_at = $2 FROM due WHERE lane.id = due.id RETURNING lane.id",
                batch,
                now(),
            )
            ids = [row["id"] for row in lanes]
            rows = await connection.fetch(
                "SELECT delivery.id, event.* FROM delivery JOIN event ON event.id = delivery.event_id "
                "WHERE lane_id = ANY($1) AND status = 'pending' ORDER BY lane_id, position",
                ids,
            )
        if not lanes:
            break
        async with connection.transaction():
            done = [row["id"] for row in rows]
            await connection.execute(
                "UPDATE delivery SET status = 'done', finished_at = $2 WHERE id = ANY($1)", done, now()
            )
            await connection.execute(
                "INSERT INTO delivery_attempt (id, delivery_id, position, started_at, duration_ms, ok, error) "
                "SELECT gen_random_uuid(), each, $3 + place, $2, 0, true, '' "
                "FROM unnest($1::uuid[]) WITH ORDINALITY AS done(each, place)",
                done,
                now(),
                position,
            )
            await connection.execute("DELETE FROM lane WHERE id = ANY($1)", ids)
        position += len(done)
    pace = clocks.pace(events)
    await connection.close()
    return pace


async def floor_sqlite(url: str, events: int) -> Pace:
    """The same rows by the bare driver."""
    await _fill_for_floor(url, events)
    connection = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    batch = Settings().events.batch
    positions = count(1)
    clocks = Clocks()
    while True:
        connection.execute("BEGIN IMMEDIATE")
        ids = connection.execute(
            "UPDATE lane SET due_at = ? WHERE id IN (SELECT id FROM lane WHERE plugin = 'nothing' ORDER BY due_at LIMIT ?) "
            "RETURNING id",
            (now().isoformat(" "), batch),
        ).fetchall()
        marks = ",".join("?" * len(ids))
        lanes = [row[0] for row in ids]
        rows = connection.execute(
            f"SELECT delivery.id, event.* FROM delivery JOIN event ON event.id = delivery.event_id "
            f"WHERE lane_id IN ({marks}) AND status = 'pending' ORDER BY lane_id, position",
            lanes,
        ).fetchall()
        connection.execute("COMMIT")
        if not ids:
            break
        connection.execute("BEGIN IMMEDIATE")
        moment = now().isoformat(" ")
        connection.executemany(
            "UPDATE delivery SET status = 'done', finished_at = ? WHERE id = ?", [(moment, row[0]) for row in rows]
        )
        connection.executemany(
            "INSERT INTO delivery_attempt (id, delivery_id, position, started_at, duration_ms, ok, error) "
            "VALUES (?, ?, ?, ?, 0, 1, '')",
            [(str(new_id()), row[0], next(positions), moment) for row in rows],
        )
        connection.execute(f"DELETE FROM lane WHERE id IN ({marks})", lanes)
        connection.execute("COMMIT")
    pace = clocks.pace(events)
    connection.close()
    return pace


async def _fill_for_floor(url: str, events: int) -> None:
    database = await open_database(url, before_commit=Outbox({EventType.ORDER_CHANGED: ("nothing",)}).flush)
    await fill(database, events)
    await database.close()


async def _no_orders(_: object) -> dict[UUID, object]:
    return {}


async def measure(
    url: str, events: int, rounds: int, floor: Callable[[str, int], Awaitable[Pace]]
) -> list[tuple[Pace, Pace]]:
    """Product and floor in turn, each on rows of its own."""
    await migrate(url)
    gc.collect()
    gc.freeze()
    paces = []
    for _ in range(rounds):
        ours = await product(url, events)
        await _empty(url)
        paces.append((ours, await floor(url, events)))
        await _empty(url)
    return paces


async def _empty(url: str) -> None:
    database = await open_database(url, before_commit=Outbox().flush)

    async def empty(uow: UnitOfWork) -> None:
        for table in ("delivery_attempt", "delivery", "lane", "event"):
            await uow.execute(f"DELETE FROM {table}")

    await database.write(BY, empty)
    await database.close()


def main() -> None:
    """Run it on both databases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres-url", help="a server to use instead of the one from the wheel")
    chosen = parser.parse_args()
    table = Table(
        "database",
        "product",
        "floor",
        "ratio",
        "target",
        "product µs",
        "floor µs",
        title="Deliveries a second to a plugin that does nothing, and processor time of each",
    )
    run = partial(measure, events=chosen.events, rounds=chosen.rounds)
    with tempfile.TemporaryDirectory() as folder:
        _row(table, "sqlite", uvloop.run(run(f"sqlite://{folder}/deliveries.sqlite3", floor=floor_sqlite)))
    print("sqlite done", file=sys.stderr)
    with postgres(chosen.postgres_url) as url:
        _row(table, "postgres", uvloop.run(run(url, floor=floor_postgres)))
    Console(width=100).print(table)


def _row(table: Table, database: str, paces: Sequence[tuple[Pace, Pace]]) -> None:
    def median(of: Callable[[Pace, Pace], float]) -> float:
        return statistics.median(of(ours, theirs) for ours, theirs in paces)

    table.add_row(
        database,
        f"{median(lambda ours, _: ours.rate):.0f}",
        f"{median(lambda _, theirs: theirs.rate):.0f}",
        f"{median(lambda ours, theirs: ours.rate / theirs.rate):.2f}",
        f"≥ {TARGET}",
        f"{median(lambda ours, _: ours.cpu):.1f}",
        f"{median(lambda _, theirs: theirs.cpu):.1f}",
    )


if __name__ == "__main__":
    main()
