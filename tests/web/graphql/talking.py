"""Speaks graphql-transport-ws and Server-Sent Events by hand, mistakes included."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from packhouse.testing.server import RunningServer

PROTOCOL = Subprotocol("graphql-transport-ws")
SECONDS = 10


class Client:
    """One WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> Any:
        async with asyncio.timeout(SECONDS):
            frame = await self.connection.recv()
        assert isinstance(frame, str), "clients take binary frames for a mistake"
        return json.loads(frame)

    async def init(self, token: str) -> None:
        await self.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id_: Any, query: str, **more: Any) -> None:
        await self.send({"id": id_, "type": "subscribe", "payload": {"query": query, **more}})

    async def next(self, name: str, id_: str = "1") -> tuple[Any, str]:
        """The next result of a subscription to one field: its value and the cursor."""
        message = await self.receive()
        assert (message["id"], message["type"]) == (id_, "next"), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"][name], message["payload"]["extensions"]["cursor"]

    async def has_begun(self) -> None:
        """What was asked for before has begun: the server does one thing after the other."""
        await self.send({"type": "ping"})
        assert await self.receive() == {"type": "pong"}
        await asyncio.sleep(0.02)

    async def closed(self) -> tuple[int, str]:
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        code, reason = self.connection.close_code, self.connection.close_reason
        assert code is not None
        assert reason is not None
        return code, reason


@asynccontextmanager
async def talking(server: RunningServer, *, init: bool = True, **options: Any) -> AsyncIterator[Client]:
    options.setdefault("subprotocols", [PROTOCOL])
    async with connect(server.socket, **options) as connection:
        client = Client(connection)
        if init:
            await client.init(server.token)
        yield client


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event of a stream; `cut_off` is the end of a stream that is not complete."""

    name: str
    data: Any = None
    id: str | None = None


CUT_OFF = SentEvent("cut off")


class Listener:
    """One stream of Server-Sent Events. Comments are kept beside the events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments: list[str] = []

    async def receive(self) -> SentEvent:
        async with asyncio.timeout(SECONDS):
            while True:
                fields = await self._block()
                if fields is None:
                    return CUT_OFF
                if fields:
                    data = fields["data"]
                    return SentEvent(fields["event"], json.loads(data) if data else None, fields.get("id"))

    async def _block(self) -> dict[str, str] | None:
        fields: dict[str, str] = {}
        while line := (await self.response.content.readline()).decode():
            assert not line.endswith("\r\n"), "some clients split lines by LF alone"
            if line == "\n":
                return fields
            name, _, value = line.rstrip("\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            else:
                self.comments.append(value.strip())
        return None


@asynccontextmanager
async def listening(
    client: aiohttp.ClientSession, server: RunningServer, query: str, *, method: str = "POST", **more: Any
) -> AsyncIterator[Listener]:
    headers = {**server.headers, "Accept": "text/event-stream", **more.pop("headers", {})}
    body = {"query": query, **more}
    options: dict[str, Any] = {"json": body} if method == "POST" else {"params": body}
    async with client.request(method, server.graphql, headers=headers, **options) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Listener(response)
