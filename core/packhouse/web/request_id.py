"""Each request's id: the client's own if it is sane, else a new one. It is the correlation id of all it causes, and of its log."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packhouse.sdk import new_id
from packhouse.telemetry.bound import bound

HEADER = "x-request-id"
_HEADER = HEADER.encode()
_KEY = "packhouse.request_id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}")


class RequestIds:
    """Middleware that gives every request an id and sends it back in X-Request-Id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request and pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == _HEADER), "")
        scope[_KEY] = name = given if _SANE.fullmatch(given) else str(new_id())
        if scope["type"] == "websocket":
            # nothing to add, and what is sent there is sent to thousands
            await self._app(scope, receive, send)
            return

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_HEADER, name.encode())]
            await send(message)

        method = scope.get("method", "WEBSOCKET")
        with bound(correlation_id=name, request=f"{method} {scope['path']}"):
            await self._app(scope, receive, send_named)


def request_id(scope: Scope) -> str:
    """The id of a request; a new one outside the middleware."""
    name = scope.get(_KEY)
    return name if isinstance(name, str) else str(new_id())
