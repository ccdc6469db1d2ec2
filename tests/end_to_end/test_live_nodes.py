"""A subscriber moves between API processes on PostgreSQL and NATS while one is restarted, and outlives the one process on SQLite."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from tests.faults.house import Receiver, many_machines
from tests.faults.load import PLACE, set_up
from tests.faults.machines import Machines
from tests.web.graphql.talking import PROTOCOL, Client, Listener
from websockets.asyncio.client import connect

from packhouse.testing.nats import NatsServer

FOLLOW = "subscription F($after: String) { orderEvents(after: $after) { cursor position type } }"
DELIVERIES = (
    "subscription D($after: String) { deliveries(after: $after) { cursor delivery { plugin } attempt { ok } } }"
)


@dataclass(frozen=True, slots=True)
class Node:
    """Stands for a running server where the helpers of one process want one."""

    graphql: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def node(machines: Machines, name: str) -> Node:
    return Node(f"http://127.0.0.1:{machines.running[name][1]}/graphql", machines.token)


@asynccontextmanager
async def socket(node: Node, query: str, after: str | None = None) -> AsyncIterator[Client]:
    async with connect(node.graphql.replace("http", "ws", 1), subprotocols=[PROTOCOL]) as connection:
        client = Client(connection)
        await client.init(node.token)
        await client.subscribe("1", query, variables={"after": after})
        await client.has_begun()
        yield client


@asynccontextmanager
async def stream(session: aiohttp.ClientSession, node: Node, after: str | None = None) -> AsyncIterator[Listener]:
    headers = {**node.headers, "Accept": "text/event-stream", **({} if after is None else {"Last-Event-ID": after})}
    async with session.post(node.graphql, json={"query": FOLLOW}, headers=headers) as response:
        yield Listener(response)


async def place(machines: Machines, *names: str) -> None:
    for name in names:
        placed = await machines.ask(PLACE, {"email": f"{name}@example.com"}, key=name)
        assert placed["placeOrder"]["userErrors"] == []


async def placed_by_socket(client: Client, count: int) -> tuple[list[int], str]:
    """Positions up to so many placed orders, and the last cursor."""
    positions, cursor = [], ""
    while count:
        event, cursor = await client.next("orderEvents")
        positions.append(int(event["position"]))
        count -= event["type"] == "ORDER_PLACED"
    return positions, cursor


async def read_stream(listener: Listener, seen: list[int], upto: int) -> str:
    """Read on until a position has come; returns the last event's id."""
    event_id = ""
    while not seen or seen[-1] < upto:
        event = await listener.receive()
        event_id = event.id or ""
        assert (event.name, event_id) == ("next", event.data["extensions"]["cursor"])
        seen.append(int(event.data["data"]["orderEvents"]["position"]))
    return event_id


async def test_a_subscriber_goes_on_at_another_node_and_after_a_restart(
    postgres_url: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    by_socket: list[int] = []
    by_stream: list[int] = []
    async with (
        many_machines(tmp_path, postgres_url, nats_server.url, Receiver(), apis=2, workers=1) as machines,
        aiohttp.ClientSession() as session,
    ):
        await set_up(machines)
        first = node(machines, "api-0")
        async with socket(first, FOLLOW) as client, stream(session, first) as sse:
            await place(machines, "one", "two")
            positions, cursor = await placed_by_socket(client, 2)
            by_socket += positions
            event_id = await read_stream(sse, by_stream, positions[0])
            # told to go elsewhere before the process ends
            stopping = asyncio.create_task(machines.stop("api-0"))
            assert await client.closed() == (1012, "Service restart: connect again and resume")
            while (await sse.receive()).name == "next":
                pass  # what is not noted comes again
            assert sse.comments[-1] == "service restart: connect again and resume"
            assert await stopping == 0

        await place(machines, "three")
        second = node(machines, "api-1")
        async with socket(second, FOLLOW, cursor) as client, stream(session, second, event_id) as sse:
            positions, cursor = await placed_by_socket(client, 1)
            by_socket += positions
            event_id = await read_stream(sse, by_stream, positions[-1])

        await machines.serve("api-0", "api")
        await machines.stop("api-1")
        await place(machines, "four")
        third = node(machines, "api-0")
        async with socket(third, FOLLOW, cursor) as client, stream(session, third, event_id) as sse:
            positions, _ = await placed_by_socket(client, 1)
            by_socket += positions
            await read_stream(sse, by_stream, positions[-1])

        assert by_socket == by_stream == [each for each in await positions_of_orders(machines) if each <= by_socket[-1]]


async def test_a_subscriber_goes_on_after_the_one_process_was_killed(sqlite_url: str, tmp_path: Path) -> None:
    """The embedded set-up; many machines are killed under followers in tests/faults."""
    by_socket: list[int] = []
    by_stream: list[int] = []
    async with (
        many_machines(tmp_path, sqlite_url, "", Receiver(), alone=1) as machines,
        aiohttp.ClientSession() as session,
    ):
        await set_up(machines)
        first = node(machines, "api-0")
        async with socket(first, FOLLOW) as client, stream(session, first) as sse:
            await place(machines, "one")
            by_socket, cursor = await placed_by_socket(client, 1)
            event_id = await read_stream(sse, by_stream, by_socket[-1])
            await machines.kill("api-0")
        await machines.serve("api-0", "all")
        await place(machines, "two", "three")
        second = node(machines, "api-0")
        async with socket(second, FOLLOW, cursor) as client, stream(session, second, event_id) as sse:
            positions, _ = await placed_by_socket(client, 2)
            by_socket += positions
            await read_stream(sse, by_stream, positions[-1])
        assert by_socket == by_stream == [each for each in await positions_of_orders(machines) if each <= by_socket[-1]]


async def positions_of_orders(machines: Machines) -> list[int]:
    """Of all events of all orders, in their order."""
    found = await machines.ask("query { orders { edges { node { timeline { position } } } } }")
    return sorted(int(each["position"]) for edge in found["orders"]["edges"] for each in edge["node"]["timeline"])


async def test_deliveries_of_a_worker_are_followed_at_any_node(
    postgres_url: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    async with many_machines(tmp_path, postgres_url, nats_server.url, Receiver(), apis=2, workers=1) as machines:
        await set_up(machines)
        async with socket(node(machines, "api-0"), DELIVERIES) as client:
            await place(machines, "one")
            plugins: set[str] = set()
            while not {"webhooks/shop", "webhooks/crm"} <= plugins:
                told, cursor = await client.next("deliveries")
                plugins.add(told["delivery"]["plugin"])
                assert told["attempt"]["ok"]
        async with socket(node(machines, "api-1"), DELIVERIES, cursor) as client:
            await place(machines, "two")
            again, later = await client.next("deliveries")
            assert again["attempt"]["ok"]
            assert later != cursor
