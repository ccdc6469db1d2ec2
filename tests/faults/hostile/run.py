"""The long form: `python -m tests.faults.hostile.run --seeds 1 20 --rounds 30`, on SQLite and on PostgreSQL with NATS."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from tests.benchmarks.run import postgres
from tests.faults.hostile.storm import storm

from packhouse.storage.migrate import migrate
from packhouse.testing.copies import statement, with_database


async def run(url: str, seeds: range, rounds: int) -> int:
    """Storms of many seeds, each on a database of its own, in a file where `url` is empty; prints what was found, returns how much."""
    found = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            own = with_database(url, f"hostile_{seed}") if url else f"sqlite://{Path(folder) / 'hostile.sqlite3'}"
            if url:
                await statement(url, f'CREATE DATABASE "hostile_{seed}"')
            await migrate(own)
            started = time.monotonic()
            judge = await storm(own, seed, rounds, everything=True)
            if url:
                await statement(url, f'DROP DATABASE "hostile_{seed}" WITH (FORCE)')
        found += len(judge.found)
        kind = "postgres" if url else "sqlite"
        print(
            f"== {kind} seed {seed}: {time.monotonic() - started:.0f} s, {judge.summary()}",
            *judge.found,
            sep="\n",
            flush=True,
        )
    return found


def main() -> None:
    """Run it; fails loudly where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 5), help="from, to")
    parser.add_argument("--rounds", type=int, default=10, help="how often each mutation is asked for in any old way")
    parser.add_argument("--on", choices=("sqlite", "postgres", "both"), default="both")
    chosen = parser.parse_args()
    seeds = range(chosen.seeds[0], chosen.seeds[1] + 1)
    found = 0
    if chosen.on != "postgres":
        found += asyncio.run(run("", seeds, chosen.rounds))
    if chosen.on != "sqlite":
        with postgres(None) as url:
            found += asyncio.run(run(url, seeds, chosen.rounds))
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
