import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from packhouse.events import lane_store, lanes
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.lane_store import LaneRun
from packhouse.events.relay import Relay
from packhouse.events.subjects import no_customers
from packhouse.sdk import Event, ProviderUnavailable, new_id, now
from packhouse.storage import Database, DatabaseLost, UnitOfWork
from packhouse.storage.dialect import read_id


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


async def set_back(house: Any, since: timedelta) -> None:
    """Let deliveries have failed for so long, and be due now."""

    async def work(uow: UnitOfWork) -> None:
        await uow.execute("UPDATE delivery SET failing_since = $1 WHERE failing_since IS NOT NULL", now() - since)
        await uow.execute("UPDATE lane SET due_at = $1", now())

    await house.database.write(house.by, work)


async def deliveries(house: Any) -> list[tuple[str, int, int, bool]]:
    rows = await house.rows(
        "SELECT status, attempts, faults, failing_since FROM delivery JOIN event ON event.id = delivery.event_id "
        "ORDER BY position"
    )
    return [(row["status"], row["attempts"], row["faults"], row["failing_since"] is not None) for row in rows]


async def test_an_outage_of_days_loses_nothing_and_one_of_weeks_lets_the_lane_go_on(
    house: Any, make_plugins: Any
) -> None:
    async def hook(_: str, event: Event, __: object) -> None:
        if event.payload["n"] == 1:
            raise ProviderUnavailable("down")

    house.settings.max_attempts = 1
    plugins = house.listen(make_plugins(hook=hook))
    await house.happen(1, 2, order_id=new_id())
    relay = await house.relay()
    await relay.drain()
    for days in (3, 6.9):
        await set_back(house, timedelta(days=days))
        await relay.drain()
    assert plugins.delivered == []
    (first, second) = await deliveries(house)
    assert first[0] == "pending"
    assert first[1] >= 3
    assert (first[2], first[3]) == (0, True)
    assert second == ("pending", 0, 0, False)
    await set_back(house, timedelta(days=7))
    await house.until_delivered(1)
    await relay.drain()
    assert [each[0] for each in await deliveries(house)] == ["dead", "done"]

    (dead,) = await house.rows("SELECT id FROM delivery WHERE status = 'dead'")
    plugins.hook = None
    await relay.stop()
    await house.database.write(house.by, lambda uow: retry_delivery(uow, read_id(dead["id"])))
    assert (await deliveries(house))[0] == ("pending", 0, 0, False), "it begins anew"


async def test_what_fails_on_our_side_counts_for_nothing_and_is_not_told_as_the_vendors(
    house: Any, make_plugins: Any
) -> None:
    """Reading what the event is about fails, and a plugin takes the loss of our database for its vendor's."""
    failures: list[Exception] = [ValueError("no such column")]

    async def unread(_: Sequence[UUID]) -> Any:
        raise failures[0]

    async def hook(_: str, __: Event, ___: object) -> None:
        try:
            raise DatabaseLost("the server is starting up")
        except OSError as error:
            raise ProviderUnavailable("the vendor is down") from error

    house.settings.max_attempts, house.settings.pause_after = 1, 1
    house.listen(make_plugins(hook=hook))
    await house.happen(1, order_id=new_id())
    relay = Relay(house.database, house.plugins, unread, house.settings, load_customers=no_customers)
    await relay.start()
    await relay.drain()
    await relay.stop()
    (order,) = await house.rows("SELECT order_id FROM event")
    unreadable = f"order {read_id(order['order_id'])} could not be read: ValueError: no such column"
    (row,) = await house.rows(
        "SELECT last_error, error FROM delivery JOIN delivery_attempt ON delivery_id = delivery.id"
    )
    assert row["last_error"] == row["error"] == f"on the side of Packhouse: OwnFailure: {unreadable}"
    assert await deliveries(house) == [("pending", 0, 0, False)]

    await set_back(house, timedelta())
    relay = await house.relay()
    await house.until_rows("SELECT 1 FROM delivery WHERE last_error LIKE '%DatabaseLost%'")
    (row,) = await house.rows("SELECT last_error FROM delivery")
    assert row["last_error"] == "on the side of Packhouse: DatabaseLost: the server is starting up"
    assert await deliveries(house) == [("pending", 0, 0, False)]
    assert await house.rows("SELECT * FROM plugin_pause") == []
