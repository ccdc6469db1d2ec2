"""What is wrong with one input is told the same way by queries, mutations and subscriptions: with a code, and which one it is."""

from typing import Any

import aiohttp
import pytest
from tests.web.graphql.asking import ask
from tests.web.graphql.talking import listening, talking

from packhouse.testing.server import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query ($how: String!) { checked(how: $how) }"
MUTATION = "mutation ($how: String!) { check(how: $how) { name } }"
SUBSCRIPTION = "subscription ($how: String!) { checked(how: $how) }"
CODE = {"code": "BAD_USER_INPUT"}
TOLD = pytest.mark.parametrize(
    ("how", "message", "extensions"),
    [
        (
            "invalid",
            "filter.lines.0.sku: it cannot be empty",
            {**CODE, "field": ["filter", "lines", "0", "sku"]},
        ),
        ("refused", "day: not today", {**CODE, "reason": "NOT_TODAY", "field": ["day"]}),
        ("refused whole", "not today", {**CODE, "reason": "NOT_TODAY"}),
        (
            "unkept",
            "name: it is longer than anything that is kept under this name",
            {**CODE, "field": ["name"]},
        ),
    ],
)


@TOLD
@pytest.mark.parametrize(("document", "path"), [(QUERY, "checked"), (MUTATION, "check")])
async def test_by_queries_and_mutations(
    client: aiohttp.ClientSession,
    server: RunningServer,
    document: str,
    path: str,
    how: str,
    message: str,
    extensions: dict[str, Any],
) -> None:
    answer = await ask(client, server, document, variables={"how": how})
    (error,) = answer.json["errors"]
    assert (answer.status, answer.json["data"]) == (200, {path: None})
    assert (error["message"], error["extensions"], error["path"]) == (message, extensions, [path])


@TOLD
async def test_by_streams_of_events(
    client: aiohttp.ClientSession, server: RunningServer, how: str, message: str, extensions: dict[str, Any]
) -> None:
    async with listening(client, server, SUBSCRIPTION, variables={"how": how}) as stream:
        (error,) = (await stream.receive()).data["errors"]
    assert (error["message"], error["extensions"]) == (message, extensions)


@TOLD
async def test_by_sockets(server: RunningServer, how: str, message: str, extensions: dict[str, Any]) -> None:
    async with talking(server) as socket:
        await socket.subscribe("1", SUBSCRIPTION, variables={"how": how})
        answer = await socket.receive()
    (error,) = answer["payload"]
    assert (answer["type"], error["message"], error["extensions"]) == ("error", message, extensions)
