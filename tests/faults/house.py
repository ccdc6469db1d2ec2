"""A house of several processes, with a receiver of its webhooks beside it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.faults.machines import Machines

from packhouse.events.outbox import Outbox
from packhouse.storage import open_database
from packhouse.testing.tokens import given_token

ENDPOINTS = ("shop", "crm")
_SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"


@dataclass
class Receiver:
    """What the webhooks plugin delivered to each endpoint: (order or "", position), in the order of arrival.

    `pause`: seconds that it takes for each.
    """

    got: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: {name: [] for name in ENDPOINTS})

    pause: float = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        """Take a message."""
        await asyncio.sleep(self.pause)
        data = (await request.json())["data"]
        self.got[request.match_info["name"]].append((data["orderId"] or "", data["position"]))
        return web.Response(status=204)

    def seen(self, name: str) -> set[int]:
        """The positions that an endpoint got."""
        return {position for _, position in self.got[name]}


@asynccontextmanager
async def many_machines(
    folder: Path,
    database_url: str,
    nats_url: str,
    receiver: Receiver,
    *,
    apis: int = 0,
    workers: int = 0,
    alone: int = 0,
    lease_seconds: float = 2.0,
    way_to_database: str = "",
) -> AsyncIterator[Machines]:
    """Processes on one database, ended when the block ends. The work of one that was killed is taken up after its lease.

    Some answer, some work; one that is alone does both, as beside SQLite. `way_to_database` is the URL by which they reach it, where that is another.
    """
    app = web.Application()
    app.router.add_post("/hooks/{name}", receiver.handle)
    database = await open_database(database_url, before_commit=Outbox().flush)
    token = await given_token(database, "test")
    await database.close()
    async with TestServer(app) as server:
        (folder / "packhouse.toml").write_text(
            _settings(way_to_database or database_url, nats_url, str(server.make_url("/hooks")), lease_seconds)
        )
        machines = Machines(folder, token)
        try:
            await asyncio.gather(
                *(machines.serve(f"api-{number}", "api") for number in range(apis)),
                *(machines.serve(f"worker-{number}", "worker") for number in range(workers)),
                *(machines.serve(f"api-{number}", "all") for number in range(alone)),
            )
            yield machines
        finally:
            await machines.end()


def _settings(database_url: str, nats_url: str, hooks: str, lease_seconds: float) -> str:
    endpoints = "".join(
        f'[plugins.settings.webhooks.endpoints.{name}]\nurl = "{hooks}/{name}"\nsecrets = ["{_SECRET}"]\n'
        for name in ENDPOINTS
    )
    return f"""
[database]
url = "{database_url}"
[nats]
url = "{nats_url}"
[security]
secret_key = "a key of tests, long enough to be accepted"
[events]
lease_seconds = {lease_seconds}
[logging]
level = "CRITICAL"
[plugins]
enabled = ["webhooks"]
[plugins.settings.webhooks]
allowed_networks = ["127.0.0.0/8"]
{endpoints}"""
