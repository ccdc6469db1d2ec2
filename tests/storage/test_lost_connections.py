"""Connections to PostgreSQL that end: what was on them, and what comes after."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.storage.small_pool import CONNECTIONS, add, nothing, use_all_connections

from packhouse.catalog.models import Variant
from packhouse.storage import Database, DatabaseLost, Initiator, UnitOfWork, open_database

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
END_AT_COMMIT = """
CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON variant DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION end_connection();
"""
NEVER_AT_COMMIT = "DROP TRIGGER ends ON variant; DROP FUNCTION end_connection()"


@pytest.fixture
async def small(postgres_url: str) -> AsyncIterator[Database]:
    database = await open_database(postgres_url, before_commit=nothing, pool_max=CONNECTIONS)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def beside(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_task_goes_on_after_its_connections_were_cut(
    small: Database, by: Initiator, beside: asyncpg.Connection
) -> None:
    for turn in range(40):
        await use_all_connections(small, by)
        await beside.fetch(CUT)
        await small.write(by, lambda _, turn=turn: add(f"MUG-{turn}"))  # type: ignore[misc]  # mypy wants no default
        await beside.fetch(CUT)
        assert len(await small.fetch("SELECT id FROM variant")) == turn + 1
        await beside.fetch(CUT)
        assert await Variant.all().count() == turn + 1
    await use_all_connections(small, by)


async def test_cuts_under_load_lose_and_double_nothing(
    small: Database, by: Initiator, beside: asyncpg.Connection
) -> None:
    kept: list[str] = []
    uncertain: list[str] = []

    async def write(writer: int) -> None:
        for turn in range(40):
            sku = f"MUG-{writer}-{turn}"
            try:
                await small.write(by, lambda _, sku=sku: add(sku))  # type: ignore[misc]  # mypy wants no default
                kept.append(sku)
            except DatabaseLost:
                uncertain.append(sku)  # a commit without an answer

    writers = [asyncio.create_task(write(writer)) for writer in range(2 * CONNECTIONS)]
    while not all(each.done() for each in writers):
        await beside.fetch(CUT)
        await asyncio.sleep(0.02)
    await asyncio.gather(*writers)
    found = {variant.sku for variant in await Variant.all()}
    assert set(kept) <= found <= set(kept) | set(uncertain)
    assert len(uncertain) < len(kept)
    await use_all_connections(small, by)


async def test_a_unit_of_work_that_lost_its_connection_is_run_again(small: Database, by: Initiator) -> None:
    tries = 0

    async def work(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await add("MUG")
        if tries == 1:
            await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    await small.write(by, work)
    assert tries == 2
    assert await Variant.all().count() == 1
    assert small.metrics.retries["disconnected",].value == 1


async def test_one_that_loses_it_each_time_is_told_so_and_changes_nothing(small: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> None:
        await add("MUG")
        await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseLost):
        await small.write(by, work)
    assert await Variant.all().count() == 0
    await use_all_connections(small, by)


async def test_a_commit_without_an_answer_is_not_made_again(
    small: Database, by: Initiator, beside: asyncpg.Connection
) -> None:
    tries = 0

    async def work(_: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await add("MUG")

    await beside.execute(END_AT_COMMIT)
    try:
        with pytest.raises(DatabaseLost):
            await small.write(by, work)
    finally:
        await beside.execute(NEVER_AT_COMMIT)
    assert tries == 1
    await use_all_connections(small, by)


async def test_what_the_work_refused_is_told_though_the_connection_is_gone(
    small: Database, by: Initiator, beside: asyncpg.Connection
) -> None:
    async def work(uow: UnitOfWork) -> None:
        await uow.fetch("SELECT 1")
        await beside.fetch(CUT)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await small.write(by, work)
    await use_all_connections(small, by)


async def test_an_error_of_the_work_itself_is_no_lost_connection(small: Database, by: Initiator) -> None:
    tries = 0

    async def work(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await uow.fetch("SELECT 1")
        raise ConnectionRefusedError("somebody else's")

    with pytest.raises(ConnectionRefusedError, match="somebody else's"):
        await small.write(by, work)
    assert tries == 1


@pytest.mark.parametrize("failure", [None, ValueError("no")], ids=["committed", "rolled back"])
async def test_transactions_interrupted_at_any_moment_give_their_connections_back(
    small: Database, by: Initiator, caplog: pytest.LogCaptureFixture, failure: Exception | None
) -> None:
    async def work(uow: UnitOfWork) -> None:
        await uow.execute("SELECT 1")
        if failure is not None:
            raise failure

    for moment in range(80):
        task = asyncio.create_task(small.write(by, work))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await use_all_connections(small, by)
    assert caplog.records == [], "asyncpg found no transaction that it did not know of"
