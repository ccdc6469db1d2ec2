"""The servers that are compared, each in a process of its own: `serve.py (product|floor) URL PORT [RECORDING]`.

The floor is bare Starlette with the bare driver: it parses the body, runs the statements that the product was seen to run,
and answers with JSON. On SQLite it commits in groups as the product does, so that both pay the disk the same way.
"""

import asyncio
import pickle
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.benchmarks.reading import Reading
from tests.benchmarks.recording import Placing, Statement

from packhouse.app import create_app
from packhouse.settings import DatabaseSettings, SecuritySettings, Settings
from packhouse.storage.dialect import sqlite_sql, sqlite_values
from packhouse.web.server import make_server
from packhouse.web.stopping import Stopping

POOL = 10


def product(url: str) -> Starlette:
    """Packhouse itself, without installed plugins."""
    settings = Settings(
        database=DatabaseSettings(url=url, pool_max=POOL),
        security=SecuritySettings.model_validate({"secret_key": "a key of benchmarks, long enough to be accepted"}),
    )
    return create_app(settings.model_copy(update={"plugins": settings.plugins.model_copy(update={"enabled": []})}))


def floor(url: str, placing: Placing) -> Starlette:
    """Bare Starlette over the bare driver."""
    driver = _Sqlite(url) if url.startswith("sqlite") else _Postgres(url)
    reading = Reading(url)

    async def place(request: Request) -> Response:
        orjson.loads(await request.body())
        statements = placing.fresh()
        await driver.run(statements)
        return Response(orjson.dumps({"data": {"placeOrder": {"order": {"id": str(statements[0][1][0])}}}}))

    async def read(request: Request) -> Response:
        variables = orjson.loads(await request.body())["variables"]
        return Response(await reading.answer(driver, variables))

    @asynccontextmanager
    async def closing(_: Starlette) -> AsyncIterator[None]:
        yield
        # a connection's thread would keep the process from ending
        await driver.close()

    routes = [Route("/place", place, methods=["POST"]), Route("/read", read, methods=["POST"])]
    return Starlette(routes=routes, lifespan=closing)


class _Postgres:
    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def pool(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(self._url, min_size=POOL, max_size=POOL)
        return self._pool

    async def run(self, statements: Sequence[Statement]) -> None:
        async with (await self.pool()).acquire() as connection, connection.transaction():
            for sql, values in statements:
                await connection.fetch(sql, *values)

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        return await (await self.pool()).fetch(sql, *values)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


class _Sqlite:
    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite://")
        self._waiting: list[tuple[Sequence[Statement], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reader: aiosqlite.Connection | None = None
        self._opening = asyncio.Lock()
        self._opened: list[aiosqlite.Connection] = []

    async def run(self, statements: Sequence[Statement]) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, done))
        self._wake.set()
        await done

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        async with self._opening:
            if self._reader is None:
                self._reader = await self._connect()
        return list(await self._reader.execute_fetchall(sqlite_sql(sql), sqlite_values(values)))

    async def close(self) -> None:
        for connection in self._opened:
            await connection.close()

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self._path, isolation_level=None)
        self._opened.append(connection)
        connection._conn.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            await connection.execute(f"PRAGMA {pragma}")
        return connection

    async def _write(self) -> None:
        connection = await self._connect()
        while True:
            await self._wake.wait()
            self._wake.clear()
            group, self._waiting = self._waiting, []
            await connection.execute("BEGIN IMMEDIATE")
            for statements, _ in group:
                for sql, values in statements:
                    await connection.execute_fetchall(sqlite_sql(sql), sqlite_values(values))
            await connection.execute("COMMIT")
            for _, done in group:
                done.set_result(None)


def main() -> None:
    """Serve until ended."""
    which, url, port = sys.argv[1:4]
    # the recording was written by run.py a moment ago, on this machine
    app = product(url) if which == "product" else floor(url, pickle.loads(Path(sys.argv[4]).read_bytes()))  # noqa: S301
    # both behind the server that the product is run by
    make_server(Settings(), app, Stopping()).run(sockets=[socket.create_server(("127.0.0.1", int(port)), backlog=2048)])


if __name__ == "__main__":
    main()
