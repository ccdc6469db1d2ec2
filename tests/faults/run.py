"""The long form of the fault test: `python -m tests.faults.run --minutes 10 --seed 7`. Prints what happened, and fails loudly."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table
from tests.benchmarks.run import postgres
from tests.faults.black_hole import Network, network_to
from tests.faults.house import ENDPOINTS, Receiver, many_machines
from tests.faults.load import Acknowledged, client, follow, set_up
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.proof import prove
from tests.faults.storm import Storm

from packhouse.storage.migrate import migrate
from packhouse.testing.nats import NatsServer, free_port


@dataclass(frozen=True)
class Choice:
    """How long things break, how, and who works meanwhile."""

    minutes: float
    seed: int
    clients: int
    followers: int


async def run(url: str, folder: Path, nats: NatsServer, chosen: Choice, server: OwnPostgres | None) -> None:
    """Break things for so long under load, then prove that nothing was lost, done twice or seen out of order."""
    await migrate(url)
    if server is None:
        await _prove_storm(url, url, folder, nats, chosen)
        return
    async with network_to(server.connect) as network:
        await _prove_storm(url, server.way_by(network.port), folder, nats, chosen, server, network)


async def _prove_storm(
    url: str,
    way: str,
    folder: Path,
    nats: NatsServer,
    chosen: Choice,
    server: OwnPostgres | None = None,
    network: Network | None = None,
) -> None:
    receiver, done, enough = Receiver(), Acknowledged(), asyncio.Event()
    lists: list[list[int]] = [[] for _ in range(chosen.followers)]
    started = time.monotonic()
    async with many_machines(folder, url, nats.url, receiver, apis=3, workers=2, way_to_database=way) as machines:
        location = await set_up(machines)
        following = [asyncio.create_task(follow(machines, seen, turn)) for turn, seen in enumerate(lists)]
        working = [
            asyncio.create_task(client(machines, location, f"client{number}", done, enough, pause=0.05))
            for number in range(chosen.clients)
        ]
        storm = Storm(machines, nats, url, Random(chosen.seed), server, network)
        await storm.rage(chosen.minutes * 60, pause=1.0)
        enough.set()
        await asyncio.gather(*working)
        events = await prove(url, done, receiver, lists, following)
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    table = Table(
        "what", "how many", title=f"Fault test, seed {chosen.seed}, {time.monotonic() - started:.0f} s: all holds"
    )
    table.add_row("orders acknowledged, each there once", str(len(done.orders)))
    table.add_row("other mutations acknowledged, each done once", str(done.adjusted + done.held))
    table.add_row("requests sent again by clients", str(machines.repeated))
    table.add_row("events", str(events))
    for name in ENDPOINTS:
        got = receiver.got[name]
        table.add_row(f"deliveries to {name} (of them again)", f"{len(got)} ({len(got) - len(set(got))})")
    table.add_row(f"{chosen.followers} subscribers, every event once, in order", str(sum(len(seen) for seen in lists)))
    for what, count in sorted(storm.happened.items()):
        table.add_row(what, str(count))
    Console(width=100).print(table)


@contextmanager
def _database(named: str | None) -> Iterator[tuple[str, OwnPostgres | None]]:
    """A server of our own, which may be broken; of one that was named, connections alone."""
    if named:
        with postgres(named) as url:
            yield url, None
    else:
        with own_postgres() as server:
            yield server.url, server


def main() -> None:
    """Run it on a PostgreSQL and a NATS of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long things break")
    parser.add_argument("--seed", type=int, default=7, help="chooses what breaks")
    parser.add_argument("--clients", type=int, default=12, help="clients that send mutations")
    parser.add_argument("--followers", type=int, default=8, help="live subscribers that resume")
    parser.add_argument("--postgres-url", help="a server to use instead of the one from the wheel")
    chosen = parser.parse_args()
    with _database(chosen.postgres_url) as (url, server), tempfile.TemporaryDirectory() as folder:
        nats = NatsServer(free_port(), Path(folder) / "nats")
        nats.start()
        try:
            asyncio.run(
                run(
                    url,
                    Path(folder),
                    nats,
                    Choice(chosen.minutes, chosen.seed, chosen.clients, chosen.followers),
                    server,
                )
            )
        finally:
            nats.stop()


if __name__ == "__main__":
    main()
