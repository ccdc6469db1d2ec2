"""The HTTP server as it is run in production: no access log, no trust in proxies' headers, an end that cuts nobody off."""

import asyncio
import gc
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from packhouse.settings import ServerSettings, Settings
from packhouse.web.memory import Crowd, give_back
from packhouse.web.stopping import Stopping

# Whoever has connected has so long to send the request.
_BREATH = 0.1
# Looking through what 5,000 subscribers hold stops the process for a third of a second. What a message to all of them makes is
# gone a moment later: it must not be taken for something that lasts, which is what the usual 700 and 10 do.
_GARBAGE = (10_000, 20, 20)
_TICKS_TO_LOOK = 20


class Server(uvicorn.Server):
    """Serves until a signal, then: not ready; after the delay no new connections, streams told; requests answered; gone.

    The process exits with 0; a second signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, settings: ServerSettings, stopping: Stopping) -> None:
        super().__init__(config)
        self._settings = settings
        self._stopping = stopping
        self._crowd = Crowd()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        # the schema and all code live as long as the process: looking through them for garbage costs each request
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn does ten times a second; every other second, look whether a crowd has left."""
        self._crowd.see(len(self.server_state.connections))
        if counter % _TICKS_TO_LOOK == 0 and self._crowd.has_left():
            give_back()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the signal is not raised again afterwards, because stopping when asked is no failure."""
        del sig, frame
        for each in HANDLED_SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self._stopping.announce()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Bring everything to its end within `server.graceful_shutdown_seconds`, after `server.stop_delay_seconds`."""
        self._stopping.announce()
        await asyncio.sleep(self._settings.stop_delay_seconds)
        await self._close_door(sockets or [])
        if self.server_state.connections:
            await asyncio.sleep(_BREATH)
        await self._stopping.drain(self._settings.graceful_shutdown_seconds)
        self.config.timeout_graceful_shutdown = math.ceil(self._stopping.seconds_left)
        await super().shutdown(sockets)

    async def _close_door(self, sockets: list[socket.socket]) -> None:
        """Listen no longer; whoever has connected by now is let in first, where closing alone would cut them off."""
        waiting = [connection for listening in sockets for connection in _accepted(listening)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in waiting:
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _accepted(listening: socket.socket) -> Iterator[socket.socket]:
    """Those who wait at a listening socket that does not block."""
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.setblocking(False)
            yield connection


def listen_at(host: str, port: int, *, backlog: int = 100) -> socket.socket:
    """A listening socket for a server; port 0 means any that is free.

    Answers are sent at once: asyncio leaves sockets that it did not open itself to Nagle's algorithm, and each body waits 40 ms for the
    acknowledgement of its headers.

    Raises:
        OSError: the address is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=backlog)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # those who are accepted inherit it
    return listening


def make_server(settings: Settings, app: ASGIApp, stopping: Stopping) -> Server:
    """A server for the application; `stopping` is its house's."""
    return Server(server_config(settings, app), settings.server, stopping)


def server_config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """How uvicorn is set up."""
    return uvicorn.Config(
        app,
        log_config=None,
        # what it tells of each WebSocket is an access log: addresses of people, and all that is in a query string
        log_level="warning",
        access_log=False,
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=settings.server.max_body_bytes,
        # a message for all subscribers is made once: deflating it for each would cost more than all the rest, and memory
        ws_per_message_deflate=False,
    )
