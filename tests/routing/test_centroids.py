"""Reading where cities are: beside the event loop, once for the process, and before the first order wants it."""

import asyncio
from collections.abc import Iterator
from threading import Event
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.routing.graphql.test_routing import set_rules

from packhouse.routing import centroids as module
from packhouse.routing.centroids import Centroids, centroids, plain_name, read_centroids
from packhouse.routing.commands.set_routing_rules import SetRoutingRules, set_routing_rules
from packhouse.routing.questions import Rule
from packhouse.routing.states import RuleKind
from packhouse.storage import Database
from packhouse.testing.factories import BY
from packhouse.testing.graphql import Execute
from packhouse.testing.server import running_server, server_settings

SMALL = Centroids({("GB", "leeds"): (53.8, -1.5)}, {})
NEAREST = {"rules": [{"kind": "NEAREST"}]}


class Disk:
    """Stands for the file: counts who reads it, and keeps them waiting until `go` is set."""

    def __init__(self) -> None:
        self.reads, self.began, self.go = 0, Event(), Event()

    def read(self) -> Centroids:
        self.reads += 1
        self.began.set()
        assert self.go.wait(10)
        return SMALL


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Nothing has been read yet, nor is afterwards."""
    disk = Disk()
    monkeypatch.setattr(module, "_centroids", disk.read)
    read_centroids.cache_clear()
    yield disk
    disk.go.set()
    read_centroids.cache_clear()


async def test_the_loop_goes_on_turning_while_they_are_read_once_for_all_who_want_them(disk: Disk) -> None:
    wanting = [asyncio.create_task(centroids()) for _ in range(50)]
    # as many as asyncio's own threads are, and more: none of those is taken
    assert await asyncio.to_thread(lambda: "another thread") == "another thread"
    assert not any(task.done() for task in wanting)
    disk.go.set()
    assert await asyncio.gather(*wanting) == [SMALL] * 50
    assert await centroids() is SMALL
    assert disk.reads == 1


async def test_who_gives_up_waiting_takes_nothing_from_the_others(disk: Disk) -> None:
    leaving, staying = asyncio.create_task(centroids()), asyncio.create_task(centroids())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    disk.go.set()
    assert await staying is SMALL
    assert leaving.cancelled()


async def test_a_file_that_cannot_be_read_is_told_to_everybody(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    del disk

    def gone() -> Centroids:
        raise FileNotFoundError("cities15000.json")

    monkeypatch.setattr(module, "_centroids", gone)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            await centroids()


async def test_a_house_whose_rules_look_at_them_begins_to_read_at_start_and_is_ready_before(
    database_url: str, disk: Disk
) -> None:
    rules = SetRoutingRules("", (Rule(RuleKind.NEAREST),))
    async with running_server(server_settings(database_url)) as server:
        assert read_centroids.cache_info().currsize == 0
        await server.house.database.write(BY, lambda uow: set_routing_rules(uow, rules))
    async with running_server(server_settings(database_url)):
        assert await asyncio.to_thread(disk.began.wait, 10)
        assert not read_centroids().done()
    disk.go.set()


async def test_rules_that_look_at_them_come_into_force_when_they_are_read(
    database: Database, execute: Execute, disk: Disk
) -> None:
    del database
    await set_rules(execute, {"rules": [{"kind": "PRIORITY"}]})
    assert disk.reads == 0
    setting = asyncio.create_task(set_rules(execute, NEAREST))
    assert await asyncio.to_thread(disk.began.wait, 10)
    assert not setting.done()
    disk.go.set()
    assert (await setting)["routingRules"]["version"] == "default-2"
    assert read_centroids().done()


@given(st.text(st.characters(max_codepoint=0x24F)) | st.text())
def test_a_plain_name_is_what_unicode_says(name: str) -> None:
    letters = normalize("NFKD", name.casefold())
    assert plain_name(name) == "".join(each for each in letters if each.isalnum() and not combining(each))
