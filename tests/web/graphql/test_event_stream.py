import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from tests.web.conftest import Seen, happen
from tests.web.graphql.asking import GRAPHQL, JSON, ask, send
from tests.web.graphql.talking import SentEvent, listening

from packhouse.events.event_log import EVENTS
from packhouse.testing.server import RunningServer
from packhouse.web.graphql import event_stream as event_stream_module
from packhouse.web.graphql.log_cursors import write_log_cursor

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAM = "text/event-stream"
COMPLETE = SentEvent("complete")


class TestNegotiation:
    @pytest.mark.parametrize("accept", [STREAM, f"{JSON}, {STREAM}", f"{STREAM};q=0.1, {GRAPHQL}"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_subscription_is_streamed_to_who_asks_for_it(
        self, client: aiohttp.ClientSession, server: RunningServer, accept: str, method: str
    ) -> None:
        query = "subscription { count(upto: 2) }"
        async with listening(client, server, query, method=method, headers={"Accept": accept}) as stream:
            assert [await stream.receive() for _ in range(4)] == [
                SentEvent("next", {"data": {"count": 0}}),
                SentEvent("next", {"data": {"count": 1}}),
                COMPLETE,
                SentEvent("cut off"),
            ]
            assert stream.response.headers["cache-control"] == "no-store, no-transform"
            assert stream.response.headers["x-accel-buffering"] == "no"

    @pytest.mark.parametrize("accept", [JSON, "*/*", "text/*", f"{STREAM};q=0, {JSON}"])
    async def test_a_subscription_is_told_where_to_go_otherwise(
        self, client: aiohttp.ClientSession, server: RunningServer, accept: str
    ) -> None:
        answer = await ask(client, server, "subscription { count }", accept)
        assert (answer.status, answer.code) == ((406 if accept == "text/*" else 400), "BAD_USER_INPUT")

    @pytest.mark.parametrize("query", ["{ hello }", 'mutation { name(input: {name: "x"}) { name } }', "{", "{ no }"])
    async def test_anything_else_is_json_where_that_is_taken(
        self, client: aiohttp.ClientSession, server: RunningServer, query: str
    ) -> None:
        answer = await ask(client, server, query, f"{STREAM}, {JSON};q=0.1")
        assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"

    @pytest.mark.parametrize(
        ("query", "data"),
        [
            ("{ hello }", {"hello": "hello world"}),
            ('mutation { name(input: {name: "x"}) { name } }', {"name": {"name": "x"}}),
        ],
    )
    async def test_and_is_streamed_where_nothing_else_is_taken(
        self, client: aiohttp.ClientSession, server: RunningServer, query: str, data: Any
    ) -> None:
        async with listening(client, server, query) as stream:
            assert [await stream.receive() for _ in range(2)] == [SentEvent("next", {"data": data}), COMPLETE]

    async def test_a_get_changes_nothing(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        query = 'mutation { name(input: {name: "x"}) { name } }'
        answer = await send(client, server, "GET", params={"query": query}, headers={"Accept": STREAM})
        assert (answer.status, answer.headers["allow"]) == (405, "POST")

    async def test_a_token_is_needed(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        headers = {"Accept": STREAM, "Authorization": None}
        answer = await send(client, server, json={"query": "subscription { count }"}, headers=headers)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")

    async def test_a_body_that_is_no_request_is_refused(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        answer = await send(client, server, json={"query": 5}, headers={"Accept": STREAM})
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


class TestErrors:
    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription ($n: Int!) { count(upto: $n) }", "BAD_USER_INPUT"),
            ('subscription { facts(after: "x") }', "BAD_USER_INPUT"),
        ],
    )
    async def test_what_is_wrong_is_an_event_and_the_end(
        self, client: aiohttp.ClientSession, server: RunningServer, query: str, code: str
    ) -> None:
        async with listening(client, server, query) as stream:
            first = await stream.receive()
            assert (first.name, first.data["errors"][0]["extensions"]["code"]) == ("next", code)
            assert "data" not in first.data
            assert await stream.receive() == COMPLETE

    async def test_a_stream_that_breaks_is_masked(
        self, client: aiohttp.ClientSession, server: RunningServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with listening(client, server, "subscription { failing }") as stream:
            assert (await stream.receive()).data == {"data": {"failing": 1}}
            text = str((await stream.receive()).data)
            assert "INTERNAL_SERVER_ERROR" in text
            assert "hunter2" not in text
            assert await stream.receive() == COMPLETE
        assert [record.levelno for record in caplog.records if record.levelno >= logging.ERROR] == [logging.ERROR]


class TestConnection:
    async def test_it_says_that_it_lives(
        self, client: aiohttp.ClientSession, server: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_stream_module, "KEEP_ALIVE_SECONDS", 0.02)
        async with listening(client, server, "subscription { count(upto: 1, pause: 0.3) }") as stream:
            assert (await stream.receive()).data == {"data": {"count": 0}}
            assert len(stream.comments) > 2
            assert set(stream.comments) == {""}

    async def test_who_leaves_ends_the_stream(
        self, client: aiohttp.ClientSession, server: RunningServer, seen: Seen
    ) -> None:
        before = seen.ended_streams
        async with listening(client, server, "subscription { count(upto: 1000, pause: 0.01) }") as stream:
            await stream.receive()
        async with asyncio.timeout(5):
            while seen.ended_streams == before or len(server.house.clients):  # noqa: ASYNC110  (it is the server's)
                await asyncio.sleep(0.01)

    async def test_the_last_event_s_id_resumes(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        query = "subscription { facts }"
        async with listening(client, server, query) as stream:
            await happen(server, "one", "two", "three")
            first = await stream.receive()
            assert first.data == {"data": {"facts": "one"}, "extensions": {"cursor": first.id}}
        headers = {"Last-Event-ID": first.id}
        async with listening(client, server, query, headers=headers) as stream:
            assert [(await stream.receive()).data["data"]["facts"] for _ in range(2)] == ["two", "three"]
        # what the client says itself counts more
        variables = {"after": write_log_cursor(EVENTS, 2)}
        query = "subscription ($after: String) { facts(after: $after) }"
        async with listening(client, server, query, headers=headers, variables=variables) as stream:
            assert (await stream.receive()).data["data"]["facts"] == "three"

    async def test_a_last_event_s_id_of_somebody_else_is_refused(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        async with listening(client, server, "subscription { facts }", headers={"Last-Event-ID": "17"}) as stream:
            error = (await stream.receive()).data["errors"][0]
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": ["after"]}
            assert await stream.receive() == COMPLETE
