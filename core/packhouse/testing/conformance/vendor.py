"""A vendor that answers from recordings, remembers what it was asked and what it did, and fails on demand."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from packhouse.testing.conformance.faults import Fault
from packhouse.testing.conformance.subject import Asked, Exchange, Reply, Says

_IDEMPOTENT = {"PUT", "DELETE"}
_UNKNOWN = Reply(404, {"error": "the recordings have no such exchange"})


@dataclass
class Vendor:
    """One vendor for one trial.

    `done` counts what it did, by exchange and what it knows repeats by; `strangers` are requests that no exchange is for;
    `fault` strikes the exchange `struck`, `hits` times so far.
    """

    exchanges: Sequence[Exchange]
    seconds: float
    url: str = ""
    fault: Fault | None = None
    struck: Exchange | None = None
    hits: int = 0
    asked: list[tuple[Exchange, Asked]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    site: web.TCPSite | None = None

    @property
    def effects(self) -> Counter[str]:
        """How often each exchange with an effect really did something."""
        return Counter(exchange for exchange, _ in self.done)

    async def leave(self) -> None:
        """Take no more connections."""
        if self.site is not None:
            await self.site.stop()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request: as recorded, or as the fault has it."""
        asked = Asked(
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        exchange = self._exchange(asked)
        if exchange is None:
            self.strangers.append(f"{asked.method} {asked.path}")
            return _response(_UNKNOWN)
        self.asked.append((exchange, asked))
        fault = self.fault if exchange is self.struck else None
        if fault is None:
            return _response(self._recorded(exchange, asked, does_it=True))
        self.hits += 1
        reply = self._recorded(exchange, asked, does_it=fault.does_it)
        return await fault.answer(request, asked, reply, self.released)

    def _exchange(self, asked: Asked) -> Exchange | None:
        for exchange in self.exchanges:
            fits = exchange.method == asked.method and re.fullmatch(exchange.path, asked.path)
            if fits and (exchange.when is None or exchange.when(asked)):
                return exchange
        return None

    def _recorded(self, exchange: Exchange, asked: Asked, *, does_it: bool) -> Reply:
        happened = bool(self.done)
        if exchange.effect:
            known = (str(exchange), self._known_by(exchange, asked))
            happened = known in self.done
            if does_it:
                self.done[known] += 1
        says: Says = exchange.afterwards if happened and exchange.afterwards is not None else exchange.answer
        return says if isinstance(says, Reply) else says(asked)

    def _known_by(self, exchange: Exchange, asked: Asked) -> str:
        if exchange.key is not None:
            return exchange.key(asked)
        return asked.path if asked.method in _IDEMPOTENT else f"request {len(self.asked)}"


@asynccontextmanager
async def vendor_for(exchanges: Sequence[Exchange], seconds: float) -> AsyncIterator[Vendor]:
    """A vendor on a free port of this machine until the block ends."""
    vendor = Vendor(exchanges, seconds)
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        vendor.site = web.TCPSite(runner, "127.0.0.1", 0)
        await vendor.site.start()
        host, port = runner.addresses[0][:2]
        vendor.url = f"http://{host}:{port}"
        yield vendor
    finally:
        vendor.released.set()
        await runner.cleanup()


def _response(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.json is not None:
        headers.setdefault("Content-Type", "application/json")
    return web.Response(status=reply.status, headers=headers, body=reply.content)
