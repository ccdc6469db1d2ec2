"""Asks a test's server over HTTP."""

import json
from typing import Any

import aiohttp

from packhouse.testing.server import RunningServer

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["errors"][0]["extensions"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["errors"][0]["message"])


async def send(client: aiohttp.ClientSession, server: RunningServer, method: str = "POST", **options: Any) -> Answer:
    headers = {**server.headers, **options.pop("headers", {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    async with client.request(method, options.pop("url", server.graphql), headers=headers, **options) as response:
        return Answer(response.status, response.headers, await response.read())


async def ask(
    client: aiohttp.ClientSession, server: RunningServer, query: str, accept: str = GRAPHQL, **more: Any
) -> Answer:
    return await send(client, server, json={"query": query, **more}, headers={"Accept": accept})
