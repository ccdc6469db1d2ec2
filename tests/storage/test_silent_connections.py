"""PostgreSQL or the network to it that hangs and tells nobody: everybody is told in time, and what comes after works."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from tests.faults.black_hole import Network, Streams, network_to
from tests.storage.small_pool import CONNECTIONS, add, nothing, use_all_connections

from packhouse.catalog.models import Variant
from packhouse.storage import Database, DatabaseLost, DatabaseSilent, Initiator, TimeLimits, UnitOfWork, open_database

QUICK = TimeLimits(connect=0.3, network=7.0, statement=0.3, idle=None, margin=0.1, tidy=0.1)


def way_to(url: str) -> Streams:
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host")
    if folder:
        return asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")  # type: ignore[return-value]
    return asyncio.open_connection(parts.hostname, parts.port)  # type: ignore[return-value]


@asynccontextmanager
async def opened(url: str, limits: TimeLimits = QUICK) -> AsyncIterator[Database]:
    database = await open_database(url, before_commit=nothing, pool_max=CONNECTIONS, limits=limits)
    try:
        yield database
    finally:
        await database.close()


def through(network: Network, url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://{parts.username}:{parts.password or ''}@127.0.0.1:{network.port}{parts.path}"


@pytest.fixture
async def network(postgres_url: str) -> AsyncIterator[Network]:
    async with network_to(lambda: way_to(postgres_url)) as made:  # type: ignore[arg-type,return-value]
        yield made


@pytest.fixture
async def database(network: Network, postgres_url: str) -> AsyncIterator[Database]:
    async with opened(through(network, postgres_url)) as made:
        yield made


async def test_after_one_that_is_silent_none_of_the_pool_is_asked(
    database: Database, network: Network, by: Initiator, caplog: pytest.LogCaptureFixture
) -> None:
    await use_all_connections(database, by)
    network.swallow()
    assert network.swallowed == CONNECTIONS
    with pytest.raises(DatabaseSilent, match="no answer"):
        await database.fetch("SELECT 1")
    assert database.outage.is_on
    await use_all_connections(database, by)
    assert not database.outage.is_on
    assert database.metrics.connections_lost["silent",].value == 1
    assert [(each.levelno, each.message.partition(":")[0].partition(",")[0]) for each in caplog.records] == [
        (logging.ERROR, "The database cannot be used"),
        (logging.WARNING, "The database works again"),
    ]


async def test_a_unit_of_work_that_gets_no_answer_is_told_and_changes_nothing(
    database: Database, network: Network, by: Initiator
) -> None:
    tries = 0

    async def work(_: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await add("MUG")
        network.swallow()
        await add("PLATE")

    with pytest.raises(DatabaseSilent):
        await database.write(by, work)
    assert tries == 1
    assert await Variant.all().count() == 0
    await use_all_connections(database, by)


async def test_a_commit_that_gets_no_answer_is_not_made_again(
    database: Database, network: Network, by: Initiator
) -> None:
    tries = 0

    async def work(_: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await add("MUG")
        network.swallow()

    with pytest.raises(DatabaseSilent):
        await database.write(by, work)
    assert tries == 1
    await use_all_connections(database, by)


@pytest.mark.parametrize("waits_in", ["a statement", "a transaction"])
async def test_who_gives_up_waiting_is_let_go(
    network: Network, postgres_url: str, by: Initiator, waits_in: str
) -> None:
    patient = TimeLimits(tidy=0.1)
    async with opened(through(network, postgres_url), patient) as database:
        await use_all_connections(database, by)
        network.swallow()
        asking = {
            "a statement": lambda: database.fetch("SELECT 1"),
            "a transaction": lambda: database.write(by, lambda uow: uow.execute("SELECT 1")),
        }[waits_in]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asking(), 0.1)
        await use_all_connections(database, by)


async def test_a_connection_that_does_not_come_is_not_waited_for(postgres_url: str, by: Initiator) -> None:
    hangs = asyncio.Event()

    async def connect() -> Streams:
        await hangs.wait()
        return await way_to(postgres_url)  # type: ignore[misc,no-any-return]

    async with network_to(connect) as network, opened(through(network, postgres_url)) as database:
        with pytest.raises(DatabaseSilent, match="no connection in time"):
            await database.fetch("SELECT 1")
        with pytest.raises(DatabaseSilent, match="no connection in time"):
            await database.write(by, lambda uow: uow.execute("SELECT 1"))
        hangs.set()
        await use_all_connections(database, by)


async def test_one_that_never_comes_is_a_lost_database_too(postgres_url: str) -> None:
    async def connect() -> Streams:
        raise ConnectionRefusedError

    async with network_to(connect) as network, opened(through(network, postgres_url)) as database:
        with pytest.raises(DatabaseLost):
            await database.fetch("SELECT 1")


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(database: Database, by: Initiator) -> None:
    with pytest.raises(asyncpg.QueryCanceledError):
        await database.fetch("SELECT pg_sleep(60)")
    with pytest.raises(asyncpg.QueryCanceledError):
        await database.write(by, lambda uow: uow.execute("SELECT pg_sleep(60)"))
    assert not database.outage.is_on
    await use_all_connections(database, by)


async def test_a_transaction_that_nobody_goes_on_with_is_ended_and_run_again(postgres_url: str, by: Initiator) -> None:
    beside = await asyncpg.connect(postgres_url)
    tries = 0

    async def work(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        (row,) = await uow.fetch("SELECT pg_backend_pid() AS pid")
        await add("MUG")
        if tries == 1:
            while await beside.fetch("SELECT 1 FROM pg_stat_activity WHERE pid = $1", row["pid"]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await add("PLATE")

    try:
        async with opened(postgres_url, TimeLimits(idle=0.1)) as database:
            await database.write(by, work)
            assert tries == 2
            assert await Variant.all().count() == 2
    finally:
        await beside.close()


async def test_both_sides_notice_a_dead_network(database: Database) -> None:
    # the server is behind a Unix socket here, for which it keeps neither
    asked = QUICK.credentials()["server_settings"]
    assert (asked["tcp_user_timeout"], asked["tcp_keepalives_idle"]) == ("7000", "7")
    connection = await database._pool.take()
    made = connection._transport.get_extra_info("socket")
    assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
    assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7
    assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    await database._pool.give_back(connection, None)


async def test_commands_may_take_as_long_as_they_need(postgres_url: str) -> None:
    async with opened(postgres_url, TimeLimits()) as database:
        rows = await database.fetch(
            "SELECT name, setting FROM pg_settings WHERE name IN "
            "('statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name"
        )
        assert [(row["name"], row["setting"]) for row in rows] == [
            ("idle_in_transaction_session_timeout", "0"),
            ("statement_timeout", "0"),
        ]
