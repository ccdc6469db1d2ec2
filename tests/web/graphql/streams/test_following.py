"""Following a log over WebSocket and Server-Sent Events, through a running server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from tests.web.conftest import Seen, happen, tiny_parts
from tests.web.graphql.talking import Client, listening, talking

from packhouse.events.event_log import EVENTS
from packhouse.sdk import EventType
from packhouse.storage import Initiator
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.streams import clients as clients_module

FACTS = "subscription F($after: String) { facts(after: $after) }"
# what is recorded of tokens is no fact
CHANGES = "subscription { facts(only: ORDER_CHANGED) }"


@pytest_asyncio.fixture
async def server(database_url: str) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url), parts=tiny_parts()) as running:
        yield running


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def take(client: Client, count: int, id_: str = "1") -> list[str]:
    return [(await client.next("facts", id_))[0] for _ in range(count)]


def narrow_socket(server: RunningServer) -> socket.socket:
    """A connection that takes little: what its client does not read stays with the server."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    parts = urlsplit(server.url)
    narrow.connect((parts.hostname, parts.port))
    narrow.setblocking(False)
    return narrow


async def numbered(server: RunningServer, *names: str) -> None:
    """Facts that have their positions, and that the server has taken in."""
    await happen(server, *names)
    await server.house.relay.drain()
    head = (await server.house.relay.live.bounds()).last
    async with asyncio.timeout(5):
        while server.house.relay.live.head < head:  # noqa: ASYNC110  (nobody is told)
            await asyncio.sleep(0.01)


class TestResuming:
    async def test_every_message_has_its_cursor_and_one_goes_on_from_it(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("1", FACTS)
            await client.has_begun()
            await happen(server, "one", "two", "three")
            got = [await client.next("facts") for _ in range(3)]
        assert [name for name, _ in got] == ["one", "two", "three"]
        assert [cursor for _, cursor in got] == [write_log_cursor(EVENTS, position) for position in (1, 2, 3)]
        await happen(server, "four")
        async with talking(server) as client:
            await client.subscribe("1", FACTS, variables={"after": got[1][1]})
            assert await take(client, 2) == ["three", "four"]
            await happen(server, "five")
            assert await take(client, 1) == ["five"]

    async def test_after_a_restart_nothing_is_missed_or_repeated(self, database_url: str) -> None:
        async with running_server(server_settings(database_url), parts=tiny_parts()) as first:
            async with talking(first) as client:
                await client.subscribe("1", FACTS)
                await client.has_begun()
                await happen(first, "one", "two")
                _, cursor = await client.next("facts")
            await happen(first, "three")
        async with running_server(server_settings(database_url), parts=tiny_parts()) as second:
            await happen(second, "four")
            async with talking(second) as client:
                await client.subscribe("1", FACTS, variables={"after": cursor})
                assert await take(client, 3) == ["two", "three", "four"]

    async def test_whoever_is_behind_catches_up_and_joins_the_others(self, server: RunningServer, seen: Seen) -> None:
        names = [str(number) for number in range(500)]
        async with talking(server) as leading, talking(server) as back:
            await leading.subscribe("1", FACTS)
            await leading.has_begun()
            for start in range(0, 500, 100):
                await happen(server, *names[start : start + 100])
            assert await take(leading, 500) == names
            await back.subscribe("1", FACTS, variables={"after": write_log_cursor(EVENTS, 100)})
            assert await take(back, 400) == names[100:]
            before = seen.told
            await happen(server, "last")
            assert await take(leading, 1) == await take(back, 1) == ["last"]
            assert (seen.told - before, server.house.streams.shared) == (1, 1)

    async def test_many_who_come_back_a_little_behind_share_what_they_missed(
        self, server: RunningServer, seen: Seen
    ) -> None:
        names = [str(number) for number in range(100)]
        await numbered(server, *names)
        before = seen.told
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(talking(server)) for _ in range(10)]
            for behind, client in enumerate(clients):
                after = write_log_cursor(EVENTS, 50 + behind)
                await client.subscribe("1", FACTS, variables={"after": after})
                # the first one is the furthest behind
                assert await take(client, 1) == [names[50 + behind]]
            for behind, client in enumerate(clients, start=1):
                assert await take(client, 50 - behind) == names[50 + behind :]
        assert seen.told - before == 50

    async def test_events_while_somebody_catches_up_come_once(self, server: RunningServer) -> None:
        names = [str(number) for number in range(600)]
        await numbered(server, *names[:200])
        async with talking(server) as leading, talking(server) as back:
            await leading.subscribe("1", FACTS)
            await leading.has_begun()
            await back.subscribe("1", FACTS, variables={"after": write_log_cursor(EVENTS, 0)})
            for start in range(200, 600, 20):
                await happen(server, *names[start : start + 20])
            assert await take(leading, 400) == names[200:]
            assert await take(back, 600) == names

    async def test_a_filter_that_matches_little_joins_too(self, server: RunningServer) -> None:
        held = "subscription F($after: String) { facts(after: $after, only: ORDER_HELD) }"
        await happen(server, "first", event_type=EventType.ORDER_HELD)
        await numbered(server, *map(str, range(50)))
        async with talking(server) as client:
            await client.subscribe("1", held, variables={"after": write_log_cursor(EVENTS, 0)})
            assert await take(client, 1) == ["first"]
            await happen(server, "other")
            await happen(server, "second", event_type=EventType.ORDER_HELD)
            assert await take(client, 1) == ["second"]
            assert server.house.streams.shared == 1

    async def test_a_cursor_in_the_document_works_too(self, server: RunningServer) -> None:
        await numbered(server, "one", "two")
        async with talking(server) as client:
            await client.subscribe("1", f'subscription {{ facts(after: "{write_log_cursor(EVENTS, 1)}") }}')
            assert await take(client, 1) == ["two"]

    @pytest.mark.parametrize(
        ("cursor", "code"),
        [
            ("", "BAD_USER_INPUT"),
            ("x", "BAD_USER_INPUT"),
            ("1", "BAD_USER_INPUT"),
            (write_log_cursor("deliveries", 1), "BAD_USER_INPUT"),
            (write_log_cursor(EVENTS, -1), "BAD_USER_INPUT"),
            (write_log_cursor(EVENTS, 2**62), "BAD_USER_INPUT"),
            (write_log_cursor(EVENTS, 0), "CURSOR_EXPIRED"),
            (5, "BAD_USER_INPUT"),
        ],
    )
    async def test_a_cursor_that_cannot_be_followed_ends_that_one(
        self, server: RunningServer, cursor: Any, code: str
    ) -> None:
        await numbered(server, "one", "two")
        await server.house.database.write(
            Initiator("tester", "test"), lambda uow: uow.execute("UPDATE position_counter SET trimmed = 1")
        )
        async with talking(server) as client:
            # others follow the same, so nothing has to be executed for it
            await client.subscribe("0", FACTS)
            await client.subscribe("1", FACTS, variables={"after": cursor})
            error = await client.receive()
            assert (error["id"], error["type"]) == ("1", "error")
            assert error["payload"][0]["extensions"]["code"] == code
            await client.subscribe("1", FACTS, variables={"after": write_log_cursor(EVENTS, 1)})
            assert await take(client, 1) == ["two"]


class TestStates:
    async def test_begins_with_the_state_also_where_others_follow_already(self, server: RunningServer) -> None:
        await numbered(server, "one")
        counting = "subscription ($after: String) { factCount(after: $after) }"
        async with talking(server) as early, talking(server) as late:
            await early.subscribe("1", counting)
            assert await early.next("factCount") == (1, write_log_cursor(EVENTS, 1))
            await happen(server, "two")
            assert await early.next("factCount") == (2, write_log_cursor(EVENTS, 2))
            await late.subscribe("1", counting)
            assert (await late.next("factCount"))[0] == 2
            await happen(server, "three")
            assert await early.next("factCount") == await late.next("factCount") == (3, write_log_cursor(EVENTS, 3))
            assert server.house.streams.shared == 1


class TestSharing:
    async def test_identical_ones_are_executed_once(
        self, server: RunningServer, client: aiohttp.ClientSession, seen: Seen
    ) -> None:
        async with talking(server) as one, talking(server) as two, listening(client, server, FACTS) as stream:
            await one.subscribe("1", FACTS)
            await one.subscribe("2", FACTS, variables={"after": write_log_cursor(EVENTS, 0)})
            await two.subscribe("1", FACTS, variables={"after": None})
            await one.has_begun()
            await two.has_begun()
            before = seen.told
            await happen(server, "one")
            expected = {"data": {"facts": "one"}, "extensions": {"cursor": write_log_cursor(EVENTS, 1)}}
            got = [await each.receive() for each in (one, one, two)]
            assert sorted(each["id"] for each in got[:2]) == ["1", "2"]
            assert [each["payload"] for each in got] == [expected] * 3
            assert (await stream.receive()).data == expected
            assert (seen.told - before, server.house.streams.shared) == (1, 1)

    async def test_different_ones_are_not_shared(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("1", FACTS)
            await client.subscribe("2", "subscription F($after: String) { facts(after: $after, size: 2) }")
            await client.has_begun()
            await happen(server, "one")
            got = [await client.receive() for _ in range(2)]
            assert {each["id"]: each["payload"]["data"]["facts"] for each in got} == {"1": "one", "2": "one.."}
            assert server.house.streams.shared == 2

    async def test_nothing_is_left_of_those_who_have_gone(
        self, server: RunningServer, client: aiohttp.ClientSession
    ) -> None:
        async with talking(server) as one, listening(client, server, FACTS):
            await one.subscribe("1", FACTS)
            await one.subscribe("2", FACTS)
            await one.has_begun()
            await one.send({"id": "1", "type": "complete"})
            await one.has_begun()
            assert (server.house.streams.shared, len(server.house.clients)) == (1, 2)
        async with asyncio.timeout(5):
            while len(server.house.clients) or server.house.streams.shared:  # noqa: ASYNC110  (the server's tables)
                await asyncio.sleep(0.01)


class TestSlowClients:
    async def test_one_that_does_not_read_lags_and_resumes(self, server: RunningServer) -> None:
        big = "subscription F($after: String) { facts(after: $after, size: 300000) }"
        narrow = narrow_socket(server)
        async with (
            talking(server, max_queue=1, max_size=None, compression=None, sock=narrow) as slow,
            talking(server, max_size=None) as fast,
        ):
            await slow.subscribe("1", big)
            await fast.subscribe("1", big)
            await slow.has_begun()
            await fast.has_begun()
            got = []
            for start in range(0, 60, 5):
                await happen(server, *map(str, range(start, start + 5)))
                got += [name.rstrip(".") for name in await take(fast, 5)]
            assert got == [str(number) for number in range(60)]
            names, cursor = [], ""
            while (message := await slow.receive())["type"] == "next":
                names.append(message["payload"]["data"]["facts"].rstrip("."))
                cursor = message["payload"]["extensions"]["cursor"]
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"] == {"code": "LAGGED", "cursor": cursor}
            assert 0 < len(names) < 60
            await slow.subscribe("1", FACTS, variables={"after": cursor})
            assert names + await take(slow, 60 - len(names)) == [str(number) for number in range(60)]
        assert b'packhouse_subscriptions_lagged_total{log="events"} 1.0' in server.house.metrics.text()

    async def test_one_that_does_not_read_its_event_stream_lags_too(self, server: RunningServer) -> None:
        def narrow(address: Any) -> socket.socket:
            made = socket.socket(*address[:3])
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            return made

        connector = aiohttp.TCPConnector(socket_factory=narrow)
        async with (
            aiohttp.ClientSession(connector=connector, read_bufsize=2**20) as session,
            listening(session, server, "subscription { facts(size: 300000) }") as stream,
        ):
            for start in range(0, 60, 5):
                await numbered(server, *map(str, range(start, start + 5)))
            names, cursor, event = [], None, await stream.receive()
            while "data" in event.data:
                names.append(event.data["data"]["facts"].rstrip("."))
                cursor, event = event.id, await stream.receive()
            assert event.data["errors"][0]["extensions"] == {"code": "LAGGED", "cursor": cursor}
            assert (await stream.receive()).name == "complete"
            assert 0 < len(names) < 60
            resumed = {"Last-Event-ID": str(cursor)}
            async with listening(session, server, "subscription { facts }", headers=resumed) as again:
                names += [(await again.receive()).data["data"]["facts"] for _ in range(60 - len(names))]
        assert names == [str(number) for number in range(60)]


class TestEnds:
    async def test_a_revoked_token_ends_its_streams_within_seconds(
        self, server: RunningServer, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clients_module, "CHECK_SECONDS", 0.05)
        async with talking(server) as socket, listening(client, server, CHANGES) as stream:
            await socket.subscribe("1", CHANGES)
            await socket.has_begun()
            rows = await server.house.database.fetch("SELECT name FROM access_token")
            await server.house.database.write(
                Initiator("tester", "test"), lambda uow: revoke_token(uow, rows[0]["name"], OPERATOR)
            )
            assert await socket.closed() == (4403, "Forbidden: the access token was revoked or has expired")
            last = await stream.receive()
            assert (last.name, last.data["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
            assert (await stream.receive()).name == "complete"
        assert (server.house.streams.shared, len(server.house.clients)) == (0, 0)

    async def test_what_ends_by_itself_may_do_so_before_a_restart(
        self, server: RunningServer, client: aiohttp.ClientSession
    ) -> None:
        slow = "{ slow(seconds: 0.5) }"
        async with talking(server) as socket, listening(client, server, slow) as stream:
            await socket.subscribe("1", FACTS)
            await socket.subscribe("2", slow)
            await socket.has_begun()
            ending = asyncio.create_task(server.house.clients.dismiss_all())
            assert await socket.receive() == {"id": "2", "type": "next", "payload": {"data": {"slow": "done"}}}
            assert await socket.receive() == {"id": "2", "type": "complete"}
            assert (await socket.closed())[0] == 1012
            assert (await stream.receive()).data == {"data": {"slow": "done"}}
            assert (await stream.receive()).name == "complete"
            await ending

    async def test_a_server_that_stops_sends_its_clients_elsewhere(
        self, server: RunningServer, client: aiohttp.ClientSession
    ) -> None:
        async with talking(server) as socket, listening(client, server, FACTS) as stream:
            await socket.subscribe("1", FACTS)
            await socket.has_begun()
            await server.house.clients.dismiss_all()
            assert await socket.closed() == (1012, "Service restart: connect again and resume")
            assert (await stream.receive()).name == "cut off"
            assert stream.comments[-1] == "service restart: connect again and resume"
