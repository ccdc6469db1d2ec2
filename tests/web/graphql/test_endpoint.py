import asyncio
import base64
import logging
from typing import Any

import aiohttp
import pytest
from tests.web.graphql.asking import GRAPHQL, JSON, ask, send

from packhouse.testing.server import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            (JSON, JSON),
            (GRAPHQL, GRAPHQL),
            (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
            (f"{JSON}, {GRAPHQL}", JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            (f"{GRAPHQL};q=0.1, */*;q=0.8", JSON),
            # urql sends all of these: a plain query is no stream
            (f"{GRAPHQL}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
            ("text/event-stream, application/json;q=0.5", JSON),
        ],
    )
    async def test_the_client_chooses(
        self, client: aiohttp.ClientSession, server: RunningServer, accept: str, media_type: str
    ) -> None:
        answer = await ask(client, server, "{ hello }", accept)
        assert answer.status == 200
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.json == {"data": {"hello": "hello world"}}

    async def test_no_accept_means_json(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        async with client.post(
            server.graphql, json={"query": "{ hello }"}, headers=server.headers, skip_auto_headers=["Accept"]
        ) as response:
            assert response.headers["content-type"] == f"{JSON}; charset=utf-8"

    @pytest.mark.parametrize(
        "accept", ["text/plain", "text/event-stream;q=0", "image/*", "application/json;q=0", "xapplication/json"]
    )
    async def test_nothing_acceptable_is_406(
        self, client: aiohttp.ClientSession, server: RunningServer, accept: str
    ) -> None:
        answer = await ask(client, server, "{ hello }", accept)
        assert answer.status == 406
        assert answer.message == f"Answers are {GRAPHQL} or {JSON}"

    async def test_an_invalid_document_is_400_or_200_by_the_media_type(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")):
            for accept, status in ((GRAPHQL, 400), (JSON, 200)):
                answer = await ask(client, server, query, accept)
                assert (answer.status, answer.code) == (status, code)
                assert "data" not in answer.json

    async def test_wrong_variables_are_400_or_200_by_the_media_type(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        for accept, status in ((GRAPHQL, 400), (JSON, 200)):
            query = "query($v: Int!) { number(value: $v) }"
            answer = await ask(client, server, query, accept, variables={"v": "x"})
            assert (answer.status, answer.code) == (status, "BAD_USER_INPUT")
            assert "data" not in answer.json


class TestMethods:
    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
    async def test_others_are_405(self, client: aiohttp.ClientSession, server: RunningServer, method: str) -> None:
        answer = await send(client, server, method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, POST"

    async def test_get(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        parameters = {"query": "query A($n: String!) { hello(name: $n) } query B { hello }"}
        parameters |= {"variables": '{"n": "you"}', "operationName": "A", "extensions": ""}
        answer = await send(client, server, "GET", params=parameters)
        assert answer.json == {"data": {"hello": "hello you"}}

    async def test_get_of_a_mutation_is_refused(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        parameters = {"query": 'mutation { name(input: {name: "x"}) { name } }'}
        answer = await send(client, server, "GET", params=parameters)
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
        assert answer.message == "Mutations need POST"

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_subscription_is_told_where_to_go(
        self, client: aiohttp.ClientSession, server: RunningServer, method: str
    ) -> None:
        query = {"query": "subscription { count }"}
        options: dict[str, Any] = {"params": query} if method == "GET" else {"json": query}
        answer = await send(client, server, method, **options)
        assert answer.status == 400
        assert "graphql-transport-ws" in answer.message

    async def test_a_long_url_is_414(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        answer = await send(client, server, "GET", params={"query": "{ hello }" + " " * 9000})
        assert answer.status == 414

    async def test_a_slash_too_many_is_not_redirected(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        answer = await send(client, server, url=f"{server.graphql}/", json={"query": "{ hello }"})
        assert answer.status == 404
        assert answer.json == {"error": {"code": "NOT_FOUND", "message": "Not Found"}}


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"x",
            b'"x"',
            b"null",
            b"5",
            b"[]",
            b"true",
            b"{}",
            b'{"query": null}',
            b'{"query": ""}',
            b'{"query": 5}',
            b'{"query": {"a": 1}}',
            b'{"query": "{ hello }", "variables": "x"}',
            b'{"query": "{ hello }", "variables": []}',
            b'{"query": "{ hello }", "operationName": 5}',
            b'{"query": "{ hello }", "operationName": "Nobody"}',
            b'{"query": "{ hello }", "extensions": 5}',
            b'[{"query": "{ hello }"}]',
            b'\xff\xfe{"query": "{ hello }"}',
            b'{"query": "{ hello(name: \\"\xff\\") }"}',
            b'{"query": "{ hello }", "variables": {"a": "\\ud800"}}',
            b'{"query": "{ hello }", "variables": {"a": ["\\u0000"]}}',
            rb'{"query": "{ hello(name: \"\\u0000\") }"}',
            b'{"query": "{ hello }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"query": "{ hello }", "variables": ' + b'{"a":' * 100_000,
            b'{"query": "{ hello(name: \\"\\ud800\\") }"}',
            b'{"query": ' + b"9" * 1_000_000 + b"}",
        ],
    )
    async def test_what_cannot_be_meant_is_400(
        self, client: aiohttp.ClientSession, server: RunningServer, body: bytes
    ) -> None:
        for accept in (GRAPHQL, JSON):
            answer = await send(client, server, data=body, headers={"Content-Type": JSON, "Accept": accept})
            assert (answer.status, answer.code) == (400, "BAD_USER_INPUT"), answer.text
            assert "data" not in answer.json

    @pytest.mark.parametrize(
        "query",
        [
            "{ number(value: %s) }" % ("9" * 500_000),
            "{ number(value: 99999999999999999999) }",
            "{ hello(name: %s) }" % ("[" * 2400),
            "{ me" * 2000,
            "{ me" * 1000 + "}" * 1000,
            '{ hello(name: "\\ud800") }',
            "query($v: Int!) { number(value: $v) }",
            "{ thing(thing: %s) }" % ('{name: "a", parts: [' * 400 + "]}" * 400),
            "fragment F on Query { hello }",
            "{ ...F } fragment F on Query { ...F }",
            "{ hello } { hello }",
            "query A { hello } query B { hello }",
        ],
    )
    async def test_hostile_documents_are_400(
        self, client: aiohttp.ClientSession, server: RunningServer, query: str
    ) -> None:
        answer = await ask(client, server, query)
        assert answer.status == 400, answer.text[:300]
        assert "data" not in answer.json

    @pytest.mark.parametrize("value", ["9" * 4000, "1e400", "1e5", "-0.5", "true", '"1"', "9999999999"])
    async def test_hostile_integers_are_400(
        self, client: aiohttp.ClientSession, server: RunningServer, value: str
    ) -> None:
        body = '{"query": "query($v: Int!) { number(value: $v) }", "variables": {"v": VALUE}}'.replace("VALUE", value)
        answer = await send(client, server, data=body, headers={"Content-Type": JSON, "Accept": GRAPHQL})
        assert (answer.status == 400) is (value != "1e5"), answer.text[:300]

    async def test_deep_variables_are_400(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        thing: dict[str, Any] = {"name": "x"}
        for _ in range(450):
            thing = {"name": "x", "parts": [thing]}
        answer = await ask(client, server, "query($t: Thing!) { thing(thing: $t) }", variables={"t": thing})
        assert answer.status == 400, answer.text[:300]
        assert "deep" in answer.message

    async def test_null_parameters_are_fine(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        answer = await ask(client, server, "{ hello }", variables=None, operationName=None, extensions=None)
        assert answer.status == 200

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/jsonp",
            "x/application/json",
            "application/json; charset=utf-16",
            "application/graphql",
        ],
    )
    async def test_other_content_types_are_415(
        self, client: aiohttp.ClientSession, server: RunningServer, content_type: str
    ) -> None:
        answer = await send(client, server, data=b'{"query": "{ hello }"}', headers={"Content-Type": content_type})
        assert answer.status == 415

    async def test_utf8_may_be_named(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        headers = {"Content-Type": 'Application/JSON; Charset="UTF-8"'}
        answer = await send(client, server, data='{"query": "{ hello(name: \\"Zoë\\") }"}'.encode(), headers=headers)
        assert answer.json == {"data": {"hello": "hello Zoë"}}


class TestAuthentication:
    @pytest.mark.parametrize(
        "authorization",
        [None, "", "Bearer", "Bearer ", "Bearer ph_wrong", "Basic YTpi", "Bearer ph_" + "x" * 5000, "Bearer ph_\xff"],
    )
    async def test_without_a_valid_token_nothing_is_read(
        self, client: aiohttp.ClientSession, server: RunningServer, authorization: str | None
    ) -> None:
        for options in ({"json": {"query": "{ hello }"}}, {"data": b"nonsense"}):
            answer = await send(client, server, headers={"Authorization": authorization}, **options)
            assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == 'Bearer realm="packhouse"'

    async def test_the_scheme_may_be_written_in_any_case(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        answer = await send(
            client, server, json={"query": "{ hello }"}, headers={"Authorization": f"bearer {server.token}"}
        )
        assert answer.status == 200

    async def test_a_token_in_the_url_is_none(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        parameters = {"query": "{ hello }", "token": server.token}
        answer = await send(client, server, "GET", params=parameters, headers={"Authorization": None})
        assert answer.status == 401


class TestErrors:
    async def test_an_unexpected_one_is_masked_and_logged_once(
        self, client: aiohttp.ClientSession, server: RunningServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            answer = await send(
                client, server, json={"query": "{ broken hello }"}, headers={"X-Request-Id": "ticket-4711"}
            )
        assert answer.status == 200
        assert answer.headers["x-request-id"] == "ticket-4711"
        assert answer.json == {
            "data": {"broken": None, "hello": "hello world"},
            "errors": [
                {
                    "message": "Something went wrong on our side. Quote ticket-4711 when you report it.",
                    "path": ["broken"],
                    "locations": [{"line": 1, "column": 3}],
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "correlationId": "ticket-4711"},
                }
            ],
        }
        logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert [record.getMessage() for record in logged] == ["GraphQL field broken failed [ticket-4711]"]
        assert "hunter2" not in answer.text

    async def test_a_null_root_is_still_data(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        answer = await ask(client, server, "{ brokenForAll }")
        assert answer.status == 200
        assert answer.json["data"] is None
        assert answer.code == "INTERNAL_SERVER_ERROR"

    @pytest.mark.parametrize("id_", ["", "x", "T3JkZXI6", "T3JkZXI6eA==", "VGhpbmc6eA=="])
    async def test_a_bad_id_is_the_users_error(
        self, client: aiohttp.ClientSession, server: RunningServer, id_: str
    ) -> None:
        query = "query($id: ID!) { refusing(id: $id) }"
        answer = await ask(client, server, query, variables={"id": id_})
        assert answer.code == "BAD_USER_INPUT", answer.text

    async def test_what_a_client_sent_is_quoted_at_a_readable_length(
        self, client: aiohttp.ClientSession, server: RunningServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "packhouse")
        for variables in ({"id": "x" * 70_000}, {"id": base64.b64encode(b"Thing:" + b"x" * 70_000).decode()}):
            answer = await ask(client, server, "query($id: ID!) { refusing(id: $id) }", variables=variables)
            assert answer.code == "BAD_USER_INPUT"
            assert len(answer.text) < 1_500
        assert "…" in answer.message
        assert answer.message.endswith("is not the id of a Order")
        assert max((len(record.getMessage()) for record in caplog.records), default=0) < 1_500

    async def test_a_refusal_of_the_business_keeps_its_reason(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        answer = await ask(client, server, "{ refused }")
        assert answer.message == "day: not today"
        assert answer.json["errors"][0]["extensions"] == {
            "code": "BAD_USER_INPUT",
            "reason": "NOT_TODAY",
            "field": ["day"],
        }

    async def test_a_mutations_refusal_is_in_its_payload(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        query = 'mutation { name(input: {name: "bad"}) { name userErrors { code message field } } }'
        answer = await ask(client, server, query)
        assert answer.json == {
            "data": {
                "name": {
                    "name": None,
                    "userErrors": [{"code": "BAD_NAME", "message": "that is no name", "field": ["input", "name"]}],
                }
            }
        }


class TestRequestIds:
    async def test_the_events_correlation_is_the_requests_id(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        answer = await send(client, server, json={"query": "{ whoami }"}, headers={"X-Request-Id": "shop:cart-1"})
        actor, *others = answer.json["data"]["whoami"]
        assert actor.startswith("token:test server ")
        assert others == ["api", "shop:cart-1"]

    @pytest.mark.parametrize("given", ["short", "with space in it", "x" * 65, "<script>alert(1)</script>"])
    async def test_an_insane_one_is_replaced(
        self, client: aiohttp.ClientSession, server: RunningServer, given: str
    ) -> None:
        answer = await send(client, server, json={"query": "{ whoami }"}, headers={"X-Request-Id": given})
        assert answer.headers["x-request-id"] == answer.json["data"]["whoami"][2] != given


class TestLimits:
    async def test_a_document_over_a_limit_is_not_validated(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        depth = "{ me " * 12 + "{ hello }" + "}" * 12
        aliases = "{" + " ".join(f"a{number}: nothing" for number in range(31)) + "}"
        for query, what in ((depth, "13 levels of nesting"), (aliases, "31 aliases")):
            answer = await ask(client, server, query)
            assert (answer.status, answer.code) == (400, "GRAPHQL_VALIDATION_FAILED")
            assert what in answer.message
            assert len(answer.json["errors"]) == 1

    async def test_too_many_tokens_are_not_parsed(self, client: aiohttp.ClientSession, server: RunningServer) -> None:
        answer = await ask(client, server, "{" + "hello " * 100_000 + "}")
        assert (answer.status, answer.code) == (400, "GRAPHQL_PARSE_FAILED")
        assert "more than 5000 tokens" in answer.message

    async def test_the_exponential_document_costs_nothing(
        self, client: aiohttp.ClientSession, server: RunningServer
    ) -> None:
        levels = 40
        fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
        query = "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ a: hello b: hello }}"
        async with asyncio.timeout(2):
            answer = await ask(client, server, query)
        assert (answer.status, answer.code) == (400, "GRAPHQL_VALIDATION_FAILED")
        assert "millions of aliases" in answer.message


async def test_many_requests_at_once_have_their_own_contexts(
    client: aiohttp.ClientSession, server: RunningServer
) -> None:
    async def one(number: int) -> str:
        answer = await send(
            client, server, json={"query": "{ whoami }"}, headers={"X-Request-Id": f"request-{number:04}"}
        )
        return str(answer.json["data"]["whoami"][2])

    assert await asyncio.gather(*(one(number) for number in range(50))) == [f"request-{n:04}" for n in range(50)]
