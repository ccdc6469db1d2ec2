"""Several processes on PostgreSQL and NATS, while they are killed, NATS comes and goes, and connections are cut.

Nothing that was acknowledged is lost, nothing is applied twice, the plugin sees every event in order per order, and a
subscriber that resumes sees every event exactly once. The short form of the fault test.
"""

import asyncio
import base64
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.events.outbox import Outbox
from packhouse.storage import Initiator, open_database
from packhouse.testing.nats import NatsServer, free_port
from packhouse.web.authentication import create_access_token

ORDERS = 120
CLIENTS = 6
SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
SERVE = "from packhouse.cli import main; main()"
SETUP = [
    'mutation { createChannel(input: {code: "web", name: "Web"}) { userErrors { code } } }',
    'mutation { createVariant(input: {sku: "MUG", title: "Mug", requiresShipping: false}) { userErrors { code } } }',
    'mutation { setPrice(input: {sku: "MUG", price: {amount: "9.50", currency: "GBP"}}) { userErrors { code } } }',
]
PLACE = """
mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }
"""
FOLLOW = "subscription Follow($after: String) { orderEvents(after: $after) { position type } }"


@dataclass
class Receiver:
    """Keeps what the webhooks plugin delivers: (order, position) in the order of arrival."""

    got: list[tuple[str, int]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        data = (await request.json())["data"]
        if data["orderId"] is not None:
            self.got.append((data["orderId"], data["position"]))
        return web.Response(status=204)


@dataclass
class Machines:
    """The processes of one house: `serve` starts one, `kill` ends it as a power cut would."""

    folder: Path
    token: str
    running: dict[str, tuple[asyncio.subprocess.Process, int]] = field(default_factory=dict)

    async def serve(self, name: str, role: str) -> None:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVE, "serve", "--role", role, "--port", str(port), cwd=self.folder
        )
        self.running[name] = (process, port)
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{port}/health/ready") as response:
                        if response.status == 200:
                            return
                assert process.returncode is None, f"{name} ended"
                await asyncio.sleep(0.05)

    async def kill(self, name: str) -> None:
        process, _ = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def end(self) -> None:
        for process, _ in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process, _ in self.running.values():
            async with asyncio.timeout(30):
                assert await process.wait() in (0, -signal.SIGTERM)

    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/graphql" for name, (_, port) in self.running.items() if name != "worker"]

    async def ask(self, query: str, variables: dict[str, Any] | None = None, *, turn: int = 0) -> Any:
        """Ask whichever answers; a mutation is repeated with the same external id, so that it happens once."""
        async with asyncio.timeout(60):
            while True:
                turn += 1
                addresses = self.addresses()
                with suppress(aiohttp.ClientError, ConnectionError):
                    async with (
                        aiohttp.ClientSession(headers={"authorization": f"Bearer {self.token}"}) as session,
                        session.post(
                            addresses[turn % len(addresses)], json={"query": query, "variables": variables or {}}
                        ) as response,
                    ):
                        body = await response.json()
                        if "errors" not in body:
                            return body["data"]
                        codes = {each["extensions"]["code"] for each in body["errors"]}
                        assert codes == {"INTERNAL_SERVER_ERROR"}, body
                await asyncio.sleep(0.05)


@asynccontextmanager
async def many_machines(folder: Path, database_url: str, nats_url: str, receiver: Receiver) -> AsyncIterator[Machines]:
    app = web.Application()
    app.router.add_post("/hooks", receiver.handle)
    database = await open_database(database_url, before_commit=Outbox().flush)
    token = await database.write(Initiator("tester", "test"), lambda uow: create_access_token(uow, "test"))
    await database.close()
    async with TestServer(app) as server:
        (folder / "packhouse.toml").write_text(
            f"""
[database]
url = "{database_url}"
[nats]
url = "{nats_url}"
[security]
secret_key = "a key of tests, long enough to be accepted"
[events]
lease_seconds = 2.0
[plugins]
enabled = ["webhooks"]
[plugins.settings.webhooks]
allowed_networks = ["127.0.0.0/8"]
[plugins.settings.webhooks.endpoints.shop]
url = "{server.make_url("/hooks")}"
secrets = ["{SECRET}"]
"""
        )
        machines = Machines(folder, token)
        await asyncio.gather(
            machines.serve("one", "api"), machines.serve("two", "api"), machines.serve("worker", "worker")
        )
        try:
            yield machines
        finally:
            await machines.end()


async def follow(machines: Machines, seen: list[int]) -> None:
    """A subscriber that goes on from its last position, wherever somebody answers."""
    turn = 0
    while True:
        turn += 1
        addresses = machines.addresses()
        with suppress(aiohttp.ClientError, ConnectionError, StopAsyncIteration):
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(addresses[turn % len(addresses)], protocols=["graphql-transport-ws"]) as socket,
            ):
                await socket.send_json({"type": "connection_init", "payload": {"token": machines.token}})
                variables = {"after": str(seen[-1]) if seen else "0"}
                await socket.receive_json()
                await socket.send_json(
                    {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}}
                )
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    body = message.json()
                    if body["type"] != "next":
                        break
                    seen.append(int(body["payload"]["data"]["orderEvents"]["position"]))
        await asyncio.sleep(0.05)


async def place_all(machines: Machines, acknowledged: set[str]) -> None:
    async def client(number: int) -> None:
        for order in range(number, ORDERS, CLIENTS):
            given = {
                "channel": "web",
                "currency": "GBP",
                "email": f"buyer{order}@example.com",
                "externalId": f"order-{order}",
                "lines": [{"sku": "MUG", "quantity": 1}],
            }
            answer = (await machines.ask(PLACE, {"input": given}, turn=order))["placeOrder"]
            assert [each["code"] for each in answer["userErrors"]] in ([], ["DUPLICATE_ORDER"])
            acknowledged.add(f"order-{order}")
            await asyncio.sleep(0.5)

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))


async def test_nothing_is_lost_doubled_or_out_of_order(
    postgres_url: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    receiver, seen, acknowledged = Receiver(), list[int](), set[str]()
    async with many_machines(tmp_path, postgres_url, nats_server.url, receiver) as machines:
        for each in SETUP:
            await machines.ask(each)
        following = asyncio.create_task(follow(machines, seen))
        placing = asyncio.create_task(place_all(machines, acknowledged))
        await asyncio.sleep(0.3)
        await machines.kill("worker")
        await machines.serve("worker", "worker")
        await asyncio.to_thread(nats_server.stop)
        await machines.kill("one")
        await machines.serve("three", "api")
        await asyncio.to_thread(nats_server.start)
        await cut_connections(postgres_url)
        assert not placing.done(), "all this happened under load"
        async with asyncio.timeout(90):
            await placing
        expected = await _events(postgres_url)
        async with asyncio.timeout(60):
            while len(set(receiver.got)) < len(expected) or len(seen) < len(expected):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    assert acknowledged == {f"order-{number}" for number in range(ORDERS)}
    assert len({order for order, _ in expected}) == ORDERS, "each order once"
    assert seen == [position for _, position in expected], "every event exactly once, in order"
    assert set(receiver.got) == set(expected), "the plugin saw every event"
    firsts: dict[str, list[int]] = defaultdict(list)
    for order, position in receiver.got:
        if position not in firsts[order]:
            firsts[order].append(position)
    assert all(positions == sorted(positions) for positions in firsts.values()), "in order per order"


async def cut_connections(database_url: str) -> None:
    """Cut every connection to the database, as a restart of it or a broken switch does."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def _events(database_url: str) -> list[tuple[str, int]]:
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        async with asyncio.timeout(30):
            while await database.fetch("SELECT 1 FROM event WHERE position IS NULL LIMIT 1"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        rows = await database.fetch("SELECT order_id, position FROM event WHERE order_id IS NOT NULL ORDER BY position")
        assert len(await database.fetch("SELECT id FROM orders")) == ORDERS
    finally:
        await database.close()
    return [(base64.b64encode(f"Order:{row['order_id']}".encode()).decode(), row["position"]) for row in rows]
