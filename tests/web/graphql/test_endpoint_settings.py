"""What the settings change about the endpoint: each test has a server of its own."""

from typing import Any

import aiohttp
import pytest
from tests.web.conftest import Seen, tiny_parts, with_limits
from tests.web.graphql.asking import JSON, ask, send

from packhouse.settings import Settings
from packhouse.testing.server import running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestTimeout:
    async def test_a_slow_operation_is_cancelled(
        self, client: aiohttp.ClientSession, settings: Settings, seen: Seen
    ) -> None:
        limited = with_limits(settings, "graphql", timeout_seconds=0.1)
        async with running_server(limited, parts=tiny_parts()) as server:
            before = seen.cancelled
            answer = await ask(client, server, "{ slow(seconds: 30) other: slow(seconds: 30) }")
            assert (answer.status, answer.code) == (503, "TIMEOUT")
            assert "data" not in answer.json
            assert seen.cancelled == before + 2
            assert (await ask(client, server, "{ slow(seconds: 0) }")).status == 200


class TestPage:
    async def test_a_browser_gets_graphiql_where_it_is_on(
        self, client: aiohttp.ClientSession, settings: Settings
    ) -> None:
        browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Authorization": None}
        async with running_server(with_limits(settings, "server", graphiql=True), parts=tiny_parts()) as server:
            answer = await send(client, server, "GET", headers=browser)
            assert answer.status == 200
            assert "Packhouse GraphiQL" in answer.text
            assert "Bearer ph_..." in answer.text
            assert "shouldPersistHeaders: false" in answer.text
            assert "https://unpkg.com" in answer.headers["content-security-policy"]
            # asking for data is still asking for data
            assert (await send(client, server, "GET", params={"query": "{ hello }"}, headers=browser)).status == 401

    async def test_it_is_off_by_default(self, client: aiohttp.ClientSession, settings: Settings) -> None:
        async with running_server(settings, parts=tiny_parts()) as server:
            answer = await send(client, server, "GET", headers={"Accept": "text/html"})
            assert answer.status == 406


class TestIntrospection:
    QUERY = "{ __schema { queryType { name } } }"

    async def test_it_is_on_by_default(self, client: aiohttp.ClientSession, settings: Settings) -> None:
        async with running_server(settings, parts=tiny_parts()) as server:
            assert (await ask(client, server, self.QUERY)).json == {
                "data": {"__schema": {"queryType": {"name": "Query"}}}
            }

    async def test_it_can_be_off(self, client: aiohttp.ClientSession, settings: Settings) -> None:
        async with running_server(with_limits(settings, "graphql", introspection=False), parts=tiny_parts()) as server:
            answer = await ask(client, server, self.QUERY)
            assert (answer.status, answer.code) == (400, "GRAPHQL_VALIDATION_FAILED")
            assert (await ask(client, server, "{ hello __typename }")).status == 200


async def test_a_large_body_is_413_whether_announced_or_not(client: aiohttp.ClientSession, settings: Settings) -> None:
    async with running_server(with_limits(settings, "server", max_body_bytes=1000), parts=tiny_parts()) as server:
        body = b'{"query": "{ hello }' + b" " * 5000 + b'"}'

        async def chunks() -> Any:
            for start in range(0, len(body), 100):
                yield body[start : start + 100]

        for data in (body, chunks()):
            answer = await send(client, server, data=data, headers={"Content-Type": JSON})
            assert answer.status == 413
            assert "1000 bytes" in answer.message
        assert (await ask(client, server, "{ hello }")).status == 200
