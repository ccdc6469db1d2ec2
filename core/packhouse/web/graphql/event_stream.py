"""GraphQL over Server-Sent Events, in the mode of distinct connections: one operation for each request.

Results are events `next`, also where the document is wrong; `complete` ends the stream, and a stream that ends without it
was cut off and is worth opening again. The id of an event is its cursor, which comes back as Last-Event-ID.
"""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send

from packhouse.storage import Initiator
from packhouse.web.authentication import Bearer
from packhouse.web.graphql.answers import encode
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.presentation import single_error
from packhouse.web.graphql.requests import GraphQLRequest
from packhouse.web.graphql.serving import Serving
from packhouse.web.graphql.streams.clients import Farewell
from packhouse.web.graphql.streams.hub import Asking
from packhouse.web.graphql.streams.message import Message
from packhouse.web.graphql.streams.operation import Operation

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_SECONDS = 12.0
LAST_EVENT_ID = "last-event-id"
# proxies must not keep events back to send more of them at once
_HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]
_STILL_HERE = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"
# who is cut off comes back by itself
_CUT_OFF = {
    Farewell.RESTART: b": service restart: connect again and resume\n\n",
    Farewell.CHANGED: b": the access token allows something else now: connect again and resume\n\n",
}


class EventStream:
    """The answer to one request: an ASGI application that streams until the operation ends or the client leaves."""

    def __init__(
        self,
        serving: Serving,
        asked: GraphQLRequest,
        operation: Operation | None,
        by: Initiator,
        bearer: Bearer,
        cursor: str | None,
    ) -> None:
        self.ticket = bearer.ticket
        self.permissions = bearer.grant.permissions
        self._serving = serving
        self._asking = Asking(asked, by, bearer.grant, self._next, operation)
        self._cursor = cursor
        self._is_sending = False
        self._farewell: Farewell | None = None
        self._operation: asyncio.Task[list[dict[str, Any]]] | None = None
        self._send_part: Send

    async def dismiss(self, farewell: Farewell) -> None:
        """End the operation, unless the token was revoked only one that would go on for ever; say why, and close."""
        operation = self._asking.operation
        if farewell is not Farewell.REVOKED and not (operation is not None and operation.is_subscription):
            return
        self._farewell = farewell
        if self._operation is not None:
            self._operation.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream."""
        del scope
        self._send_part = send
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        # whoever waits for the first byte knows that it is open
        await self._write(_STILL_HERE)
        self._operation = asyncio.create_task(self._serving.streams.run(self._asking, self._cursor))
        gone = asyncio.create_task(_left(receive))
        self._serving.clients.enter(self)
        try:
            await self._wait(self._operation, gone)
            if not gone.done():
                await self._write(self._last_words(self._operation), more=False)
        finally:
            self._serving.clients.leave(self)
            for task in (self._operation, gone):
                task.cancel()
            await asyncio.gather(self._operation, gone, return_exceptions=True)

    async def _wait(self, operation: asyncio.Task[Any], gone: asyncio.Task[None]) -> None:
        """Until either ends; meanwhile proxies and the client see that the connection lives."""
        while not operation.done() and not gone.done():
            await asyncio.wait((operation, gone), timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not operation.done() and not gone.done() and not self._is_sending:
                await self._write(_STILL_HERE)

    def _last_words(self, operation: asyncio.Task[list[dict[str, Any]]]) -> bytes:
        if self._farewell in _CUT_OFF:
            return _CUT_OFF[self._farewell]
        if self._farewell is Farewell.REVOKED:
            errors = [single_error(ErrorCode.UNAUTHENTICATED, "The access token was revoked or has expired")]
        else:
            errors = operation.result()
        return (_event(encode({"errors": errors}), None) if errors else b"") + _COMPLETE

    async def _next(self, message: Message) -> None:
        await self._write(_event(message.text.encode(), message.cursor))

    async def _write(self, part: bytes, *, more: bool = True) -> None:
        self._is_sending = True
        try:
            await self._send_part({"type": "http.response.body", "body": part, "more_body": more})
        finally:
            self._is_sending = False


def _event(data: bytes, cursor: str | None) -> bytes:
    # lines end in LF alone: two common clients split by nothing else
    named = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return b"event: next\n" + named + b"data: " + data + b"\n\n"


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
