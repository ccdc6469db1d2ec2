"""How latency grows with the database, on PostgreSQL: `.venv/bin/python -m tests.benchmarks.curve`.

Fills a database of each size by SQL, serves each by a process of its own, and asks them in turn, one request at a time: the
availability of a basket of 50 SKUs, the orders board, one order with everything, and the balances of a moment in the past.
What counts is the ratio to the smallest database within one run. How the planner runs each statement is looked at as well: a
table of more than a thousand rows is never read whole.
"""

import argparse
import asyncio
import re
import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import aiohttp
import asyncpg
import orjson
from rich.console import Console
from rich.table import Table
from tests.benchmarks.load import Figures, load, post
from tests.benchmarks.multiply import MOVEMENTS, ORDERS, STOCK_ROWS, VARIANTS, fill, sku_of
from tests.benchmarks.reading import BOARD, BOARD_SIZE, ORDER
from tests.benchmarks.run import postgres, server

from packhouse.house import Role
from packhouse.testing.copies import statement, with_database
from packhouse.testing.server import running_server, server_settings
from packhouse.testing.statements import noted_statements, query_plan

BASKET = 50
LEAST = 1_000
BASKETS = """
query Basket($input: PreviewRoutingInput!) {
  previewRouting(input: $input) { parts { location sku quantity } missingUnits }
}
"""
BALANCES = """
query Balances($sku: String!, $asOf: DateTime!) {
  stock(sku: $sku, asOf: $asOf) { location { id name } onHand allocated availableToPromise }
}
"""
Request = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Filled:
    """A database of one size: where it is, who may ask, how many copies of the shop it holds, and orders to ask for."""

    url: str
    token: str
    copies: int
    orders: Sequence[str]

    def bodies(self) -> dict[str, Callable[[int], bytes]]:
        """The bodies of the requests by the work, by request number."""
        random, now = Random(self.copies), datetime.now(UTC)  # noqa: S311  (what is asked for, no secret)

        def skus(count: int) -> list[str]:
            return [sku_of(random.randrange(self.copies), random.randrange(VARIANTS)) for _ in range(count)]

        def basket(_: int) -> bytes:
            lines = [{"sku": sku, "quantity": 1} for sku in dict.fromkeys(skus(BASKET * 2))][:BASKET]
            return _body(BASKETS, {"input": {"lines": lines}})

        def balances(_: int) -> bytes:
            moment = now - timedelta(minutes=random.randrange(self.copies))
            return _body(BALANCES, {"sku": skus(1)[0], "asOf": moment.isoformat()})

        return {
            "availability of a basket of 50 SKUs": basket,
            "orders board, 50 orders": lambda _: _body(BOARD, {"first": BOARD_SIZE}),
            "one order with everything": lambda _: _body(ORDER, {"id": random.choice(self.orders)}),
            "stock of a SKU as of a moment": balances,
        }


def _body(document: str, variables: dict[str, object]) -> bytes:
    return orjson.dumps({"query": document, "variables": variables})


async def make(url: str, stock_rows: int) -> Filled:
    """Fill a database, and say what came of it."""
    started = time.perf_counter()
    token, copies = await fill(url, stock_rows)
    connection = await asyncpg.connect(url)
    try:
        ids = await connection.fetch("SELECT id FROM orders ORDER BY random() LIMIT 500")
        size = await connection.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
    finally:
        await connection.close()
    counts = f"{copies * STOCK_ROWS} stock rows, {copies * MOVEMENTS} movements, {copies * ORDERS} orders"
    print(f"{counts}: {size}, filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return Filled(url, token, copies, [b64encode(f"Order:{row['id']}".encode()).decode() for row in ids])


async def whole_scans(filled: Filled) -> dict[str, list[str]]:
    """The tables of more than a thousand rows that the statements of each work read whole: none, it is hoped."""
    found = {}
    async with (
        running_server(server_settings(filled.url), role=Role.API) as running,
        aiohttp.ClientSession(headers=running.headers | {"Content-Type": "application/json"}) as client,
    ):
        database = running.house.database
        large = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > $1"
        names = {row["relname"] for row in await database.fetch(large, LEAST)}
        for work, body in filled.bodies().items():
            with noted_statements() as statements:
                async with client.post(running.graphql, data=body(0)) as answer:
                    answered = await answer.json()
            assert "errors" not in answered, answered
            read = [each for each in statements if each.sql.lstrip().startswith(("SELECT", "WITH"))]
            plans = [await query_plan(database, each) for each in read]
            scans = {name for plan in plans for name in re.findall(r"Seq Scan on (\w+)", plan)}
            found[work] = sorted(scans & names)
    return found


async def measure(sizes: Sequence[Filled], *, requests: int, rounds: int) -> dict[str, list[list[Figures]]]:
    """The figures of each work by size and round; the sizes take turns, so that a busy moment meets all of them."""
    works: dict[str, list[list[Figures]]] = {work: [[] for _ in sizes] for work in sizes[0].bodies()}
    with ExitStack() as stack:
        servers = [stack.enter_context(server("product", filled.url)) for filled in sizes]
        for _ in range(rounds):
            for work, figures in works.items():
                for (process, port), filled, of_size in zip(servers, sizes, figures, strict=True):
                    body = filled.bodies()[work]
                    of_size.append(
                        await load(
                            port,
                            lambda number, body=body, token=filled.token: post("/graphql", body(number), token),
                            pid=process.pid,
                            connections=1,
                            requests=requests,
                            warm_up=max(20, requests // 10),
                        )
                    )
    return works


def table_of(
    sizes: Sequence[Filled], works: dict[str, list[list[Figures]]], scans: list[dict[str, list[str]]]
) -> Table:
    """A line for each work and size."""
    table = Table(title="Latency as the database grows (medians of the rounds; ratio to the smallest)")
    for column in ("work", "stock rows", "p50 ms", "ratio", "p95 ms", "ratio", "server CPU ms", "ratio", "read whole"):
        table.add_column(column)
    for work, by_size in works.items():
        first = by_size[0]
        for filled, figures, scanned in zip(sizes, by_size, scans, strict=True):
            cells = [work if figures is first else "", f"{filled.copies * STOCK_ROWS:,}"]
            for read in (_p50, _p95, _cpu):
                ratios = [read(ours) / read(smallest) for ours, smallest in zip(figures, first, strict=True)]
                cells += [f"{statistics.median(map(read, figures)):.2f}", f"{statistics.median(ratios):.2f}"]
            table.add_row(*cells, ", ".join(scanned[work]) or "nothing")
    return table


def _p50(figures: Figures) -> float:
    return figures.median_ms


def _p95(figures: Figures) -> float:
    return figures.p95_ms


def _cpu(figures: Figures) -> float:
    return figures.cpu_ms


@contextmanager
def beside(url: str) -> Iterator[str]:
    """One more database on the same server."""
    name = f"curve_{time.time_ns()}"
    asyncio.run(statement(url, f'CREATE DATABASE "{name}"'))
    yield with_database(url, name)
    asyncio.run(statement(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def run(urls: Sequence[str], stock_rows: Sequence[int], *, requests: int, rounds: int) -> Table:
    """Fill, look at the plans, measure."""
    sizes = [await make(url, rows) for url, rows in zip(urls, stock_rows, strict=True)]
    scans = [await whole_scans(filled) for filled in sizes]
    return table_of(sizes, await measure(sizes, requests=requests, rounds=rounds), scans)


def main() -> None:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="stock rows of each size"
    )
    parser.add_argument("--requests", type=int, default=200, help="requests of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--postgres-url", help="a server to use instead of the one from the wheel")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        named = stack.enter_context(postgres(chosen.postgres_url))
        urls = [stack.enter_context(beside(named)) for _ in chosen.rows]
        table = asyncio.run(run(urls, chosen.rows, requests=chosen.requests, rounds=chosen.rounds))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
