"""A replay as it goes on: the figures grow to those that the query tells, and it ends with whoever asked for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.routing.test_replay import fill
from tests.web.graphql.talking import Client, Listener, listening, talking

from packhouse.routing import replay
from packhouse.routing.models import RoutingDecision
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.server import RunningServer, running_server, server_settings

FIGURES = """
fragment Figures on RoutingReplay {
  decisions same unknown endCursor hasMore
  before { parcels split unsentUnits } after { parcels split unsentUnits }
  examples { order { number } before { location units } after { location units } }
}
"""
ARGUMENTS = (
    "$since: DateTime!, $until: DateTime!, $rules: RoutingRulesInput, $after: String, $placement: [StockShareInput!]"
)
GIVEN = "since: $since, until: $until, rules: $rules, after: $after, placement: $placement"
FOLLOW = (
    f"subscription F({ARGUMENTS}) {{ replayRouting({GIVEN}) {{ total isComplete replay {{ ...Figures }} }} }} {FIGURES}"
)
QUERY = f"query Q({ARGUMENTS}) {{ replayRouting({GIVEN}) {{ ...Figures }} }} {FIGURES}"
PRIORITY = {"rules": [{"kind": "PRIORITY"}]}
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def server(database_url: str) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url)) as running:
        yield running


@pytest_asyncio.fixture
async def small(sqlite_url: str) -> AsyncIterator[RunningServer]:
    """Where the database makes no difference."""
    async with running_server(server_settings(sqlite_url)) as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def decided(database: Database, count: int) -> dict[str, Any]:
    """So many decisions, and the span of them all."""
    await make_shop(database)
    order = await make_order(database)
    decision = await RoutingDecision.get(order_id=order.id)
    await fill(database, decision, count - 1)
    began = decision.decided_at
    return {"since": (began - SECOND).isoformat(), "until": (began + count * SECOND).isoformat()}


async def told(client: Client, **variables: Any) -> list[Any]:
    """Everything that a replay tells until it is complete."""
    await client.subscribe("1", FOLLOW, variables=variables)
    found = []
    while (message := await client.receive())["type"] == "next":
        assert "errors" not in message["payload"], message
        found.append(message["payload"]["data"]["replayRouting"])
    assert message == {"id": "1", "type": "complete"}
    return found


async def heard(listener: Listener) -> list[Any]:
    found = []
    while (event := await listener.receive()).name == "next":
        found.append(event.data["data"]["replayRouting"])
    assert event.name == "complete"
    return found


async def test_the_figures_grow_to_those_of_the_query(server: RunningServer, http: aiohttp.ClientSession) -> None:
    span = {**await decided(server.house.database, 1101), "rules": PRIORITY}
    async with talking(server) as client:
        found = await told(client, **span)
        assert [(each["replay"]["decisions"], each["total"], each["isComplete"]) for each in found] == [
            (500, 1101, False),
            (1000, 1101, False),
            (1101, 1101, True),
        ]
        first, last = found[0]["replay"], found[-1]["replay"]
        async with http.post(
            server.graphql, json={"query": QUERY, "variables": span}, headers=server.headers
        ) as response:
            assert (await response.json())["data"]["replayRouting"] == last
        rest = await told(client, **span, after=first["endCursor"])
        assert [(each["replay"]["decisions"], each["total"]) for each in rest] == [(500, 601), (601, 601)]
        for name in ("parcels", "unsentUnits"):
            added = first["after"][name] + rest[-1]["replay"]["after"][name]
            assert added == last["after"][name]
    async with listening(http, server, FOLLOW, variables=span) as listener:
        assert await heard(listener) == found


NO_DAY = {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"until": "2019-01-01T00:00:00Z"}, "until lies before since"),
    ({"rules": {"rules": []}}, "expected 1 to 30 rules"),
    ({"rules": {"rules": [{"kind": "PINNED"}]}}, "pinned needs the option locations"),
    ({"placement": [{"sku": "NONE", "location": "x", "percent": 5}]}, "there is no variant with SKU NONE"),
    ({"placement": [{"sku": "A", "location": "b", "percent": 101}]}, "101 is not from 0 to 100"),
    ({"after": "garbage"}, "not a cursor of this list; take one from pageInfo or edges"),
]


async def test_what_the_query_refuses_is_refused(small: RunningServer, http: aiohttp.ClientSession) -> None:
    async with talking(small) as client:
        for given, text in REFUSED:
            body = {"query": QUERY, "variables": {**NO_DAY, **given}}
            async with http.post(small.graphql, json=body, headers=small.headers) as response:
                (asked,) = (await response.json())["errors"]
            await client.subscribe("1", FOLLOW, variables=body["variables"])
            message = await client.receive()
            assert message["type"] == "error"
            (error,) = message["payload"]
            assert error["message"].endswith(text)
            assert asked["message"].endswith(text)
            assert error["extensions"] == asked["extensions"]
        (only,) = await told(client, **NO_DAY)
    assert (only["total"], only["isComplete"], only["replay"]["decisions"]) == (0, True, 0), "nothing, at once"


class Stalled:
    """Stands for a replay of very many decisions: it tells its first page, then works on until it is ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def pages(self, *_: Any, **__: Any) -> AsyncGenerator[replay.Replay, None]:
        try:
            yield replay.Replay(decisions=500)
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_a_client_that_leaves_ends_it(
    small: RunningServer, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for leave in ("complete", "socket", "stream"):
        stalled = Stalled()
        monkeypatch.setattr(replay, "replay_routing", stalled.pages)
        if leave == "stream":
            async with listening(http, small, FOLLOW, variables=NO_DAY) as listener:
                first = (await listener.receive()).data
                assert not stalled.ended.is_set()
        else:
            async with talking(small) as client:
                await client.subscribe("1", FOLLOW, variables=NO_DAY)
                first = (await client.receive())["payload"]
                assert not stalled.ended.is_set()
                if leave == "complete":
                    await client.send({"id": "1", "type": "complete"})
                    await asyncio.wait_for(stalled.ended.wait(), 10)
        assert first["data"]["replayRouting"]["replay"]["decisions"] == 500
        await asyncio.wait_for(stalled.ended.wait(), 10)


async def test_the_loop_turns_within_a_page(database: Database) -> None:
    await decided(database, 100)
    turns, pages = 0, 0

    async def turn() -> None:
        nonlocal turns
        while not pages:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    async for result in replay.replay_routing(database, now() - 3600 * SECOND, now() + 3600 * SECOND):
        pages += 1
        assert result.decisions == 100
    await turning
    assert pages == 1
    assert turns >= 100 // 20
