"""HTTP that goes nowhere: aiohttp's connections end in this process, where requests are written down and answered."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from packhouse.shadow.answers import Answer, Answers, Request
from packhouse.shadow.calls import Redaction, ShadowCall

_CONNECT = "_create_connection"


class Recorder:
    """Writes down what a plugin would send. `redaction` becomes that of its settings once they are read."""

    def __init__(self) -> None:
        self.redaction = Redaction()
        self.answers: Answers = lambda _: None
        self._calls: list[ShadowCall] = []

    def take(self) -> list[ShadowCall]:
        """The calls since the last time."""
        calls, self._calls = self._calls, []
        return calls

    def attempt(self, what: str) -> None:
        """Write down something else than HTTP that was refused."""
        self._calls.append(ShadowCall(self.redaction.text(what), answered="refused: there is no network"))

    async def handle(self, origin: URL, request: web.BaseRequest) -> web.StreamResponse:
        """Write a request down and answer it."""
        body = await request.read()
        url = str(origin).rstrip("/") + request.path_qs
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, url, request.path, dict(request.query), headers, body)
        answer = self.answers(asked) or Answer()
        self._calls.append(self.redaction.call(request.method, url, request.headers.items(), body, answer.source))
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def record_everything(recorder: Recorder) -> None:
    """Let every aiohttp session of this process, also those that plugins make themselves, connect to the recorder alone.

    For a process that does nothing else: there is no way back.
    """

    async def connect(connector: Any, request: aiohttp.ClientRequest, *_: object) -> ResponseHandler:  # noqa: ANN401
        return await _connected(connector._factory, request.url.origin(), recorder)  # noqa: SLF001  (as its own method does)

    for kind in (aiohttp.TCPConnector, aiohttp.UnixConnector):
        setattr(kind, _CONNECT, connect)


async def _connected(factory: Callable[[], ResponseHandler], origin: URL, recorder: Recorder) -> ResponseHandler:
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    server = web.Server(lambda request: recorder.handle(origin, request), access_log=None)
    theirs.setblocking(False)
    ours.setblocking(False)
    await loop.connect_accepted_socket(server, theirs)
    _, protocol = await loop.create_connection(factory, sock=ours)
    return protocol
