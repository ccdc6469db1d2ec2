"""A real server for tests: uvicorn in the test's own loop, on a free port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import uvicorn

from packhouse.app import create_app
from packhouse.house import House, Parts, Role
from packhouse.sdk import new_id
from packhouse.settings import DatabaseSettings, SecuritySettings, ServerSettings, Settings
from packhouse.settings.sections import NatsSettings
from packhouse.telemetry.tracing import Tracing
from packhouse.testing.nats import nats_beside
from packhouse.testing.tokens import given_token
from packhouse.web.permissions import Permissions
from packhouse.web.server import Server, listen_at, server_config

_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`url` is http://127.0.0.1:PORT, `token` an admin's; `house` is what runs behind it."""

    url: str
    token: str
    house: House

    @property
    def headers(self) -> dict[str, str]:
        """What every GraphQL request needs."""
        return {"Authorization": f"Bearer {self.token}"}

    async def seen_by(self, *words: str, name: str = "") -> "RunningServer":
        """The same server, seen by somebody with a token of their own that allows no more than these permissions."""
        name = name or f"test client {new_id().hex}"
        token = await given_token(self.house.database, name, Permissions.of(words))
        return replace(self, token=token)

    @property
    def graphql(self) -> str:
        """Where GraphQL is served."""
        return f"{self.url}/graphql"

    @property
    def socket(self) -> str:
        """Where GraphQL is served over WebSocket."""
        return f"ws{self.graphql.removeprefix('http')}"


class _Server(Server):
    """Leaves the signals to pytest, and the garbage where it is."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await uvicorn.Server.startup(self, sockets)


def server_settings(database_url: str) -> Settings:
    """Settings for a test's server: everything at its default, a secret key, a quick end, no installed plugin.

    They are one of the two set-ups: SQLite alone, or PostgreSQL with NATS beside it.
    """
    return Settings(
        database=DatabaseSettings(url=database_url),
        nats=NatsSettings(url=nats_beside(database_url)),
        server=ServerSettings(graceful_shutdown_seconds=1.0),
        security=SecuritySettings.model_validate({"secret_key": "a key of tests, long enough to be accepted"}),
    ).model_copy(update={"plugins": Settings().plugins.model_copy(update={"enabled": []})})


@asynccontextmanager
async def running_server(
    settings: Settings,
    plugins: Sequence[object] = (),
    *,
    parts: Parts | None = None,
    role: Role = Role.ALL,
    tracing: Tracing | None = None,
) -> AsyncIterator[RunningServer]:
    """A Packhouse that answers on 127.0.0.1 until the block ends; `parts` None means all rooms."""
    app = create_app(settings, plugins, parts=parts, role=role, tracing=tracing)
    house: House = app.state.house
    listening = listen_at("127.0.0.1", 0)
    server = _Server(server_config(settings, app), settings.server, house.stopping)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await _started(server, serving)
        token = await given_token(house.database, f"test server {new_id().hex}")
        yield RunningServer(f"http://127.0.0.1:{listening.getsockname()[1]}", token, house)
    finally:
        server.should_exit = True
        try:
            await serving
        finally:
            listening.close()


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not server.started:
            if serving.done():
                raise RuntimeError("the server did not start: its log says why")
            await asyncio.sleep(0.01)
