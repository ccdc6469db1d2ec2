"""GraphQL over WebSocket by the protocol graphql-transport-ws.

One socket carries many operations. What breaks the protocol closes the socket (4400, 4401, 4403, 4408, 4409, 4429); what is
wrong with one operation ends that operation alone.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from packhouse.sdk import new_id
from packhouse.storage import Initiator
from packhouse.web.authentication import Bearer
from packhouse.web.body import BodyRefused, read_json
from packhouse.web.graphql.answers import encode
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.presentation import single_error
from packhouse.web.graphql.requests import from_json
from packhouse.web.graphql.serving import Serving
from packhouse.web.graphql.streams.clients import Farewell
from packhouse.web.graphql.streams.hub import Asking
from packhouse.web.graphql.streams.mailbox import Allowance
from packhouse.web.graphql.streams.message import ClientGone, Message
from packhouse.web.graphql.streams.message import Send as SendResult
from packhouse.web.permissions import NOTHING, Permissions

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
MOST_OPERATIONS = 100
MESSAGES_A_SECOND = 200
_YIELD_EVERY = 20
FAREWELL_SECONDS = 1.0
_LONGEST_REASON = 120
# clients come back by themselves after 1012, and not after 4403
_FAREWELLS = {
    Farewell.REVOKED: (4403, "Forbidden: the access token was revoked or has expired"),
    Farewell.CHANGED: (1012, "The access token allows something else now: connect again and resume"),
    Farewell.RESTART: (1012, "Service restart: connect again and resume"),
}

log = logging.getLogger(__name__)


class Breach(Exception):
    """The client broke the protocol: the socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Running:
    """An operation that runs on a socket."""

    task: asyncio.Task[None]
    is_subscription: bool


class Pace:
    """Slows a reader down to so many messages a second, and lets others run in between."""

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._since = 0.0
        self._count = 0

    async def step(self) -> None:
        """Count a message; wait when there were too many in the last second."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._since >= 1:
            self._since, self._count = loop.time(), 0
        self._count += 1
        if self._count > self._a_second:
            await asyncio.sleep(self._since + 1 - loop.time())
        elif self._count % _YIELD_EVERY == 0:
            await asyncio.sleep(0)


class Socket:
    """One client's connection, from the handshake to the close."""

    def __init__(self, websocket: WebSocket, send: Send, serving: Serving) -> None:
        self._websocket = websocket
        self._send_now = send
        self._serving = serving
        self._bearer: Bearer | None = None
        self._allowance = Allowance()
        self._initialised = False
        self._operations: dict[str, Running] = {}

    @property
    def ticket(self) -> str:
        """What it was let in by."""
        return "" if self._bearer is None else self._bearer.ticket

    @property
    def permissions(self) -> Permissions:
        """What it could do then."""
        return NOTHING if self._bearer is None else self._bearer.grant.permissions

    async def dismiss(self, farewell: Farewell) -> None:
        """End all operations of a revoked token, else only those that would go on for ever; say why, and close."""
        running = list(self._operations.values())
        for each in running:
            if each.is_subscription or farewell is Farewell.REVOKED:
                each.task.cancel()
        await asyncio.gather(*(each.task for each in running), return_exceptions=True)
        with suppress(TimeoutError):
            # one that does not read is cut off with the rest
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._close(*_FAREWELLS[farewell])

    async def serve(self) -> None:
        """Talk with the client until either side closes; its operations end with it."""
        if PROTOCOL not in self._websocket.scope["subprotocols"]:
            await self._websocket.accept()
            await self._websocket.close(4406, f"Subprotocol not acceptable: use {PROTOCOL}")
            return
        await self._websocket.accept(PROTOCOL)
        try:
            await self._talk()
        except Breach as breach:
            await self._close(breach.code, breach.reason)
        except (WebSocketDisconnect, ClientGone):
            pass
        except Exception:
            log.exception("A GraphQL socket failed")
            await self._close(1011, "Internal error")
        finally:
            self._serving.clients.leave(self)
            await self._end_all()

    async def _talk(self) -> None:
        pace = Pace(MESSAGES_A_SECOND)
        try:
            async with asyncio.timeout(INIT_SECONDS) as init:
                while True:
                    await self._handle(await self._receive())
                    if self._bearer is not None:
                        init.reschedule(None)
                    await pace.step()
        except TimeoutError as error:
            raise Breach(4408, "Connection initialisation timeout") from error

    async def _receive(self) -> dict[str, Any]:
        frame = await self._websocket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1000))
        text = frame.get("text")
        if text is None:
            raise Breach(4400, "Messages have to be text frames")
        if len(text) > self._serving.settings.server.max_body_bytes:
            raise Breach(4400, "The message is too large")
        try:
            message = orjson.loads(text)
        except ValueError as error:
            raise Breach(4400, "Messages have to be JSON") from error
        if not isinstance(message, dict):
            raise Breach(4400, "Messages have to be JSON objects")
        return message

    async def _handle(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._init(_payload(message))
            case "ping":
                await self._pong(_payload(message))
            case "pong":
                _payload(message)
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                self._complete(_id(message))
            case _:
                raise Breach(4400, "Unknown message type")

    async def _init(self, payload: Mapping[str, Any] | None) -> None:
        if self._initialised:
            raise Breach(4429, "Too many initialisation requests")
        self._initialised = True
        self._bearer = await self._serving.authenticate(self._authorization(payload or {}))
        if self._bearer is None:
            raise Breach(4403, "Forbidden")
        self._serving.clients.enter(self)
        await self._send({"type": "connection_ack"})

    def _authorization(self, payload: Mapping[str, Any]) -> object:
        """The Authorization of the payload, in whatever case; `token`; or the handshake's header (not from browsers)."""
        for name, value in payload.items():
            if name.lower() == "authorization":
                return value
        if "token" in payload:
            return f"Bearer {payload['token']}" if isinstance(payload["token"], str) else None
        return self._websocket.headers.get("authorization")

    async def _pong(self, payload: Mapping[str, Any] | None) -> None:
        await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if self._bearer is None:
            raise Breach(4401, "Unauthorized")
        id_ = _id(message)
        if id_ in self._operations:
            raise Breach(4409, f"Subscriber for {id_} already exists")
        payload = message.get("payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            raise Breach(4400, "subscribe needs a payload with a query")
        if len(self._operations) >= MOST_OPERATIONS:
            text = f"At most {MOST_OPERATIONS} operations may run on one socket"
            await self._send_error(id_, [single_error(ErrorCode.THROTTLED, text)])
            return
        try:
            # through the same door as HTTP's bodies: what is wrong in it concerns this operation alone
            asked = from_json(read_json(orjson.dumps(payload), "The payload"))
        except BodyRefused as refused:
            await self._send_error(id_, [single_error(ErrorCode.BAD_USER_INPUT, refused.message)])
            return
        by = Initiator(self._bearer.actor, "api", correlation_id=str(new_id()))
        operation = self._serving.streams.operation(asked)
        asking = Asking(asked, by, self._bearer.grant, self._sender(id_), operation, self._allowance)
        self._operations[id_] = Running(
            asyncio.create_task(self._operation(id_, asking)), operation is not None and operation.is_subscription
        )

    def _complete(self, id_: str) -> None:
        """The client wants no more of it; an id that has ended already is no mistake: messages cross."""
        ended = self._operations.pop(id_, None)
        if ended is not None:
            ended.task.cancel()

    def _sender(self, id_: str) -> SendResult:
        """Sends results of one operation: the text that all get, with the operation's own id around it."""
        before = f'{{"id":{encode(id_).decode()},"type":"next","payload":'

        async def send(message: Message) -> None:
            try:
                await self._send_now({"type": "websocket.send", "text": f"{before}{message.text}}}"})
            except (OSError, RuntimeError) as error:
                raise ClientGone from error

        return send

    async def _operation(self, id_: str, asking: Asking) -> None:
        """Run one operation to its end; its id is free again before its last message is sent."""
        with suppress(ClientGone):
            errors = await self._serving.streams.run(asking)
            self._operations.pop(id_, None)
            await (self._send_error(id_, errors) if errors else self._send({"id": id_, "type": "complete"}))

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._send_text(encode(message).decode())

    async def _send_text(self, text: str) -> None:
        # As text: clients take binary frames for a mistake. Past Starlette's checks, which cost as much as sending.
        try:
            await self._send_now({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError) as error:
            raise ClientGone from error

    async def _send_error(self, id_: str, errors: list[dict[str, Any]]) -> None:
        await self._send({"id": id_, "type": "error", "payload": errors})

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code, reason[:_LONGEST_REASON])

    async def _end_all(self) -> None:
        tasks = [each.task for each in self._operations.values()]
        self._operations.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _id(message: Mapping[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise Breach(4400, "The message's id has to be text")
    return id_


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = message.get("payload")
    if not isinstance(payload, dict | None):
        raise Breach(4400, "The message's payload has to be an object")
    return payload
