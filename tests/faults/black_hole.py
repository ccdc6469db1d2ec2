"""A network between the product and its database or NATS: it may lose everything without telling, as in a failover."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Network:
    """Passes connections on. What `swallow` has taken stays open on both ends, and nothing comes through any more."""

    connect: Callable[[], Awaitable[Streams]]
    port: int = 0
    swallowed: int = 0
    _open: set["_Way"] = field(default_factory=set)

    def swallow(self) -> None:
        """Everything on the connections that are open now is lost; new ones are passed on."""
        for way in self._open:
            way.is_lost = True
        self.swallowed += len(self._open)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side closes it."""
        way = _Way(asyncio.current_task())
        self._open.add(way)
        with closing(writer), suppress(OSError, asyncio.CancelledError):
            other_reader, other_writer = await self.connect()
            with closing(other_writer):
                tasks = [
                    asyncio.create_task(way.pass_on(reader, other_writer)),
                    asyncio.create_task(way.pass_on(other_reader, writer)),
                ]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        self._open.discard(way)

    async def end(self) -> None:
        """Close all that is open."""
        tasks = [way.task for way in self._open if way.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(eq=False)
class _Way:
    task: asyncio.Task[None] | None
    is_lost: bool = False

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not self.is_lost:
                    writer.write(data)
                    await writer.drain()


@asynccontextmanager
async def network_to(connect: Callable[[], Awaitable[Streams]]) -> AsyncIterator[Network]:
    """A network that listens at `port` of this machine, and passes on to wherever `connect` leads."""
    network = Network(connect)
    server = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    network.port = server.sockets[0].getsockname()[1]
    try:
        yield network
    finally:
        server.close()
        await network.end()
