"""A plugin that is enabled while events are recorded misses none, whichever process records them."""

import asyncio
from typing import Any

import pytest

from packhouse.events.audience import PluginsChanged
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.events.record import record
from packhouse.sdk import EventType, new_id
from packhouse.storage import UnitOfWork

CRM = {EventType.ORDER_CHANGED: ("crm",)}
BOTH = {EventType.ORDER_CHANGED: ("crm", "mail"), EventType.ORDER_HELD: ("mail",)}


async def set_version(house: Any, version: int) -> None:
    await house.database.write(
        house.by,
        lambda uow: uow.execute(
            "INSERT INTO plugins_version (name, version) VALUES ('plugins', $1) "
            "ON CONFLICT (name) DO UPDATE SET version = $1",
            version,
        ),
    )


async def happen(house: Any, outbox: Outbox, number: int, order_id: Any, **options: Any) -> None:
    house.database.before_commit = outbox.flush
    await house.happen(number, order_id=order_id, **options)


async def deliveries(house: Any) -> list[tuple[str, int]]:
    rows = await house.rows(
        "SELECT delivery.plugin, event.position FROM delivery JOIN event ON event.id = delivery.event_id "
        "ORDER BY delivery.plugin, position"
    )
    return [(row["plugin"], row["position"]) for row in rows]


async def test_what_a_slower_process_recorded_is_completed_when_it_is_numbered(house: Any) -> None:
    slow, fast, order_id = Outbox(CRM, version=0), Outbox(CRM, version=0), new_id()
    await happen(house, slow, 1, order_id)
    assert await assign_positions(house.database, fast) == 1
    await set_version(house, 1)
    await happen(house, slow, 2, order_id)
    await happen(house, slow, 3, order_id, event_type=EventType.ORDER_HELD)
    fast.change(BOTH, 1)
    await happen(house, fast, 4, order_id)
    await happen(house, slow, 5, order_id)
    assert await assign_positions(house.database, fast) == 4
    # what was numbered before the change is not delivered to the new one, everything after it is, once
    assert await deliveries(house) == [
        ("crm", 1),
        ("crm", 2),
        ("crm", 4),
        ("crm", 5),
        ("mail", 2),
        ("mail", 3),
        ("mail", 4),
        ("mail", 5),
    ]
    lanes = await house.rows("SELECT plugin, id FROM lane ORDER BY plugin")
    assert [row["plugin"] for row in lanes] == ["crm", "mail"]
    rows = await house.rows("SELECT DISTINCT lane_id FROM delivery WHERE plugin = 'mail'")
    assert [str(row["lane_id"]) for row in rows] == [str(lanes[1]["id"])]


async def test_a_process_that_is_behind_numbers_nothing(house: Any) -> None:
    slow = Outbox(CRM, version=0)
    await happen(house, slow, 1, new_id())
    await set_version(house, 1)
    with pytest.raises(PluginsChanged):
        await assign_positions(house.database, slow)
    assert await house.rows("SELECT 1 FROM event WHERE position IS NOT NULL") == []
    assert await house.rows("SELECT 1 FROM lane") == []
    slow.change(BOTH, 1)
    assert await assign_positions(house.database, slow) == 1
    assert await deliveries(house) == [("crm", 1), ("mail", 1)]


async def test_imported_history_and_what_decided_by_itself_is_not_completed(house: Any) -> None:
    await set_version(house, 1)

    async def imported(uow: UnitOfWork) -> None:
        record(uow, EventType.ORDER_CHANGED, new_id(), order_id=new_id(), deliver=False)

    house.database.before_commit = Outbox(CRM, version=0).flush
    history = type(house.by)("tester", "import")
    await house.database.write(history, imported)
    await happen(house, Outbox(), 1, new_id())
    assert await assign_positions(house.database, Outbox(BOTH, version=1)) == 2
    assert await deliveries(house) == []


async def test_a_command_leaves_it_to_whoever_numbers_its_events_who_gets_them(house: Any) -> None:
    """Commands load no plugins; also where no plugin was ever changed, theirs hear of what a command did."""
    order_id = new_id()
    await happen(house, Outbox.undecided(), 1, order_id)
    assert await deliveries(house) == []
    numbering = Outbox(CRM, version=0)
    await happen(house, numbering, 2, order_id)
    assert await assign_positions(house.database, numbering) == 2
    assert await deliveries(house) == [("crm", 1), ("crm", 2)]
    await set_version(house, 1)
    numbering.change(BOTH, 1)
    await happen(house, Outbox.undecided(), 3, order_id)
    assert await assign_positions(house.database, numbering) == 1
    assert await deliveries(house) == [("crm", 1), ("crm", 2), ("crm", 3), ("mail", 3)]


async def test_a_relay_that_takes_over_begins_with_the_new_and_leaves_the_old(house: Any, make_plugins: Any) -> None:
    """What the old one is about ends; what is left waits for whoever has the plugin again."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hook(code: str, event: Any, _: Any) -> None:
        if code == "old" and event.payload["n"] == 1:
            reached.set()
            await asyncio.wait_for(go_on.wait(), 10)

    before, after = make_plugins(["old", "stays"], hook), make_plugins(["new", "stays"])
    behind: list[int] = []
    outbox = Outbox(before.listeners, version=0)
    house.database.before_commit = outbox.flush
    house.plugins = before
    relay = await house.relay(outbox=outbox, behind=lambda: behind.append(1))
    order_id = new_id()
    await house.happen(1, 2, order_id=order_id)
    await asyncio.wait_for(reached.wait(), 5)
    await set_version(house, 1)
    await house.happen(3, order_id=order_id)
    async with asyncio.timeout(5):
        while not behind:  # noqa: ASYNC110  (the relay sets no event)
            await asyncio.sleep(0.01)
    outbox.change(after.listeners, 1)
    relay.take_over(after)
    go_on.set()
    await relay.drain()
    assert after.facts("new") == [3]
    assert sorted(before.facts("stays") + after.facts("stays")) == [1, 2, 3]
    await relay.stop()
    assert 1 in before.facts("old")
    assert 3 not in before.facts("old")
    waiting = await house.rows("SELECT 1 FROM delivery WHERE plugin = 'old' AND status = 'pending'")
    assert len(waiting) == 3 - len(before.facts("old"))
