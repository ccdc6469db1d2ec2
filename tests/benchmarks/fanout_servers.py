"""The servers that `fanout` compares, each in a process of its own: `fanout_servers.py (product|floor) URL PORT`.

The floor is a bare ASGI application behind the same HTTP server: it keeps its sockets in a set, and sends a text to each.
Both tell at /figures what they hold: tasks, blocks of memory (counted under Python's own allocator only), resident memory, and the
tables that grow with subscribers.
"""

import asyncio
import sys
from pathlib import Path
from socket import create_server

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from tests.benchmarks.serve import product

from packhouse.cli.process import raise_file_limit
from packhouse.house import House
from packhouse.settings import Settings
from packhouse.web.server import make_server
from packhouse.web.stopping import Stopping


class Broadcaster:
    """As little as a broadcast can be."""

    def __init__(self) -> None:
        self.sockets: set[Send] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        self.sockets.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.sockets.discard(send)

    async def tell(self, request: Request) -> Response:
        text = (await request.body()).decode()
        message = {"type": "websocket.send", "text": text}
        for send in list(self.sockets):
            await send(message)
        return Response()


def _figures(house: House | None) -> bytes:
    memory = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    figures = {"tasks": len(asyncio.all_tasks()), "blocks": sys.getallocatedblocks(), "memory": memory}
    if house is not None:
        live = house.relay.live
        figures |= {"clients": len(house.clients), "shared": house.streams.shared, "waiting": live.waiting}
    return orjson.dumps(figures)


def main() -> None:
    """Serve until ended."""
    raise_file_limit()
    which, url, port = sys.argv[1:4]
    if which == "product":
        app = product(url)
        house: House | None = app.state.house
        stopping = app.state.house.stopping
    else:
        broadcaster = Broadcaster()
        app = Starlette(routes=[WebSocketRoute("/ws", broadcaster), Route("/tell", broadcaster.tell, methods=["POST"])])
        house, stopping = None, Stopping()

    async def figures(_: Request) -> Response:
        return Response(_figures(house))

    app.router.routes.append(Route("/figures", figures))
    make_server(Settings(), app, stopping).run(sockets=[create_server(("127.0.0.1", int(port)), backlog=2048)])


if __name__ == "__main__":
    main()
