"""Thousands of WebSocket clients in one process: they subscribe, and note when they were sent something."""

import asyncio
import base64
import os
import struct
import time
from typing import cast

import orjson

_OPENING = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127
_AT_ONCE = 100


class Subscriber(asyncio.Protocol):
    """One client. `times` holds when each message came, by the clock that all processes of this machine share."""

    def __init__(self, path: str, messages: list[bytes]) -> None:
        self.times: list[float] = []
        self.frames: list[bytes] = []
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._path = path
        self._messages = messages
        self._buffer = bytearray()
        self._open = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by its class
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(_OPENING.format(path=self._path, key=key).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._buffer.startswith(b"HTTP/1.1 101"), bytes(self._buffer[:100])
            del self._buffer[: end + 4]
            self._open = True
            for message in self._messages:
                self.transport.write(_frame(_TEXT, message))
            if not self._messages:
                self.ready.set_result(None)
        while (frame := self._next_frame()) is not None:
            self._take(*frame, now)

    def _take(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == _PING:
            self.transport.write(_frame(0xA, payload))
        elif opcode == _CLOSE:
            self.transport.close()
        elif not self.ready.done():
            # the answer to the last message says that what was asked before has begun
            if b'"pong"' in payload:
                self.ready.set_result(None)
        else:
            self.times.append(now)
            self.frames = [payload]

    def _next_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length == _TWO_BYTES and len(buffer) >= 4:
            length, start = struct.unpack_from(">H", buffer, 2)[0], 4
        elif length == _EIGHT_BYTES and len(buffer) >= 10:
            length, start = struct.unpack_from(">Q", buffer, 2)[0], 10
        elif length > _SHORT:
            return None
        if len(buffer) < start + length:
            return None
        opcode, payload = buffer[0] & 0xF, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return opcode, payload


def subscription(token: str, document: str, variables: dict[str, object] | None = None) -> list[bytes]:
    """What a client of graphql-transport-ws sends to subscribe; it ends with a ping."""
    payload = {"query": document, "variables": variables or {}}
    return [
        orjson.dumps({"type": "connection_init", "payload": {"token": token}}),
        orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}),
        orjson.dumps({"type": "ping"}),
    ]


async def subscribe_all(port: int, path: str, messages: list[bytes], count: int) -> list[Subscriber]:
    """Connect so many clients and wait until all have subscribed."""
    loop = asyncio.get_running_loop()
    found: list[Subscriber] = []
    while len(found) < count:
        piece = await asyncio.gather(
            *(
                loop.create_connection(lambda: Subscriber(path, messages), "127.0.0.1", port)
                for _ in range(min(_AT_ONCE, count - len(found)))
            )
        )
        fresh = [subscriber for _, subscriber in piece]
        await asyncio.gather(*(subscriber.ready for subscriber in fresh))
        found += fresh
    return found


async def leave_all(subscribers: list[Subscriber]) -> None:
    """Drop all connections without a word."""
    for number, subscriber in enumerate(subscribers):
        subscriber.transport.abort()
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)


def _frame(opcode: int, payload: bytes) -> bytes:
    head = bytes([0x80 | opcode])
    size = len(payload)
    head += bytes([0x80 | size]) if size <= _SHORT else bytes([0x80 | _TWO_BYTES]) + struct.pack(">H", size)
    # masked with zeros: the payload stays as it is
    return head + bytes(4) + payload
