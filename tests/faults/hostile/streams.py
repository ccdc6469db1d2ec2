"""Subscriptions of a client who means no good, over WebSocket and as Server-Sent Events."""

import asyncio
import json
from contextlib import suppress
from io import BytesIO
from random import Random
from typing import Any

import orjson
from tests.faults.hostile.client import Client, write
from tests.faults.hostile.documents import Asked
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_SECONDS = 60.0
# what breaks the protocol: each closes the socket with one of its codes, and concerns nobody else
_BROKEN: tuple[str | bytes, ...] = (
    "", "null", "[]", "{", '"x"', "{}", '{"type": 1}', '{"type": "nothing"}', '{"type": "connection_init"}', b"\0\1\2", b'{"type":"ping"}',
    '{"type": "ping", "payload": []}', '{"type": "pong", "payload": 1}', '{"type": "subscribe"}', '{"type": "subscribe", "id": 7}',
    '{"type": "subscribe", "id": ""}', '{"type": "subscribe", "id": "1", "payload": null}', '{"type": "complete"}', "[" * 100_000,
    '{"type": "subscribe", "id": "1", "payload": {"query": 1}}', '{"type": "ping"' + " " * 1_000_000 + "}}", "9" * 10_000, "\ud7ff" * 1_000,
)  # fmt: skip
_CODES = {4400, 4401, 4409, 4429}
_LEGAL = {"next", "error", "complete", "pong"}


async def subscribe(client: Client, name: str) -> None:
    """Start a subscription, perhaps another under its id, perhaps end it; the socket lives on."""
    async with _socket(client) as socket:
        await _init(client, socket)
        for id_ in ("1", "x" * 1_000, "\u2028"):
            asked = client.documents.write("subscription", name)
            message = _message(id_, asked)
            if not _is_json(message):
                # it would be a breach of the protocol: see `break_protocol`
                asked = client.documents.write("subscription", name, 0.0)
                message = _message(id_, asked)
            await socket.send(message)
            await _until_pong(client, socket, asked)
            if client.chance.random() < 0.7:
                await socket.send(json.dumps({"id": id_, "type": "complete"}))
        await _until_pong(client, socket, asked)
    _listen(client, asked)


async def break_protocol(client: Client, message: str | bytes) -> None:
    """Say what nobody may say: the socket is closed with a code of the protocol, and the server goes on."""
    asked = Asked("a frame", repr(message[:80]), {})
    async with _socket(client) as socket:
        await _init(client, socket)
        await socket.send(message)
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    await socket.recv()
        except ConnectionClosed:
            if socket.close_code not in _CODES:
                client.judge.blame(f"closed with {socket.close_code} {socket.close_reason}", asked)
    _listen(client, asked)


async def flood(client: Client) -> None:
    """Thousands of pings and of operations at once: all are answered, one way or another, and nothing is kept of them."""
    async with _socket(client) as socket:
        await _init(client, socket)
        query = {"query": "subscription { orderEvents { position } }"}
        for number in range(150):
            await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": query}))
            await socket.send('{"type": "ping"}')
        refused = pongs = 0
        while pongs < 150:
            message = json.loads(await socket.recv())
            pongs += message["type"] == "pong"
            refused += message["type"] == "error"
        if refused != 50:
            client.judge.blame(f"{refused} of 150 operations were too many", Asked("flood", "", {}))
    _listen(client, Asked("flood", "", {}))


async def stream(client: Client, name: str) -> None:
    """The same as Server-Sent Events, with a Last-Event-ID that may be anything, and leave at any moment."""
    asked = client.documents.write("subscription", name)
    body = {"query": asked.query, "variables": asked.variables}
    headers = {**client.server.headers, "accept": "text/event-stream", "content-type": "application/json"}
    cursor = client.words.strange("String", "after")
    if client.chance.random() < 0.5 and cursor.isprintable() and cursor.isascii():
        headers["last-event-id"] = cursor
    async with client.http.post(client.server.graphql, data=BytesIO(write(body).encode()), headers=headers) as response:
        if response.status not in (200, 400, 413):
            client.judge.blame(f"status {response.status}", asked)
        async for line in response.content:
            if line.startswith(b"data:") and line[5:].strip():
                client.look_at(asked, 200, json.loads(line[5:]))
            if client.chance.random() < 0.5 or line == b":\n":
                break
    _listen(client, asked)


def broken_frames(chance: Random, count: int) -> list[str | bytes]:
    """Some of what breaks the protocol."""
    return chance.sample(_BROKEN, count)


def _message(id_: str, asked: Asked) -> str:
    return write({"id": id_, "type": "subscribe", "payload": {"query": asked.query, "variables": asked.variables}})


def _is_json(text: str) -> bool:
    with suppress(ValueError):
        orjson.loads(text)
        return True
    return False


def _socket(client: Client) -> Any:
    return connect(client.server.socket, subprotocols=[Subprotocol("graphql-transport-ws")])


async def _init(client: Client, socket: ClientConnection) -> None:
    await socket.send(
        json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {client.server.token}"}})
    )
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}


async def _until_pong(client: Client, socket: ClientConnection, asked: Asked) -> None:
    try:
        await socket.send('{"type": "ping"}')
        async with asyncio.timeout(_SECONDS):
            while (message := json.loads(await socket.recv()))["type"] != "pong":
                if message["type"] not in _LEGAL:
                    client.judge.blame(f"an unknown message {message['type']}", asked)
                payload = message.get("payload") or {}
                client.look_at(asked, 200, {"errors": payload} if isinstance(payload, list) else payload)
    except (ConnectionClosed, TimeoutError) as error:
        client.judge.blame(f"the socket was lost: {error!r}", asked)


def _listen(client: Client, asked: Asked) -> None:
    for each in client.heard.take():
        client.judge.blame(f"logged: {each}", asked)
