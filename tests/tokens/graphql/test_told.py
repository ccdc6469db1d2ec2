"""What happens to tokens is told to plugins, and to those who may read tokens; nobody hears anything of a token itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio
from strawberry.relay import to_base64
from tests.web.graphql.asking import send

from packhouse.sdk import Event, EventType, PluginManifest, hookimpl
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.web.authentication import ticket_of

CREATE = """mutation { createAccessToken(input: {name: "shop", permissions: ["orders.read"], reason: "a new shop"}) {
  token userErrors { code } } }"""
CHANGE = (
    """mutation { changeAccessToken(input: {name: "shop", permissions: ["orders.write"]}) { userErrors { code } } }"""
)
REVOKE = """mutation { revokeAccessToken(input: {name: "shop", reason: "closed"}) { userErrors { code } } }"""
SEEN = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Event { type actor origin reason payload } } }"
LISTED = """query ($first: Int, $after: String) { accessTokenEvents(first: $first, after: $after) {
  edges { node { type actor origin reason payload } } pageInfo { endCursor } totalCount } }"""
DELIVERED = "{ deliveries(first: 50) { edges { node { plugin event { type } } } } }"
TYPES = ("ACCESS_TOKEN_CREATED", "ACCESS_TOKEN_CHANGED", "ACCESS_TOKEN_REVOKED")


class Watcher:
    """Hears of everything, and of each of the three by a hook of its own."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.by_name: list[str] = []
        self.complete = asyncio.Event()

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("watcher", "Watcher", "1.0")

    @hookimpl
    async def event_recorded(self, event: Event) -> None:
        self.heard.append(event)
        if len(self.heard) == len(TYPES):
            self.complete.set()

    @hookimpl
    async def access_token_created(self, event: Event) -> None:
        self.by_name.append(event.type.value)

    @hookimpl
    async def access_token_changed(self, event: Event) -> None:
        self.by_name.append(event.type.value)

    @hookimpl
    async def access_token_revoked(self, event: Event) -> None:
        self.by_name.append(event.type.value)


@pytest_asyncio.fixture
async def watcher() -> Watcher:
    return Watcher()


@pytest_asyncio.fixture
async def server(database_url: str, watcher: Watcher) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url), [watcher]) as running:
        yield running


async def test_who_may_read_tokens_sees_what_happened_to_them(server: RunningServer, watcher: Watcher) -> None:
    async with aiohttp.ClientSession() as http:

        async def ask(by: RunningServer, document: str, **variables: Any) -> Any:
            body = {"query": document, "variables": variables}
            answer = await send(http, by, json=body, headers={"X-Request-Id": "ticket-7"})
            assert "errors" not in answer.json, answer.json
            return answer.json["data"]

        keeper = await server.seen_by("orders.write", "tokens.write", name="keeper")
        token = (await ask(keeper, CREATE))["createAccessToken"]["token"]
        for document in (CHANGE, REVOKE):
            ((payload),) = (await ask(keeper, document)).values()
            assert payload == {"userErrors": []}
        async with asyncio.timeout(10):
            await watcher.complete.wait()
        ids = [to_base64("Event", event.id) for event in sorted(watcher.heard, key=lambda event: event.position)]
        told = (await ask(keeper, SEEN, ids=ids))["nodes"]
        reader = await server.seen_by("tokens.read")
        assert (await ask(reader, SEEN, ids=ids))["nodes"] == told
        listed = await ask(reader, LISTED, first=2)
        assert [edge["node"] for edge in listed["accessTokenEvents"]["edges"]] == [told[2], told[1]]
        assert listed["accessTokenEvents"]["totalCount"] == len(TYPES)
        cursor = listed["accessTokenEvents"]["pageInfo"]["endCursor"]
        rest = await ask(reader, LISTED, first=2, after=cursor)
        assert [edge["node"] for edge in rest["accessTokenEvents"]["edges"]] == [told[0]]
        others = await server.seen_by("events.read", "plugins.write", "orders.write", "jobs.write")
        assert (await ask(others, SEEN, ids=ids))["nodes"] == [None, None, None]
        refused = await send(http, others, json={"query": LISTED})
        assert refused.code == "FORBIDDEN"
        delivered = [edge["node"] for edge in (await ask(others, DELIVERED))["deliveries"]["edges"]]
        assert delivered == [{"plugin": "watcher", "event": None}] * 3
        administrator = await ask(server, DELIVERED)
    assert {edge["node"]["event"]["type"] for edge in administrator["deliveries"]["edges"]} == set(TYPES)
    reading, writing = ({"permissions": [f"orders.{word}"], "expires_at": None} for word in ("read", "write"))
    by = {"actor": "token:keeper", "origin": "api"}
    assert told == [
        {**by, "type": TYPES[0], "reason": "a new shop", "payload": {"name": "shop", "before": None, "after": reading}},
        {**by, "type": TYPES[1], "reason": None, "payload": {"name": "shop", "before": reading, "after": writing}},
        {**by, "type": TYPES[2], "reason": "closed", "payload": {"name": "shop", "before": writing, "after": None}},
    ]
    assert {event.correlation_id for event in watcher.heard} == {"ticket-7"}
    assert sorted(watcher.by_name) == sorted(EventType[name].value for name in TYPES)
    everything = json.dumps([told, administrator], default=str) + repr(watcher.heard)
    for secret in (token, ticket_of(token)):
        assert [
            secret[start : start + 8] for start in range(len(secret) - 7) if secret[start : start + 8] in everything
        ] == []
