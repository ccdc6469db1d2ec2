import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from packhouse.events import outbox
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.events.queries import events_after
from packhouse.events.record import record
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork, open_database


async def positions(house: Any) -> list[tuple[int, int]]:
    events = await events_after(house.database, 0, limit=1000)
    return [(event.position, event.payload["n"]) for event in events]


async def test_positions_follow_the_order_of_commits_and_of_recording(house: Any) -> None:
    await house.happen(1, 2, 3)
    await house.happen(4)
    assert await assign_positions(house.database) == 4
    await house.happen(5, 6)
    assert await assign_positions(house.database) == 2
    assert await assign_positions(house.database) == 0
    assert await positions(house) == [(n, n) for n in range(1, 7)]


async def test_a_clock_that_is_set_back_changes_no_order(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = new_id()
    await house.happen(1, 2, order_id=order_id)
    monkeypatch.setattr(outbox, "now", lambda: now() - timedelta(hours=1))
    await house.happen(3, 4, order_id=order_id)
    assert await assign_positions(house.database) == 4
    assert await positions(house) == [(n, n) for n in range(1, 5)]


async def test_a_position_is_never_given_twice_even_after_deletion(house: Any) -> None:
    await house.happen(1, 2)
    await assign_positions(house.database)
    await house.database.write(house.by, lambda uow: uow.execute("DELETE FROM event WHERE position = 2"))
    await house.happen(3)
    await assign_positions(house.database)
    assert await positions(house) == [(1, 1), (3, 3)]


async def test_many_events_are_numbered_in_batches(house: Any) -> None:
    await house.happen(*range(1, 2501))
    counts = [await assign_positions(house.database) for _ in range(4)]
    assert counts == [1000, 1000, 500, 0]


async def test_one_assigner_at_a_time(postgres_url: str, by: Initiator) -> None:
    """An advisory lock. What is below is of PostgreSQL too: SQLite has one writer, and nothing commits late."""
    database = await open_database(postgres_url, before_commit=Outbox().flush)
    try:
        await database.write(by, recording("slow"))
        held, release = asyncio.Event(), asyncio.Event()

        async def hold(uow: UnitOfWork) -> None:
            await uow.fetch("SELECT pg_advisory_xact_lock(7254436108)")
            held.set()
            await release.wait()

        holder = asyncio.create_task(database.write(by, hold))
        await held.wait()
        assert await assign_positions(database) is None
        release.set()
        await holder
        assert await assign_positions(database) == 1
    finally:
        await database.close()


def recording(name: str) -> Callable[[UnitOfWork], Awaitable[None]]:
    async def work(uow: UnitOfWork) -> None:
        record(uow, EventType.ORDER_CHANGED, name, payload={"name": name})

    return work


async def test_a_cursor_of_times_or_ids_loses_what_commits_late_and_positions_do_not(
    postgres_url: str, by: Initiator
) -> None:
    """A slow transaction writes its events first and commits last."""
    outbox, written, finish = Outbox(), asyncio.Event(), asyncio.Event()

    async def flush(uow: UnitOfWork) -> None:
        await outbox.flush(uow)
        if uow.pending[0].payload["name"] == "slow":
            written.set()
            await finish.wait()

    database: Database = await open_database(postgres_url, before_commit=flush)
    try:
        slow = asyncio.create_task(database.write(by, recording("slow")))
        await written.wait()
        await database.write(by, recording("fast"))
        await assign_positions(database)
        (fast,) = await database.fetch("SELECT recorded_at, position, payload FROM event")
        finish.set()
        await slow
        await assign_positions(database)
        naive = await database.fetch("SELECT id FROM event WHERE recorded_at > $1", fast["recorded_at"])
        assert list(naive) == []
        (seen,) = await events_after(database, fast["position"], limit=10)
        assert seen.payload == {"name": "slow"}
    finally:
        await database.close()


async def test_a_cursor_of_growing_ids_loses_what_commits_late_and_positions_do_not(
    postgres_url: str, by: Initiator
) -> None:
    """The id that nearly everybody takes for a cursor: a number of a sequence, given when the row is written."""
    outbox, written, finish = Outbox(), asyncio.Event(), asyncio.Event()

    async def flush(uow: UnitOfWork) -> None:
        await outbox.flush(uow)
        name = uow.pending[0].payload["name"]
        await uow.execute("INSERT INTO naive (name) VALUES ($1)", name)
        if name.startswith("slow"):
            written.set()
            await finish.wait()

    database = await open_database(postgres_url, before_commit=flush)
    naive: list[str] = []
    ours: list[str] = []
    last_id = last_position = 0

    async def read() -> None:
        nonlocal last_id, last_position
        for row in await database.fetch("SELECT id, name FROM naive WHERE id > $1 ORDER BY id", last_id):
            naive.append(row["name"])
            last_id = row["id"]
        await assign_positions(database)
        for event in await events_after(database, last_position, limit=100):
            ours.append(event.payload["name"])
            last_position = event.position

    try:
        await database.write(by, lambda uow: uow.execute("CREATE TABLE naive (id bigserial PRIMARY KEY, name text)"))
        for turn in range(5):
            written.clear()
            finish.clear()
            slow = asyncio.create_task(database.write(by, recording(f"slow {turn}")))
            await written.wait()
            await database.write(by, recording(f"fast {turn}"))
            await read()
            finish.set()
            await slow
            await read()
    finally:
        await database.write(by, lambda uow: uow.execute("DROP TABLE IF EXISTS naive"))
        await database.close()
    assert naive == [f"fast {turn}" for turn in range(5)]
    assert ours == [f"{name} {turn}" for turn in range(5) for name in ("fast", "slow")]


async def test_a_reader_by_position_sees_every_event_of_many_writers(postgres_url: str, by: Initiator) -> None:
    outbox = Outbox()

    async def flush(uow: UnitOfWork) -> None:
        await outbox.flush(uow)
        await asyncio.sleep(hash(uow.pending[0].id) % 7 / 500)

    database = await open_database(postgres_url, before_commit=flush, pool_max=12)
    seen: list[str] = []
    writing = True

    async def read() -> None:
        after = 0
        while True:
            done = not writing
            await assign_positions(database)
            page = await events_after(database, after, limit=50)
            seen.extend(event.payload["name"] for event in page)
            after = page[-1].position if page else after
            if done and not page:
                return

    try:
        reader = asyncio.create_task(read())
        gate = asyncio.Semaphore(8)

        async def write(number: int) -> None:
            async with gate:
                await database.write(by, recording(f"{number} {new_id()}"))

        await asyncio.gather(*(write(number) for number in range(200)))
        writing = False
        await reader
    finally:
        await database.close()
    assert len(seen) == len(set(seen)) == 200
