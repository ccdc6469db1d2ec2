"""What can go wrong between a plugin and its vendor."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from packhouse.testing.conformance.subject import Asked, Reply

HTML = b"<!doctype html><html><body><h1>We will be back shortly</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `does_it`: the vendor does what it was asked, and then fails to say so."""

    name: str
    does_it: bool = False

    def __str__(self) -> str:
        return self.name

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """Answer the request; `reply` is what was recorded, `released` is set when the trial is over."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Says(Fault):
    """Answers something else than what was recorded."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """The body as it stands."""
        del request, asked, reply, released
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Echoes(Fault):
    """Refuses, and repeats everything that it was sent, credentials and all."""

    status: int = 400

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """The request, in every place where vendors put their words."""
        del request, reply, released
        said = f"cannot do {asked.path} with {dict(asked.headers)} and {asked.body.decode(errors='replace')}"
        error = {"code": "BAD", "message": said, "title": said, "detail": said}
        return web.json_response({"message": said, "error": said, "errors": [error]}, status=self.status)


@dataclass(frozen=True, slots=True)
class Resets(Fault):
    """Breaks the connection."""

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """Nothing comes back."""
        del asked, reply, released
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


@dataclass(frozen=True, slots=True)
class Hangs(Fault):
    """Says nothing more: at once, or in the middle of its answer."""

    after_half: bool = False

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """Waits until the trial is over."""
        del asked
        if self.after_half:
            response = await _half(request, reply)
            await released.wait()
            return response
        await released.wait()
        return web.Response()


@dataclass(frozen=True, slots=True)
class CutsOff(Fault):
    """Sends half of its answer: with the connection broken, or as if it were whole."""

    in_transfer: bool = True
    does_it: bool = True

    async def answer(
        self, request: web.Request, asked: Asked, reply: Reply, released: asyncio.Event
    ) -> web.StreamResponse:
        """The first half of the recorded answer."""
        del asked, released
        if not self.in_transfer:
            content = reply.content
            return web.Response(
                status=reply.status, body=content[: len(content) // 2], headers={"Content-Type": "application/json"}
            )
        response = await _half(request, reply)
        if request.transport is not None:
            request.transport.close()
        return response


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    content = reply.content
    response = web.StreamResponse(status=reply.status, headers={"Content-Type": "application/json"})
    response.content_length = len(content) + 1
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    return response


ASKED_TO_WAIT = 7.0
RATE_LIMITED = (
    Says("429 with Retry-After: 7", status=429, body=b'{"error": "slow down"}', headers={"Retry-After": "7"}),
    Says("429 without Retry-After", status=429, body=b'{"error": "slow down"}'),
    Says("429 with Retry-After: soon", status=429, body=b"slow down", headers={"Retry-After": "soon"}),
    Says(
        "429 with Retry-After as a date",
        status=429,
        body=b"",
        headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"},
    ),
)
BROKEN = (
    Says("500", status=500, body=b'{"error": "internal error"}'),
    Says("502 in HTML", status=502, body=HTML, headers={"Content-Type": "text/html"}),
    Says("503", status=503, body=b""),
)
SILENT = (Hangs("no answer"), Hangs("half an answer, then nothing", does_it=True, after_half=True))
RESET = (Resets("connection reset"),)
HALF = (
    CutsOff("the connection breaks in the middle of the answer"),
    CutsOff("half of the JSON", in_transfer=False),
)
GARBLED = (
    Says("HTML instead of JSON", does_it=True, body=HTML, headers={"Content-Type": "text/html"}),
    Says("an empty body", does_it=True, headers={"Content-Type": "application/json"}),
    Says("null", does_it=True, body=b"null", headers={"Content-Type": "application/json"}),
    Says("a text", does_it=True, body=b'"ok"', headers={"Content-Type": "application/json"}),
    Says("bytes that are no UTF-8", does_it=True, body=b"{\xff\xfe}", headers={"Content-Type": "application/json"}),
)
DONE_AND_LOST = (
    Resets("done, then the connection reset", does_it=True),
    Says("done, then 500", does_it=True, status=500, body=b'{"error": "internal error"}'),
    Says("done, then 504 in HTML", does_it=True, status=504, body=HTML, headers={"Content-Type": "text/html"}),
    CutsOff("done, then the connection breaks in the middle of the answer"),
)
DONE_AND_SILENT = (Hangs("done, then no answer", does_it=True),)
ECHOES = (Echoes("400 that repeats the request", status=400), Echoes("500 that repeats the request", status=500))
