"""The long form: `python -m tests.faults.hostile.run --seeds 1 20 --rounds 30`, on SQLite and on PostgreSQL with NATS."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.benchmarks.run import postgres
from tests.faults.hostile.doors import visit
from tests.faults.hostile.races import races
from tests.faults.hostile.shop import furnished_server
from tests.faults.hostile.storm import storm

from packhouse.storage.migrate import migrate
from packhouse.testing.copies import statement, with_database

Part = Callable[[str, int, int], Awaitable[tuple[str, list[str]]]]


async def _storm(url: str, seed: int, rounds: int) -> tuple[str, list[str]]:
    judge = await storm(url, seed, rounds, everything=True)
    return judge.summary(), judge.found


async def _doors(url: str, seed: int, rounds: int) -> tuple[str, list[str]]:
    stranger = await visit(url, seed, requests=100 * rounds, webhooks=30 * rounds)
    return f"answers by status {stranger.statuses}", stranger.found


async def _races(url: str, seed: int, rounds: int) -> tuple[str, list[str]]:
    async with furnished_server(url) as server:
        times = max(1, rounds // 3)
        return f"each contest {times} times", await races(server, seed, times)


PARTS: dict[str, Part] = {"storm": _storm, "doors": _doors, "races": _races}


async def run(url: str, seeds: range, rounds: int, parts: list[str]) -> int:
    """Each part with each seed, on a database of its own, in a file where `url` is empty; prints and counts what was found."""
    count = 0
    for seed in seeds:
        for part in parts:
            started = time.monotonic()
            async with _database(url, f"hostile_{part}_{seed}") as own:
                summary, found = await PARTS[part](own, seed, rounds)
            kind = "postgres" if url else "sqlite"
            title = (
                f"== {part} on {kind}, seed {seed}, {time.monotonic() - started:.0f} s: {len(found)} faults; {summary}"
            )
            print(title, *found, sep="\n", flush=True)
            count += len(found)
    return count


@asynccontextmanager
async def _database(url: str, name: str) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        own = with_database(url, name) if url else f"sqlite://{Path(folder) / 'hostile.sqlite3'}"
        if url:
            await statement(url, f'CREATE DATABASE "{name}"')
        await migrate(own)
        yield own
        if url:
            await statement(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def main() -> None:
    """Run it; fails where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 5), help="from, to")
    parser.add_argument("--rounds", type=int, default=10, help="how often each mutation is asked for in any old way")
    parser.add_argument("--on", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--parts", choices=sorted(PARTS), nargs="+", default=sorted(PARTS))
    chosen = parser.parse_args()
    seeds = range(chosen.seeds[0], chosen.seeds[1] + 1)
    found = 0
    if chosen.on != "postgres":
        found += asyncio.run(run("", seeds, chosen.rounds, chosen.parts))
    if chosen.on != "sqlite":
        with postgres(None) as url:
            found += asyncio.run(run(url, seeds, chosen.rounds, chosen.parts))
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
