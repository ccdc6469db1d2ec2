"""Clients that come and go leave nothing behind. The form with 10,000 is `python -m tests.benchmarks.fanout`."""

import asyncio
import gc
import sys
from itertools import pairwise

import aiohttp
from tests.web.conftest import happen, tiny_parts, with_limits
from tests.web.graphql.talking import listening, talking

from packhouse.testing.server import RunningServer, running_server, server_settings

SOCKETS = 150
STREAMS = 50
ROUNDS = 4
FACTS = "subscription F($after: String) { facts(after: $after) }"


async def come_and_go(server: RunningServer, session: aiohttp.ClientSession) -> None:
    """Half of them leave politely, half are cut off, while something is told to them."""

    async def socket(number: int) -> None:
        async with talking(server) as client:
            await client.subscribe("1", FACTS)
            await client.subscribe("2", f"subscription {{ facts(size: {number % 5}) }}")
            await client.receive()
            if number % 2:
                client.connection.transport.abort()

    async def stream() -> None:
        async with listening(session, server, FACTS) as listener:
            await listener.receive()

    clients = [asyncio.create_task(socket(number)) for number in range(SOCKETS)]
    clients += [asyncio.create_task(stream()) for _ in range(STREAMS)]
    while not all(client.done() for client in clients):
        await happen(server, "something")
        await asyncio.sleep(0.1)
    await asyncio.gather(*clients)


async def held(server: RunningServer) -> tuple[int, int, int, int]:
    """What the server's tables hold, and the tasks, when everybody has gone."""
    async with asyncio.timeout(20):
        while len(server.house.clients) or server.house.streams.shared:  # noqa: ASYNC110  (the server's tables)
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    return (
        len(server.house.clients),
        server.house.streams.shared,
        server.house.relay.live.waiting,
        len(asyncio.all_tasks()),
    )


async def test_clients_that_come_and_go_leave_nothing(database_url: str) -> None:
    blocks = []
    # each connection to PostgreSQL keeps the statements that it has met: few have met all of them after a round
    settings = with_limits(server_settings(database_url), "database", pool_max=2)
    async with running_server(settings, parts=tiny_parts()) as server:
        before = await held(server)
        for _ in range(ROUNDS):
            async with aiohttp.ClientSession() as session:
                await come_and_go(server, session)
            assert await held(server) == before
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    # the first rounds fill caches, and a table may grow in one of the others; one thing kept of each client would be more than
    # this in each of them
    assert min(second - first for first, second in pairwise(blocks[1:])) < SOCKETS + STREAMS
