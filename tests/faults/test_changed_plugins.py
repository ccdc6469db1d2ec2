"""A recipient is added while events are recorded, and gets every one from the change on, once and in order.

In the one process beside SQLite; in several that tell each other over NATS; and in several that have lost it, where one after the
other finds out by polling.
"""

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.faults.house import ENDPOINTS, Receiver, many_machines
from tests.faults.load import PLACE, set_up
from tests.faults.machines import Machines

from packhouse.events.audience import plugins_version
from packhouse.events.outbox import Outbox
from packhouse.events.queries import last_position
from packhouse.storage import Database, open_database
from packhouse.testing.nats import nats_beside

SECRET = f"whsec_{base64.b64encode(bytes(range(24))).decode()}"
KEEP = """mutation ($value: String!) {
  setPluginSecret(input: {code: "webhooks", name: "late", value: $value}) { userErrors { code message } } }"""
ADD = """mutation ($value: JSON!) {
  configurePlugin(input: {code: "webhooks", set: [{key: "endpoints.late", value: $value}]}) {
    plugin { status deliveries { plugin } } userErrors { code message } } }"""
WAITING = "SELECT 1 FROM delivery WHERE status = 'pending' LIMIT 1"
UNNUMBERED = "SELECT 1 FROM event WHERE position IS NULL LIMIT 1"


@dataclass(frozen=True, slots=True)
class SetUp:
    """A database, the NATS beside it, and how many processes work on it, as `many_machines` has it."""

    database_url: str
    nats_url: str
    processes: dict[str, int]


@pytest.fixture(params=["embedded", "grown up", "without NATS"])
def on(request: pytest.FixtureRequest) -> SetUp:
    if request.param == "embedded":
        return SetUp(request.getfixturevalue("sqlite_url"), "", {"alone": 1})
    url = str(request.getfixturevalue("postgres_url"))
    return SetUp(url, nats_beside(url) if request.param == "grown up" else "", {"apis": 2, "workers": 1})


async def test_a_new_recipient_misses_nothing(on: SetUp, tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.got["late"] = []
    async with many_machines(tmp_path, on.database_url, on.nats_url, receiver, **on.processes) as machines:
        database = await open_database(on.database_url, before_commit=Outbox().flush)
        try:
            await set_up(machines)
            enough = asyncio.Event()
            placing = [asyncio.create_task(place(machines, number, enough)) for number in range(2)]
            changed_at = await add_recipient(machines, database, address_of_hooks(tmp_path))
            await until_positions(database, changed_at + 100)
            enough.set()
            await asyncio.gather(*placing)
            await until_quiet(database)
            rows = await database.fetch("SELECT position FROM event ORDER BY position")
            positions = [row["position"] for row in rows]
        finally:
            await database.close()
    for name in ENDPOINTS:
        assert receiver.seen(name) == set(positions)
    assert len(receiver.got["late"]) == len(receiver.seen("late"))
    assert receiver.seen("late") >= {each for each in positions if each > changed_at}
    assert receiver.seen("late") < set(positions)
    by_order: dict[str, list[int]] = {}
    for order, position in receiver.got["late"]:
        by_order.setdefault(order, []).append(position)
    assert all(each == sorted(each) for order, each in by_order.items() if order)


def address_of_hooks(folder: Path) -> str:
    (line,) = [line for line in (folder / "packhouse.toml").read_text().splitlines() if line.endswith('/shop"')]
    return line.removeprefix('url = "').removesuffix('/shop"')


async def add_recipient(machines: Machines, database: Database, hooks: str) -> int:
    """Add an endpoint; returns a position that was given before its answer came."""
    kept = await machines.ask(KEEP, {"value": SECRET})
    endpoint = {"url": f"{hooks}/late", "secrets": [{"secret": "late"}]}
    added = (await machines.ask(ADD, {"value": endpoint}))["configurePlugin"]
    changed_at = await last_position(database)
    assert (kept["setPluginSecret"]["userErrors"], added["userErrors"]) == ([], [])
    recipients = sorted(each["plugin"] for each in added["plugin"]["deliveries"])
    assert recipients == ["webhooks/crm", "webhooks/late", "webhooks/shop"]
    assert await plugins_version(database) == 2
    return changed_at


async def place(machines: Machines, number: int, enough: asyncio.Event) -> None:
    turn = 0
    while not enough.is_set():
        turn += 1
        await machines.ask(PLACE, {"email": f"client-{number}-{turn}@example.com"}, turn=turn)


async def until_positions(database: Database, enough: int) -> None:
    async with asyncio.timeout(90):
        while await last_position(database) < enough:
            await asyncio.sleep(0.05)


async def until_quiet(database: Database) -> None:
    async def quiet() -> bool:
        found: list[Any] = [*await database.fetch(WAITING), *await database.fetch(UNNUMBERED)]
        return not found

    async with asyncio.timeout(60):
        while not await quiet():
            await asyncio.sleep(0.1)
