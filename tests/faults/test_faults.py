"""The short form: one of each fault, under load."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.faults.house import Receiver, many_machines
from tests.faults.load import Acknowledged, client, follow, set_up
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.proof import prove
from tests.faults.storm import Storm

from packhouse.storage.migrate import migrate
from packhouse.testing.nats import NatsServer

CLIENTS = 6
FOLLOWERS = 4


@pytest.fixture
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as own:
        asyncio.run(migrate(own.url))
        yield own


async def test_nothing_is_lost_doubled_or_out_of_order(
    server: OwnPostgres, nats_server: NatsServer, tmp_path: Path
) -> None:
    receiver, done, enough = Receiver(), Acknowledged(), asyncio.Event()
    followers: list[list[int]] = [[] for _ in range(FOLLOWERS)]
    async with many_machines(tmp_path, server.url, nats_server.url, receiver, apis=3, workers=2) as machines:
        location = await set_up(machines)
        following = [asyncio.create_task(follow(machines, seen, turn)) for turn, seen in enumerate(followers)]
        working = [
            asyncio.create_task(client(machines, location, f"client{number}", done, enough, pause=0.2))
            for number in range(CLIENTS)
        ]
        storm = Storm(machines, nats_server, server.url, Random(1), server)
        await storm.kill("worker")
        await storm.stop_nats(0.5)
        await storm.kill("api")
        await storm.cut_connections()
        await storm.crash_database(0)
        await storm.kill("api")
        assert not any(each.done() for each in working), "all this happened under load"
        enough.set()
        await asyncio.gather(*working)
        events = await prove(server.url, done, receiver, followers, following)
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    assert events > 4 * len(done.orders) > 0
    assert machines.repeated > 0, "clients met faults and asked again"
