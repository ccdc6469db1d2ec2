"""Outages as the clients of one process meet them: an error in time, and what comes after works by itself."""

import asyncio
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.faults.black_hole import Streams, network_to

from packhouse import opening
from packhouse.events.outbox import Outbox
from packhouse.opening import DatabaseNotReady, open_ready
from packhouse.settings import Settings
from packhouse.storage import Database, TimeLimits
from packhouse.testing.server import RunningServer, running_server, server_settings

CREATE = 'mutation { createChannel(input: {code: "%s", name: "Web"}) { channel { code } userErrors { code } } }'
ORDERS = "{ orders(first: 1) { totalCount } }"
AGAIN = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "CONFLICT"}


def settings_for(url: str, **database: float) -> Settings:
    settings = server_settings(url)
    quick = settings.graphql.model_copy(update={"timeout_seconds": 1.0})
    return settings.model_copy(
        update={"graphql": quick, "database": settings.database.model_copy(update={**database, "url": url})}
    )


async def ask(client: aiohttp.ClientSession, server: RunningServer, query: str, key: str = "") -> Any:
    headers = {**server.headers, **({"idempotency-key": key} if key else {})}
    async with client.post(server.graphql, json={"query": query}, headers=headers) as response:
        return await response.json()


async def until_done(client: aiohttp.ClientSession, server: RunningServer, query: str, key: str) -> Any:
    async with asyncio.timeout(60):
        while "errors" in (body := await ask(client, server, query, key)):
            assert {each["extensions"]["code"] for each in body["errors"]} <= AGAIN, body
            await asyncio.sleep(0.05)
    return body["data"]


def socket_of(url: str) -> str:
    (folder,) = parse_qs(urlsplit(url).query)["host"]
    return f"{folder}/.s.PGSQL.5432"


@pytest.fixture
def postgres_socket(postgres_url: str) -> str:
    if "host=" not in postgres_url:
        pytest.skip("PostgreSQL is not reached by a socket of this machine")
    return socket_of(postgres_url)


async def test_requests_on_a_dead_network_end_in_time_and_later_ones_work(
    postgres_url: str, postgres_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "TimeLimits", partial(TimeLimits, margin=0.2, tidy=0.2))

    async def connect() -> Streams:
        return await asyncio.open_unix_connection(postgres_socket)

    async with network_to(connect) as network:
        url = f"postgresql://postgres@127.0.0.1:{network.port}{urlsplit(postgres_url).path}"
        settings = settings_for(url, statement_timeout_seconds=0.5)
        async with running_server(settings) as server, aiohttp.ClientSession() as client:
            await until_done(client, server, CREATE % "before", "before")
            network.swallow()
            async with asyncio.timeout(60):
                bodies = await asyncio.gather(*(ask(client, server, CREATE % f"c{n}") for n in range(12)))
            failed = [each for each in bodies if "errors" in each]
            assert failed
            assert {each["extensions"]["code"] for body in failed for each in body["errors"]} <= AGAIN
            for number in range(3):
                done = await until_done(client, server, CREATE % f"after-{number}", f"after-{number}")
                assert done["createChannel"] == {"channel": {"code": f"after-{number}"}, "userErrors": []}
            await _numbered(server.house.database)
            rows = await server.house.database.fetch("SELECT code FROM channel")
            done_now = {each["data"]["createChannel"]["channel"]["code"] for each in bodies if "errors" not in each}
            assert {row["code"] for row in rows} == {"before", *done_now, *(f"after-{number}" for number in range(3))}


async def test_what_works_behind_requests_goes_on_after_another_program_held_the_file(sqlite_url: str) -> None:
    async with running_server(settings_for(sqlite_url)) as server, aiohttp.ClientSession() as client:
        writer = server.house.database._writer
        assert writer is not None
        writer._client._connection._conn.execute("PRAGMA busy_timeout = 50")  # type: ignore[union-attr]
        backup = sqlite3.connect(Path(sqlite_url.removeprefix("sqlite://")), isolation_level=None)
        backup.execute("BEGIN EXCLUSIVE")
        body = await ask(client, server, CREATE % "held", "held")
        assert {each["extensions"]["code"] for each in body["errors"]} == {"INTERNAL_SERVER_ERROR"}
        assert (await ask(client, server, ORDERS))["data"] == {"orders": {"totalCount": 0}}
        async with client.get(f"{server.url}/health/live") as response:
            assert response.status == 200
        backup.execute("ROLLBACK")
        backup.close()
        done = await until_done(client, server, CREATE % "held", "held")
        assert done["createChannel"] == {"channel": {"code": "held"}, "userErrors": []}
        await _numbered(server.house.database)
        async with asyncio.timeout(60):
            await server.house.relay.drain()


async def test_a_server_that_starts_waits_for_its_database(postgres_url: str, postgres_socket: str) -> None:
    asked, is_there = asyncio.Event(), asyncio.Event()

    async def connect() -> Streams:
        asked.set()
        if not is_there.is_set():
            raise ConnectionRefusedError
        return await asyncio.open_unix_connection(postgres_socket)

    async with network_to(connect) as network:
        url = f"postgresql://postgres@127.0.0.1:{network.port}{urlsplit(postgres_url).path}"
        with pytest.raises(DatabaseNotReady, match="cannot be opened"):
            await open_ready(settings_for(url), Outbox())
        asked.clear()
        starting = asyncio.create_task(open_ready(settings_for(url, start_wait_seconds=60.0), Outbox(), serves=True))
        async with asyncio.timeout(60):
            await asked.wait()
            assert not starting.done()
            is_there.set()
            database = await starting
        await database.close()
        wrong = settings_for(f"{url}_that_is_not_there", start_wait_seconds=60.0)
        async with asyncio.timeout(30):
            with pytest.raises(DatabaseNotReady, match="cannot be opened"):
                await open_ready(wrong, Outbox(), serves=True)


async def _numbered(database: Database) -> None:
    """Wait until the task that numbers events has seen all of them."""
    async with asyncio.timeout(60):
        while await database.fetch("SELECT 1 FROM event WHERE position IS NULL LIMIT 1"):
            await asyncio.sleep(0.02)
    assert (await database.fetch("SELECT count(*) AS n FROM event"))[0]["n"] > 0
