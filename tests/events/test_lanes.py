import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from packhouse.events import lane_store, lanes
from packhouse.events.lane_store import LaneRun
from packhouse.sdk import Event, new_id
from packhouse.storage import Database


async def test_a_long_queue_is_read_in_pieces_and_keeps_its_order(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_store, "_LANE_PIECE", 3)
    monkeypatch.setattr(lane_store, "_MOST_AT_ONCE", 10)
    plugins = house.listen(make_plugins())
    orders = [new_id(), new_id()]
    await house.happen(*range(20), order_id=orders[0])
    await house.happen(*range(20, 24), order_id=orders[1])
    relay = await house.relay()
    await relay.drain()
    assert plugins.facts("crm", orders[0]) == list(range(20))
    assert plugins.facts("crm", orders[1]) == list(range(20, 24))
    assert await house.rows("SELECT * FROM lane") == []
    positions = [row["position"] for row in await house.rows("SELECT position FROM delivery_attempt ORDER BY position")]
    assert positions == list(range(1, 25))


async def test_what_went_well_is_written_down_while_the_next_ones_are_delivered(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.settings.batch = 1
    second = asyncio.Event()

    async def hook(_: str, event: Event, __: object) -> None:
        if event.payload["n"] == 2:
            second.set()

    async def waiting(database: Database, plugin: str, owner: UUID, runs: Sequence[LaneRun]) -> bool:
        await second.wait()
        return await lane_store.settle_lanes(database, plugin, owner, runs)

    monkeypatch.setattr(lanes, "settle_lanes", waiting)
    plugins = house.listen(make_plugins(hook=hook))
    await house.happen(1, order_id=new_id())
    await house.happen(2, order_id=new_id())
    relay = await house.relay()
    async with asyncio.timeout(60):
        await relay.drain()
    assert sorted(plugins.facts("crm")) == [1, 2]


async def test_what_failed_is_written_down_before_anything_is_taken(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.settings.batch, house.settings.max_attempts = 1, 1
    happened: list[object] = []

    async def hook(_: str, event: Event, __: object) -> None:
        happened.append(event.payload["n"])
        raise ValueError("broken")

    async def noting(database: Database, plugin: str, owner: UUID, runs: Sequence[LaneRun]) -> bool:
        has_more = await lane_store.settle_lanes(database, plugin, owner, runs)
        happened.append("written")
        return has_more

    monkeypatch.setattr(lanes, "settle_lanes", noting)
    house.listen(make_plugins(hook=hook))
    await house.happen(1, order_id=new_id())
    await house.happen(2, order_id=new_id())
    relay = await house.relay()
    await relay.drain()
    assert happened in ([1, "written", 2, "written"], [2, "written", 1, "written"])
