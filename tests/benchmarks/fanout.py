"""One event to 5,000 subscribers, against a bare broadcast of the same text: `python -m tests.benchmarks.fanout`.

The time is counted from the moment at which the mutation (or the floor's request) is sent, until each subscriber has read its
message: the product commits, numbers the event, executes the subscription and sends. Then the leak test: 10,000 clients come
and go, three times, and what the server holds is compared.

The servers run under the allocator that `packhouse serve` chooses (decision 0032); `PYTHONMALLOC` in the environment is another.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import uvloop
from rich.console import Console
from rich.table import Table
from tests.benchmarks.load import cpu_seconds
from tests.benchmarks.subscribers import Subscriber, leave_all, subscribe_all, subscription

from packhouse.cli.process import ALLOCATOR, raise_file_limit
from packhouse.events.outbox import Outbox
from packhouse.storage import open_database
from packhouse.storage.migrate import migrate
from packhouse.testing.tokens import given_token

FOLLOW = """
subscription Follow($after: String) {
  orderEvents(after: $after) { cursor type position occurredAt order { number phase onHold } }
}
"""
SETUP = (
    'mutation { createChannel(input: {code: "web", name: "Web"}) { userErrors { code } } }',
    'mutation { createVariant(input: {sku: "MUG", title: "Mug"}) { userErrors { code } } }',
    'mutation { setPrice(input: {sku: "MUG", price: {amount: "9.50", currency: "GBP"}}) { userErrors { code } } }',
)
LOCATION = """
mutation { createLocation(input: {code: "london", name: "London"}) { location { id } userErrors { code } } }
"""
STOCK = """
mutation S($id: ID!) {
  adjustStock(input: {sku: "MUG", locationId: $id, quantity: 10, reason: "received"}) { userErrors { code } }
}
"""
PLACE = """
mutation { placeOrder(input: {
  channel: "web", currency: "GBP", email: "buyer@example.com", lines: [{sku: "MUG", quantity: 1}]
  shippingAddress: {name: "A Buyer", line1: "2 High Street", city: "Leeds", postcode: "LS1 4AP", country: "GB"}
}) { order { id } userErrors { code } } }
"""
HOLD = "mutation H($id: ID!) { holdOrder(input: {orderId: $id, reason: OTHER}) { userErrors { code } } }"
TARGET = 2.0
LEAK_ROUNDS = 3
_SECONDS = 60.0
_SETTLE_SECONDS = 0.05
# the server looks every two seconds whether a crowd has left
_LEFT_SECONDS = 6.0
_WARM_UP = 2


@contextmanager
def server(which: str, url: str) -> Iterator[tuple[int, int]]:
    """A server in a process of its own, ended by its process id; gives its port and that id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {ALLOCATOR: "malloc"} | os.environ
    command = [sys.executable, "-m", "tests.benchmarks.fanout_servers", which, url, str(port)]
    process = subprocess.Popen(command, env=environment)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


async def told(subscribers: list[Subscriber], count: int) -> None:
    """Wait until every subscriber has so many messages."""
    async with asyncio.timeout(_SECONDS):
        while any(len(subscriber.times) < count for subscriber in subscribers):
            await asyncio.sleep(0.01)


@dataclass
class Audience:
    """A server's subscribers; `times` are milliseconds until each was served, sorted, round by round."""

    subscribers: list[Subscriber]
    tell: Callable[[], Awaitable[object]]
    pid: int
    times: list[list[float]] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    async def serve(self) -> None:
        """One round."""
        for subscriber in self.subscribers:
            subscriber.times.clear()
        used, started = cpu_seconds(self.pid), time.monotonic()
        await self.tell()
        await told(self.subscribers, 1)
        await asyncio.sleep(_SETTLE_SECONDS)
        self.cpu_ms.append((cpu_seconds(self.pid) - used) * 1000)
        self.times.append(sorted((each.times[0] - started) * 1000 for each in self.subscribers))

    def forget(self) -> None:
        """What came so far only warmed up."""
        self.times.clear()
        self.cpu_ms.clear()


class Product:
    """Asks Packhouse, and has an order to change."""

    def __init__(self, client: aiohttp.ClientSession, port: int) -> None:
        self._client = client
        self._url = f"http://127.0.0.1:{port}/graphql"
        self._order = ""

    async def ask(self, query: str, **variables: object) -> Any:
        async with self._client.post(self._url, json={"query": query, "variables": variables}) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        ((_, payload),) = answer["data"].items()
        assert payload["userErrors"] == [], payload
        return payload

    async def set_up(self) -> None:
        for document in SETUP:
            await self.ask(document)
        location = (await self.ask(LOCATION))["location"]["id"]
        await self.ask(STOCK, id=location)
        self._order = (await self.ask(PLACE))["order"]["id"]

    async def tell(self) -> None:
        await self.ask(HOLD, id=self._order)


async def fan_out(url: str, token: str, *, count: int, times: int) -> tuple[Audience, Audience]:
    """The product and the floor, in turn, with the same text."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        with server("product", url) as (port, pid), server("floor", url) as (floor_port, floor_pid):
            product = Product(client, port)
            await product.set_up()
            started = time.monotonic()
            subscribers = await subscribe_all(port, "/graphql", subscription(token, FOLLOW), count)
            print(f"{count} subscribed in {time.monotonic() - started:.1f} s", file=sys.stderr)
            print(f"the server holds {await figures(client, port)}", file=sys.stderr)
            ours = Audience(subscribers, product.tell, pid)
            await asyncio.sleep(1)  # some were told the last event of the set-up

            async def tell() -> None:
                text = subscribers[0].frames[0]
                async with client.post(f"http://127.0.0.1:{floor_port}/tell", data=text) as response:
                    await response.read()

            theirs = Audience(await subscribe_all(floor_port, "/ws", [], count), tell, floor_pid)
            for number in range(times + _WARM_UP):
                if number == _WARM_UP:
                    ours.forget()
                    theirs.forget()
                await ours.serve()
                await theirs.serve()
            await leave_all([*ours.subscribers, *theirs.subscribers])
    return ours, theirs


async def figures(client: aiohttp.ClientSession, port: int) -> dict[str, int]:
    """What a server holds."""
    async with client.get(f"http://127.0.0.1:{port}/figures") as response:
        found: dict[str, int] = orjson.loads(await response.read())
        return found


async def leaks(url: str, token: str, *, count: int, times: int) -> list[dict[str, int]]:
    """What the server holds before, while and after so many clients came and went, time after time."""
    async with aiohttp.ClientSession() as client:
        with server("product", url) as (port, _):
            found = [await figures(client, port)]
            for _ in range(times):
                subscribers = await subscribe_all(port, "/graphql", subscription(token, FOLLOW), count)
                found.append(await figures(client, port))
                await leave_all(subscribers)
                async with asyncio.timeout(_SECONDS):
                    while (await figures(client, port))["clients"]:
                        await asyncio.sleep(0.2)
                await asyncio.sleep(_LEFT_SECONDS)
                found.append(await figures(client, port))
    return found


async def prepare(url: str) -> str:
    """A migrated database with a token."""
    await migrate(url)
    database = await open_database(url, before_commit=Outbox().flush)
    token = await given_token(database, "benchmark")
    await database.close()
    return token


def show(ours: Audience, theirs: Audience, count: int) -> None:
    """The table of the fan-out."""
    table = Table(title=f"One event to {count} subscribers, milliseconds (median of {len(ours.times)} rounds)")
    for column in ("", "first", "median", "p99", "last", "server's CPU"):
        table.add_column(column)
    for name, found in (("product", ours), ("floor", theirs)):
        figures = [
            statistics.median(each[int(part * (len(each) - 1))] for each in found.times)
            for part in (0.0, 0.5, 0.99, 1.0)
        ]
        table.add_row(name, *(f"{figure:.1f}" for figure in (*figures, statistics.median(found.cpu_ms))))
    Console().print(table)
    ratios = sorted(mine[-1] / floor[-1] for mine, floor in zip(ours.times, theirs.times, strict=True))
    print(
        f"the last one served, against the floor: {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}; target at most {TARGET})"
    )


def show_leaks(title: str, found: list[dict[str, int]]) -> None:
    """The table of the leak test, memory in MB."""
    table = Table(title=title)
    for column in ("", *found[0]):
        table.add_column(column)
    for line, each in zip(("before", *("while", "after") * LEAK_ROUNDS), found, strict=True):
        shown = each | {"memory": each["memory"] // 1_000_000}
        table.add_row(line, *map(str, shown.values()))
    Console().print(table)


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--leak", type=int, default=10_000, help="clients of the leak test, 0 for none")
    chosen = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/packhouse.sqlite3"
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            token = runner.run(prepare(url))
            ours, theirs = runner.run(fan_out(url, token, count=chosen.subscribers, times=chosen.rounds))
            show(ours, theirs, chosen.subscribers)
            if chosen.leak:
                found = runner.run(leaks(url, token, count=chosen.leak, times=LEAK_ROUNDS))
                show_leaks(f"{chosen.leak} clients come and go", found)


if __name__ == "__main__":
    main()
