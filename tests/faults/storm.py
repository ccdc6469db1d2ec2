"""What breaks, and how often: chosen by a seed, so that a run can be made again."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import asyncpg
from tests.faults.black_hole import Network
from tests.faults.machines import Machines
from tests.faults.own_postgres import OwnPostgres

from packhouse.testing.nats import NatsServer

_KINDS = ("api", "api", "worker", "nats", "NATS hangs", "connections")
_OF_OUR_OWN = ("restart", "restart", "crash", "crash", "hang", "start", "network")


@dataclass
class Storm:
    """Breaks one thing after another. `happened` counts what did.

    `server` and `network` are the database's and the way to it, where they are the test's own.
    """

    machines: Machines
    nats: NatsServer
    database_url: str
    random: Random
    server: OwnPostgres | None = None
    network: Network | None = None
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

    async def restart_database(self, seconds: float) -> None:
        """A fast shutdown of PostgreSQL, and its start after a while."""
        await self._away(self._own.stop, seconds, "database restarted")

    async def crash_database(self, seconds: float) -> None:
        """PostgreSQL loses its power, or is ended at once, and comes back with crash recovery."""
        how = self.random.choice((self._own.kill, self._own.end_at_once))
        await self._away(how, seconds, "database crashed")

    async def freeze_database(self, seconds: float) -> None:
        """PostgreSQL hangs: it takes connections and answers nothing, then goes on."""
        await asyncio.to_thread(self._own.freeze)
        self.happened["database hung"] += 1
        await asyncio.sleep(seconds)
        await self.machines.are_not_ready()
        await self.machines.are_alive()
        await asyncio.to_thread(self._own.thaw)
        await self.machines.are_ready()

    async def freeze_nats(self, seconds: float) -> None:
        """NATS hangs for a while."""
        assert self.nats.process is not None
        self.nats.process.send_signal(signal.SIGSTOP)
        self.happened["NATS hung"] += 1
        await asyncio.sleep(seconds)
        self.nats.process.send_signal(signal.SIGCONT)

    async def start_without_database(self, kind: str, seconds: float) -> None:
        """A process is killed, and another starts while the database is away and comes back by crash recovery."""
        name = self.random.choice(self.machines.names(kind))
        await self.machines.kill(name)
        await asyncio.to_thread(self._own.kill)
        self.happened[f"{kind} started without database"] += 1
        starting = asyncio.create_task(self.machines.serve(name, kind))
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._own.start)
        await starting
        await self.machines.are_ready()

    async def lose_network(self) -> None:
        """Nothing comes through on any connection to the database, and nobody is told; new ones work."""
        assert self.network is not None
        self.network.swallow()
        self.happened["network lost"] += 1

    @property
    def _own(self) -> OwnPostgres:
        assert self.server is not None, "the server is not ours"
        return self.server

    async def _away(self, end: Callable[[], None], seconds: float, what: str) -> None:
        await asyncio.to_thread(end)
        self.happened[what] += 1
        await asyncio.sleep(seconds)
        await self.machines.are_not_ready()
        await self.machines.are_alive()
        await asyncio.to_thread(self._own.start)
        await self.machines.are_ready()

    async def rage(self, seconds: float, pause: float) -> None:
        """Break things at random for so long."""
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            what = self.random.choice(_KINDS if self.server is None else (*_KINDS, *_OF_OUR_OWN))
            if what == "nats":
                await self.stop_nats(self.random.uniform(0.1, 2.0))
            elif what == "connections":
                await self.cut_connections()
            elif what == "restart":
                await self.restart_database(self.random.uniform(0, 20))
            elif what == "crash":
                await self.crash_database(self.random.uniform(0, 20))
            elif what == "hang":
                await self.freeze_database(self.random.uniform(10, 40))
            elif what == "NATS hangs":
                await self.freeze_nats(self.random.uniform(0.1, 20))
            elif what == "start":
                await self.start_without_database(self.random.choice(("api", "worker")), self.random.uniform(0, 15))
            elif what == "network":
                await self.lose_network()
            else:
                await self.kill(what)
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause)
