"""A rolling update under load: every process is replaced by a new one, and nobody notices.

No request fails, except that a node which is stopping refuses new connections; each order is placed once, and each event is
delivered once, not twice: what runs is finished, not interrupted.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from tests.faults.house import ENDPOINTS, Receiver, many_machines
from tests.faults.load import PLACE, set_up
from tests.faults.machines import Machines

from packhouse.events.outbox import Outbox
from packhouse.storage import open_database
from packhouse.testing.nats import NatsServer

CLIENTS = 4


@dataclass
class Clients:
    """Clients that know nodes by their addresses, and not that one stops; a new connection for each request."""

    machines: Machines
    nodes: dict[str, str]
    stopping: set[str] = field(default_factory=set)
    placed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def work(self, number: int, enough: asyncio.Event) -> None:
        """Place order after order, each at the next node, and where that one refuses the connection at the one after."""
        turn = number
        while not enough.is_set():
            email = f"client-{number}-{turn}@example.com"
            while not await self._placed(email, turn):
                turn += 1
            turn += 1

    async def _placed(self, email: str, turn: int) -> bool:
        name = sorted(self.nodes)[turn % len(self.nodes)]
        headers = {"authorization": f"Bearer {self.machines.token}", "connection": "close"}
        body = {"query": PLACE, "variables": {"email": email}}
        try:
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.post(self.nodes[name], json=body) as response,
            ):
                answer = await response.json()
        except aiohttp.ClientConnectorError:
            (self.refused if name in self.stopping else self.failed).append(f"{name} refused a connection")
            return False
        except (aiohttp.ClientError, ConnectionError) as error:
            self.failed.append(f"{name} {type(error).__name__}: {error}")
            return False
        if response.status != 200 or "errors" in answer or answer["data"]["placeOrder"]["userErrors"]:
            self.failed.append(f"{name} {response.status} {answer}")
            return False
        self.placed.append(email)
        return True


async def test_every_process_is_replaced_and_nobody_notices(
    postgres_url: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    receiver = Receiver(pause=0.02)
    # nobody is killed: a lease that ends while a busy machine lets its holder wait would be a second delivery of another kind
    house = many_machines(tmp_path, postgres_url, nats_server.url, receiver, apis=2, workers=2, lease_seconds=60.0)
    async with house as machines:
        await set_up(machines)
        clients = Clients(machines, {name: address_of(machines, name) for name in machines.names("api")})
        enough = asyncio.Event()
        working = [asyncio.create_task(clients.work(number, enough)) for number in range(CLIENTS)]
        for old in (*machines.names("api"), *machines.names("worker")):
            await replace(machines, clients, old)
        enough.set()
        await asyncio.gather(*working)
        await until_delivered(postgres_url, receiver)

    assert clients.failed == []
    assert clients.refused, "clients went on asking the nodes that stopped"
    await compare(postgres_url, clients.placed, receiver)


async def replace(machines: Machines, clients: Clients, old: str) -> None:
    """Start the new one, then stop the old one; clients learn of the new one, and only later that the old one has gone."""
    new = f"{old}-new"
    await machines.serve(new, old.partition("-")[0])
    if old in clients.nodes:
        clients.nodes[new] = address_of(machines, new)
        clients.stopping.add(old)
    placed = len(clients.placed)
    assert await machines.stop(old) == 0
    assert len(clients.placed) > placed, "clients worked while it stopped"
    clients.nodes.pop(old, None)


def address_of(machines: Machines, name: str) -> str:
    return f"http://127.0.0.1:{machines.running[name][1]}/graphql"


async def until_delivered(database_url: str, receiver: Receiver) -> None:
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        async with asyncio.timeout(60):
            while await database.fetch(
                "SELECT 1 FROM event WHERE position IS NULL UNION ALL SELECT 1 FROM lane LIMIT 1"
            ):
                await asyncio.sleep(0.05)
        assert receiver.got
    finally:
        await database.close()


async def compare(database_url: str, placed: Sequence[str], receiver: Receiver) -> None:
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        orders = await database.fetch("SELECT email FROM orders")
        events = await database.fetch("SELECT position FROM event ORDER BY position")
    finally:
        await database.close()
    assert sorted(row["email"] for row in orders) == sorted(placed), "each order once, each of them acknowledged"
    for name in ENDPOINTS:
        positions = sorted(position for _, position in receiver.got[name])
        assert positions == [row["position"] for row in events], f"{name} got every event, and none twice"
