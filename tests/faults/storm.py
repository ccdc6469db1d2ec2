"""What breaks, and how often: chosen by a seed, so that a run can be made again."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import asyncpg
from tests.faults.machines import Machines

from packhouse.testing.nats import NatsServer


@dataclass
class Storm:
    """Breaks one thing after another. `happened` counts what did."""

    machines: Machines
    nats: NatsServer
    database_url: str
    random: Random
    happened: Counter[str] = field(default_factory=Counter)

    async def kill(self, kind: str) -> None:
        """One process of a kind is killed; another takes its place."""
        name = self.random.choice(self.machines.names(kind))
        await self.machines.kill(name)
        self.happened[f"{kind} killed"] += 1
        await self.machines.serve(name, kind)

    async def stop_nats(self, seconds: float) -> None:
        """NATS is away for a while."""
        await asyncio.to_thread(self.nats.stop)
        self.happened["NATS stopped"] += 1
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.nats.start)

    async def cut_connections(self) -> None:
        """Every connection to the database ends, as with a restart of it or a broken switch."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close()
        self.happened["connections cut"] += 1

    async def rage(self, seconds: float, pause: float) -> None:
        """Break things at random for so long."""
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            what = self.random.choice(("api", "api", "worker", "nats", "database"))
            if what == "nats":
                await self.stop_nats(self.random.uniform(0.1, 2.0))
            elif what == "database":
                await self.cut_connections()
            else:
                await self.kill(what)
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause)
