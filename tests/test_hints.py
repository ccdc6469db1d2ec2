"""A house tells the others what it did, and looks at once at what they say that they did: nobody polls here.

By nature this is of the set-up with several processes alone, PostgreSQL with NATS. Processes that poll, and lose NATS, are in
tests/faults; those that a subscriber moves between in tests/end_to_end/test_live_nodes.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from tests.plugins.conftest import Point
from tests.web.conftest import tiny_parts, with_limits

from packhouse.events.bus import Bus
from packhouse.events.positions import count_on
from packhouse.events.queries import ATTEMPT_COUNTER
from packhouse.events.record import record
from packhouse.house import House
from packhouse.jobs import runner
from packhouse.jobs.runner import Job
from packhouse.jobs.store import want_job
from packhouse.plugins import roster
from packhouse.plugins.changes import Configure
from packhouse.plugins.commands.make_change import make_change
from packhouse.plugins.stored import read_stored
from packhouse.plugins.trial import try_change
from packhouse.plugins.vault import Vault
from packhouse.sdk import Event, EventType, PluginContext, PluginManifest, hookimpl, new_id, now
from packhouse.settings import PluginsSettings
from packhouse.storage import Initiator, UnitOfWork
from packhouse.testing.server import running_server, server_settings

NEVER = 3600.0
BY = Initiator("tester", "test")
TOPICS = ("log", "deliveries", "plugins", "jobs")
CHANGE = Configure("listener", {"word": "good day"})


class Greeting(BaseModel):
    word: str = "hello"


class Listener:
    """A plugin whose `told` is what it got, with the word of its settings."""

    told: ClassVar[list[tuple[str, str]]] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("listener", "Listener", "1.0", settings=Greeting)

    @hookimpl
    async def order_changed(self, event: Event, context: PluginContext) -> None:
        self.told.append((context.settings.word, event.payload["n"]))


@dataclass
class Work:
    """A job that counts its runs."""

    runs: int = 0

    async def __call__(self) -> None:
        self.runs += 1


@dataclass
class Other:
    """Another process's ear and voice."""

    bus: Bus
    heard: list[str]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def house(postgres_url: str, work: Work, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """One that has done what there was to do, and will not look by itself."""
    monkeypatch.setattr(runner, "_LONGEST_LOOK", NEVER)
    monkeypatch.setattr(roster, "_POLL_SECONDS", NEVER)
    Listener.told.clear()
    # only what is installed can be changed
    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: [Point("listener", Listener)])
    settings = with_limits(server_settings(postgres_url), "events", poll_seconds=NEVER)
    settings = settings.model_copy(update={"plugins": PluginsSettings()})
    parts = tiny_parts(jobs=lambda _: [Job("nightly", NEVER, work)])
    async with running_server(settings, parts=parts) as server:
        bus = server.house.bus
        assert bus is not None
        await eventually(lambda: bus.is_connected and work.runs == 1)
        await server.house.relay.drain()
        yield server.house


@pytest.fixture
async def other(house: House) -> AsyncIterator[Other]:
    heard: list[str] = []
    bus = Bus(house.settings.nats.url, {topic: partial(heard.append, topic) for topic in TOPICS})
    bus.start()
    await eventually(lambda: bus.is_connected)
    heard.clear()
    yield Other(bus, heard)
    await bus.stop()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  (what is waited for happens in other tasks, which set no event)
            await asyncio.sleep(0.005)


async def happened(uow: UnitOfWork) -> None:
    record(uow, EventType.ORDER_CHANGED, new_id(), order_id=new_id(), payload={"n": "one"})


async def test_others_are_told(house: House, other: Other) -> None:
    await house.database.write(BY, happened)
    await eventually(lambda: {"log", "deliveries"} <= set(other.heard))
    assert Listener.told == [("hello", "one")]
    await house.roster.change(house.database, partial(house.database.write, BY), CHANGE)
    await eventually(lambda: "plugins" in other.heard)
    assert "jobs" not in other.heard
    house.want_job("nightly")
    await eventually(lambda: "jobs" in other.heard)


class TestWhatOthersDid:
    """Written by them, so no commit of this process tells of it."""

    @pytest.fixture(autouse=True)
    async def deaf(self, house: House) -> AsyncIterator[None]:
        """To its own commits."""
        await house.relay.drain()
        listening, house.database.on_commit = house.database.on_commit, []
        yield
        house.database.on_commit = listening

    async def test_events_are_delivered(self, house: House, other: Other) -> None:
        await house.database.write(BY, happened)
        other.bus.announce("log")
        await eventually(lambda: Listener.told == [("hello", "one")])

    async def test_attempts_are_told(self, house: House, other: Other) -> None:
        log = house.live["deliveries"]
        following = asyncio.create_task(take(log.subscribe(await log.end())))
        await asyncio.sleep(0.05)

        async def tried(uow: UnitOfWork) -> None:
            delivery = {"id": new_id(), "event_id": new_id(), "plugin": "listener", "lane_id": new_id()}
            await uow.insert("delivery", [{**delivery, "status": "done"}])
            attempt = {"id": new_id(), "delivery_id": delivery["id"], "started_at": now(), "duration_ms": 1, "ok": True}
            position = await count_on(uow, ATTEMPT_COUNTER, 1)
            await uow.insert("delivery_attempt", [{**attempt, "position": position, "error": ""}])

        await house.database.write(BY, tried)
        other.bus.announce("deliveries")
        assert (await following).plugin == "listener"

    async def test_changed_plugins_are_taken_over(self, house: House, other: Other) -> None:
        vault = Vault.of(house.settings)
        proposed = try_change(house.host, await read_stored(house.database, vault), CHANGE)
        await house.database.write(BY, lambda uow: make_change(uow, vault, CHANGE, proposed))
        other.bus.announce("plugins")
        await eventually(lambda: house.roster.version == 1)
        assert house.host.candidates["listener"].context.settings == Greeting(word="good day")

    async def test_jobs_that_are_wanted_run(self, house: House, other: Other, work: Work) -> None:
        await house.database.write(BY, lambda uow: want_job(uow, "nightly"))
        other.bus.announce("jobs")
        await eventually(lambda: work.runs == 2)


async def take(feed: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(10):
        return await anext(feed)
