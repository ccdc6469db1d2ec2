"""What a plugin keeps in a delivery is written down with it, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from packhouse.events.lane_store import lease_lanes, settle_lanes
from packhouse.events.lanes import LaneWorker
from packhouse.events.positions import assign_positions
from packhouse.hooks import PluginHost
from packhouse.hooks.handover import idempotency_key
from packhouse.sdk import Event, PluginContext, PluginManifest, hookimpl, new_id, now
from packhouse.settings import Settings

React = Callable[[Event, PluginContext], Awaitable[None]]


class Counting:
    """Counts an order's events in its own store; `react` is called when that is set."""

    def __init__(self, react: React | None = None) -> None:
        self.react = react
        self.before: list[tuple[int, Any]] = []
        self.keys: list[tuple[int, str]] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("counting", "Counting", "1.0")

    @hookimpl
    async def order_changed(self, event: Event, context: PluginContext) -> None:
        key = f"order/{event.order_id}"
        count = await context.state.get(key, 0)
        self.before.append((event.payload["n"], count))
        self.keys.append((event.payload["n"], context.idempotency_key))
        await context.state.set(key, count + 1)
        if self.react is not None:
            await self.react(event, context)


def host_of(house: Any, plugin: Counting) -> PluginHost:
    settings = Settings().plugins.model_copy(update={"enabled": []})
    host = PluginHost.load(settings, [plugin], installed=(), database=lambda: house.database)
    house.listen(host)
    return host


async def kept(house: Any) -> list[str]:
    return [row["value"] for row in await house.rows("SELECT value FROM plugin_state ORDER BY key")]


async def test_later_deliveries_of_a_run_read_what_earlier_ones_set(house: Any) -> None:
    plugin = Counting()
    host_of(house, plugin)
    first, second = sorted([new_id(), new_id()])
    await house.happen(1, 2, 3, order_id=first)
    await house.happen(4, 5, order_id=second)
    relay = await house.relay()
    await relay.drain()
    assert sorted(plugin.before) == [(1, 0), (2, 1), (3, 2), (4, 0), (5, 1)]
    assert await kept(house) == ["3", "2"]
    await house.happen(6, order_id=first)
    await relay.drain()
    assert plugin.before[-1] == (6, 3)


async def test_a_failed_attempts_changes_are_dropped_and_the_key_stays_the_same(house: Any) -> None:
    failures = 1

    async def react(event: Event, _: PluginContext) -> None:
        nonlocal failures
        if event.payload["n"] == 2 and failures:
            failures -= 1
            raise ConnectionError("try later")

    plugin = Counting(react)
    host_of(house, plugin)
    order_id = new_id()
    _, second, _ = await house.happen(1, 2, 3, order_id=order_id)
    relay = await house.relay()
    await relay.drain()
    assert await kept(house) == ["1"]
    await house.until_rows("SELECT 1 FROM plugin_state WHERE value = '3'")
    assert plugin.before == [(1, 0), (2, 1), (2, 1), (3, 2)]
    keys = [key for number, key in plugin.keys if number == 2]
    assert keys == [idempotency_key("counting", second)] * 2
    assert len(set(plugin.keys)) == 3


async def test_what_was_given_up_leaves_nothing(house: Any) -> None:
    async def react(_: Event, __: PluginContext) -> None:
        raise ValueError("never")

    house.settings.max_attempts = 1
    host_of(house, Counting(react))
    relay = await house.relay()
    await house.happen(1, order_id=new_id())
    await relay.drain()
    assert await house.rows("SELECT 1 FROM delivery WHERE status = 'dead'")
    assert await kept(house) == []


async def test_a_worker_that_lost_its_lease_writes_nothing_but_its_attempts(house: Any) -> None:
    """The one that took over delivers again, and reads and writes as if the first had never been."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def react(event: Event, _: PluginContext) -> None:
        if event.payload["n"] == 2 and not go_on.is_set():
            reached.set()
            await asyncio.wait_for(go_on.wait(), 10)

    plugin = Counting(react)
    host = host_of(house, plugin)
    order_id = new_id()
    await house.happen(1, 2, order_id=order_id)
    await assign_positions(house.database)

    async def no_orders(_: Any) -> dict[Any, Any]:
        return {}

    stalled = LaneWorker(house.database, host, "counting", no_orders, house.settings)
    await stalled._turn()
    await asyncio.wait_for(reached.wait(), 5)
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE lane SET due_at = $1", now()))
    other = LaneWorker(house.database, host, "counting", no_orders, house.settings)
    (taken,) = await lease_lanes(house.database, "counting", other.owner, limit=10, seconds=60)
    assert len(taken.deliveries) == 2
    go_on.set()
    await asyncio.wait([task for task, _ in stalled._running.values()])
    await stalled._settle(stalled._finished())
    assert await kept(house) == []
    assert [row["status"] for row in await house.rows("SELECT status FROM delivery")] == ["pending", "pending"]
    assert len(await house.rows("SELECT id FROM delivery_attempt WHERE ok")) == 2

    await other._start([taken])
    await asyncio.wait([task for task, _ in other._running.values()])
    await other._settle(other._finished())
    assert plugin.before == [(1, 0), (2, 1), (1, 0), (2, 1)]
    assert await kept(house) == ["2"]
    assert [row["status"] for row in await house.rows("SELECT status FROM delivery")] == ["done", "done"]
    assert await house.rows("SELECT id FROM lane") == []


async def test_state_and_delivery_are_written_together(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that marks the delivery done fails at its end: neither is there, and the next worker does both."""
    plugin = Counting()
    host = host_of(house, plugin)
    await house.happen(1, order_id=new_id())
    await assign_positions(house.database)

    async def no_orders(_: Any) -> dict[Any, Any]:
        return {}

    worker = LaneWorker(house.database, host, "counting", no_orders, house.settings)
    (lane,) = await lease_lanes(house.database, "counting", worker.owner, limit=10, seconds=60)
    await worker._start([lane])
    await asyncio.wait([task for task, _ in worker._running.values()])
    runs = [run for _, run in worker._running.values()]

    async def killed(*_: object) -> None:
        raise ConnectionError("killed before the commit")

    with monkeypatch.context() as patched:
        patched.setattr("packhouse.events.lane_store._give_back", killed)
        with pytest.raises(ConnectionError):
            await settle_lanes(house.database, "counting", worker.owner, runs)
    assert await kept(house) == []
    assert [row["status"] for row in await house.rows("SELECT status FROM delivery")] == ["pending"]
    await settle_lanes(house.database, "counting", worker.owner, runs)
    assert await kept(house) == ["1"]
    assert [row["status"] for row in await house.rows("SELECT status FROM delivery")] == ["done"]


async def test_side_by_side_the_last_one_written_down_wins(house: Any) -> None:
    """Two orders' deliveries set one key: neither sees the other's, and the one that is settled last is kept."""

    async def react(event: Event, context: PluginContext) -> None:
        assert await context.state.get("shared") is None
        await context.state.set("shared", event.payload["n"])

    plugin = Counting(react)
    host = host_of(house, plugin)
    await house.happen(1, order_id=new_id())
    await house.happen(2, order_id=new_id())
    await assign_positions(house.database)

    async def no_orders(_: Any) -> dict[Any, Any]:
        return {}

    worker = LaneWorker(house.database, host, "counting", no_orders, house.settings)
    lanes = await lease_lanes(house.database, "counting", worker.owner, limit=10, seconds=60)
    await worker._start(lanes)
    await asyncio.wait([task for task, _ in worker._running.values()])
    runs = {run.lane.deliveries[0].event.payload["n"]: run for _, run in worker._running.values()}
    await settle_lanes(house.database, "counting", worker.owner, [runs[2]])
    await settle_lanes(house.database, "counting", worker.owner, [runs[1]])
    (row,) = await house.rows("SELECT value FROM plugin_state WHERE key = 'shared'")
    assert row["value"] == "1"
