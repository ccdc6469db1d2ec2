import asyncio
import json
import logging
from typing import Any

import pytest
from tests.web.conftest import Seen
from tests.web.graphql.talking import talking

from packhouse.testing.server import RunningServer
from packhouse.web.graphql import socket as socket_module

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ended(seen: Seen, streams: int) -> None:
    async with asyncio.timeout(2):
        while seen.ended_streams < streams:  # noqa: ASYNC110  (it is the server's, which knows of no test)
            await asyncio.sleep(0.01)


class TestHandshake:
    @pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
    async def test_a_token_in_the_payload(self, server: RunningServer, name: str) -> None:
        async with talking(server, init=False) as client:
            await client.send({"type": "connection_init", "payload": {name: f"Bearer {server.token}"}})
            assert await client.receive() == {"type": "connection_ack"}

    async def test_a_token_by_itself(self, server: RunningServer) -> None:
        async with talking(server, init=False) as client:
            await client.send({"type": "connection_init", "payload": {"token": server.token}})
            assert await client.receive() == {"type": "connection_ack"}

    @pytest.mark.parametrize("message", [{"type": "connection_init"}, {"type": "connection_init", "payload": None}])
    async def test_a_token_in_the_header_and_no_payload(self, server: RunningServer, message: Any) -> None:
        async with talking(server, init=False, additional_headers=server.headers) as client:
            await client.send(message)
            assert await client.receive() == {"type": "connection_ack"}

    @pytest.mark.parametrize(
        "payload",
        [None, {}, {"Authorization": "Bearer ph_wrong"}, {"Authorization": 5}, {"token": "ph_wrong"}, {"token": None}],
    )
    async def test_a_wrong_token_is_4403(self, server: RunningServer, payload: Any) -> None:
        async with talking(server, init=False) as client:
            await client.send({"type": "connection_init", "payload": payload})
            assert await client.closed() == (4403, "Forbidden")

    @pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["mqtt"]])
    async def test_another_protocol_is_4406(self, server: RunningServer, subprotocols: Any) -> None:
        async with talking(server, init=False, subprotocols=subprotocols) as client:
            assert (await client.closed())[0] == 4406

    async def test_subscribing_first_is_4401(self, server: RunningServer) -> None:
        async with talking(server, init=False) as client:
            await client.subscribe("1", "{ hello }")
            assert await client.closed() == (4401, "Unauthorized")

    async def test_a_second_init_is_4429(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.send({"type": "connection_init", "payload": {"token": server.token}})
            assert await client.closed() == (4429, "Too many initialisation requests")

    async def test_saying_nothing_is_4408(self, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket_module, "INIT_SECONDS", 0.05)
        async with talking(server, init=False) as client:
            assert await client.closed() == (4408, "Connection initialisation timeout")

    async def test_the_timeout_ends_with_the_init(self, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket_module, "INIT_SECONDS", 0.3)
        async with talking(server) as client:
            await asyncio.sleep(0.4)
            await client.send({"type": "ping"})
            assert await client.receive() == {"type": "pong"}


class TestBreaches:
    @pytest.mark.parametrize(
        "message",
        [
            "",
            "x",
            "[]",
            '"x"',
            "null",
            "5",
            "{}",
            b'{"type": "ping"}',
            "[" * 5000,
            {"type": None},
            {"type": ["ping"]},
            {"type": "start", "id": "1"},
            {"type": "ping", "payload": "x"},
            {"type": "pong", "payload": []},
            {"type": "connection_init", "payload": []},
            {"type": "subscribe"},
            {"type": "subscribe", "id": {}, "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": "1"},
            {"type": "subscribe", "id": "1", "payload": None},
            {"type": "subscribe", "id": "1", "payload": {}},
            {"type": "subscribe", "id": "1", "payload": {"query": 5}},
            {"type": "complete"},
            {"type": "complete", "id": []},
        ],
    )
    async def test_what_is_no_message_is_4400(
        self, server: RunningServer, message: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with talking(server) as client:
            await client.send(message)
            assert (await client.closed())[0] == 4400
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    async def test_an_id_in_use_is_4409(self, server: RunningServer, seen: Seen) -> None:
        before = seen.ended_streams
        async with talking(server) as client:
            await client.subscribe("1", "subscription { count(upto: 1000, pause: 0.01) }")
            await client.receive()
            await client.subscribe("1", "{ hello }")
            assert await client.closed() == (4409, "Subscriber for 1 already exists")
        await ended(seen, before + 1)


class TestOperations:
    async def test_a_subscription_to_its_end(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("s", "subscription($n: Int) { count(upto: $n) }", variables={"n": 2})
            assert [await client.receive() for _ in range(3)] == [
                {"id": "s", "type": "next", "payload": {"data": {"count": 0}}},
                {"id": "s", "type": "next", "payload": {"data": {"count": 1}}},
                {"id": "s", "type": "complete"},
            ]

    async def test_queries_and_mutations_work_too(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("1", "query A { hello } query B { number(value: 5) }", operationName="B")
            assert await client.receive() == {"id": "1", "type": "next", "payload": {"data": {"number": 5}}}
            assert await client.receive() == {"id": "1", "type": "complete"}
            await client.subscribe("1", 'mutation { name(input: {name: "x"}) { name } }')
            assert (await client.receive())["payload"] == {"data": {"name": {"name": "x"}}}

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ number(value: $x) }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($v: Int!) { number(value: $v) }", "BAD_USER_INPUT"),
            ("", "BAD_USER_INPUT"),
            ("query A { hello } query B { hello }", "BAD_USER_INPUT"),
            ("{" + "hello " * 100_000 + "}", "GRAPHQL_PARSE_FAILED"),
            ("{ me " * 12 + "{ hello }" + "}" * 12, "GRAPHQL_VALIDATION_FAILED"),
        ],
    )
    async def test_what_is_wrong_with_one_ends_that_one(self, server: RunningServer, query: str, code: str) -> None:
        async with talking(server) as client:
            await client.subscribe("1", query, operationName="C" if "query A" in query else None)
            error = await client.receive()
            assert (error["id"], error["type"]) == ("1", "error")
            assert error["payload"][0]["extensions"]["code"] == code
            await client.subscribe("1", "{ hello }")
            assert (await client.receive())["payload"] == {"data": {"hello": "hello world"}}

    @pytest.mark.parametrize("payload", [{"variables": "x"}, {"operationName": 5}, {"extensions": []}])
    async def test_wrong_parameters_end_that_operation(self, server: RunningServer, payload: Any) -> None:
        async with talking(server) as client:
            await client.subscribe("1", "{ hello }", **payload)
            assert (await client.receive())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_resolver_errors_are_masked(self, server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
        async with talking(server) as client:
            await client.subscribe("1", "{ broken }")
            answer = await client.receive()
            assert answer["payload"]["data"] == {"broken": None}
            (error,) = answer["payload"]["errors"]
            assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
            assert error["extensions"]["correlationId"] in caplog.text
            assert "hunter2" not in json.dumps(answer)

    @pytest.mark.parametrize(
        ("query", "variables", "message"),
        [
            ("subscription ($n: Int) { count(upto: $n) }", {"n": "x"}, "Int cannot represent non-integer value: 'x'"),
            ("subscription ($id: ID!) { refusing(id: $id) }", {"id": "VGhpbmc6MQ=="}, "is not the id of a Order"),
        ],
    )
    async def test_a_subscription_that_cannot_be_meant(
        self, server: RunningServer, query: str, variables: Any, message: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with talking(server) as client:
            await client.subscribe("1", query, variables=variables)
            error = await client.receive()
            assert (error["type"], error["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT")
            assert message in error["payload"][0]["message"]
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    async def test_a_stream_that_breaks_is_masked_and_ends(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("1", "subscription { failing }")
            assert (await client.receive())["payload"] == {"data": {"failing": 1}}
            rest = [await client.receive()]
            if rest[0]["type"] == "next":
                rest.append(await client.receive())
            assert rest[-1]["type"] in ("error", "complete")
            assert "INTERNAL_SERVER_ERROR" in json.dumps(rest)
            assert "hunter2" not in json.dumps(rest)
            await client.subscribe("1", "{ hello }")
            assert (await client.receive())["type"] == "next"

    async def test_completing_frees_the_id_and_ends_the_stream(self, server: RunningServer, seen: Seen) -> None:
        before = seen.ended_streams
        async with talking(server) as client:
            await client.subscribe("1", "subscription { count(upto: 1000, pause: 0.01) }")
            await client.receive()
            await client.send({"id": "1", "type": "complete"})
            await client.send({"id": "1", "type": "complete"})
            await client.subscribe("1", "{ hello }")
            answers = [await client.receive()]
            while "hello" not in answers[-1].get("payload", {}).get("data", {}):
                answers.append(await client.receive())
            assert await client.receive() == {"id": "1", "type": "complete"}
            assert seen.ended_streams == before + 1

    async def test_each_event_is_read_afresh(self, server: RunningServer) -> None:
        async with talking(server) as client:
            await client.subscribe("1", "subscription { loaders }")
            first, second = [(await client.receive())["payload"]["data"]["loaders"] for _ in range(2)]
            assert first != second

    async def test_a_client_that_leaves_ends_its_streams(self, server: RunningServer, seen: Seen) -> None:
        before = seen.ended_streams
        async with talking(server) as client:
            for number in range(3):
                await client.subscribe(str(number), "subscription { count(upto: 1000, pause: 0.01) }")
            await client.receive()
        await ended(seen, before + 3)

    async def test_too_many_operations_are_refused_one_by_one(
        self, server: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket_module, "MOST_OPERATIONS", 1)
        async with talking(server) as client:
            await client.subscribe("1", "subscription { count(pause: 0.2, upto: 1) }")
            await client.subscribe("2", "{ hello }")
            refused = await client.receive()
            assert (refused["id"], refused["type"]) == ("2", "error")
            assert refused["payload"][0]["extensions"]["code"] == "THROTTLED"
            assert (await client.receive())["id"] == "1"


class TestPings:
    async def test_a_payload_comes_back(self, server: RunningServer) -> None:
        async with talking(server, init=False) as client:
            await client.send({"type": "ping", "payload": {"at": 5}})
            assert await client.receive() == {"type": "pong", "payload": {"at": 5}}
            await client.send({"type": "pong"})
            await client.send({"type": "ping", "payload": None})
            assert await client.receive() == {"type": "pong"}

    async def test_a_flood_starves_nobody(self, server: RunningServer) -> None:
        async with talking(server) as flooding, talking(server) as other:

            async def flood() -> None:
                for _ in range(20_000):
                    await flooding.send({"type": "ping"})

            task = asyncio.create_task(flood())
            await asyncio.sleep(0.1)
            started = asyncio.get_running_loop().time()
            await other.subscribe("1", "{ hello }")
            assert (await other.receive())["type"] == "next"
            assert asyncio.get_running_loop().time() - started < 2
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            flooding.connection.transport.abort()
