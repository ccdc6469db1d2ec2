import asyncio
from sqlite3 import OperationalError

import pytest
from tortoise.exceptions import IntegrityError

from packhouse.catalog.models import Variant
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork, open_database
from packhouse.storage.dialect import Dialect


async def add(_: UnitOfWork, sku: str) -> Variant:
    return await Variant.create(sku=sku, title=sku, created_at=now())


async def nothing(_: UnitOfWork) -> None:
    """Nothing is recorded."""


async def test_a_unit_of_work_is_visible_after_it_returns(database: Database, by: Initiator) -> None:
    variant = await database.write(by, lambda uow: add(uow, "MUG"))
    assert await Variant.get(sku="MUG") == variant


async def test_a_failed_unit_of_work_changes_nothing(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> None:
        await add(uow, "MUG")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(by, work)
    assert await Variant.all().count() == 0


async def test_a_unit_of_work_reads_its_own_writes(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> int:
        await add(uow, "MUG")
        rows = await uow.fetch('SELECT sku FROM "variant" WHERE sku = $1', "MUG")
        return await Variant.all().count() + len(rows)

    assert await database.write(by, work) == 2


async def test_a_look_up_sees_its_own_writes_and_what_was_committed(database: Database, by: Initiator) -> None:
    sql = 'SELECT sku FROM "variant" WHERE sku = $1'

    async def work(uow: UnitOfWork) -> int:
        await add(uow, "MUG")
        return len(await uow.look_up(sql, "MUG"))

    assert await database.look_up(sql, "MUG") == []
    assert await database.write(by, work) == 1
    assert [row["sku"] for row in await database.look_up(sql, "MUG")] == ["MUG"]


async def test_who_was_overtaken_looks_again(database: Database, by: Initiator) -> None:
    at_once = 2 if database.dialect is Dialect.POSTGRES else 1
    both_have_looked = asyncio.Barrier(at_once)
    tries = 0

    async def look_and_add(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        if await Variant.exists(sku="MUG"):
            raise Refused("DUPLICATE_SKU", "it is there")
        await both_have_looked.wait()
        await add(uow, "MUG")

    results = await asyncio.gather(*(database.write(by, look_and_add) for _ in range(2)), return_exceptions=True)
    assert sorted(getattr(each, "code", "") for each in results) == ["", "DUPLICATE_SKU"]
    assert await Variant.all().count() == 1
    assert tries == 1 + at_once
    assert database.metrics.retries["unique",].value == at_once - 1


async def test_who_does_not_look_is_told_after_three_tries(database: Database, by: Initiator) -> None:
    tries = 0

    async def only_add(uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        await add(uow, "MUG")

    await database.write(by, only_add)
    with pytest.raises(IntegrityError):
        await database.write(by, only_add)
    assert tries == 1 + (3 if database.dialect is Dialect.POSTGRES else 1)
    assert await Variant.all().count() == 1


async def test_whoever_lost_the_transaction_itself_is_told(sqlite_url: str, by: Initiator) -> None:
    """As where the disk is full: SQLite may roll back everything, and then there is no savepoint to go back to."""
    database = await open_database(sqlite_url, before_commit=nothing)

    async def loses(uow: UnitOfWork) -> None:
        await add(uow, "LOST")
        await uow.execute("ROLLBACK")
        raise ValueError("the disk is full")

    try:
        async with asyncio.timeout(10):
            results = await asyncio.gather(
                database.write(by, lambda uow: add(uow, "BEFORE")), database.write(by, loses), return_exceptions=True
            )
            assert [type(result) for result in results] == [OperationalError, ValueError]
            await database.write(by, lambda uow: add(uow, "AFTER"))
        assert [variant.sku for variant in await Variant.all()] == ["AFTER"]
    finally:
        await database.close()
    with pytest.raises(ConnectionError, match="closed"):
        await database.write(by, lambda uow: add(uow, "LATE"))


async def test_a_failing_neighbour_takes_nobody_down(database: Database, by: Initiator) -> None:
    async def work(number: int) -> None:
        await database.write(by, lambda uow: add(uow, f"SKU-{number % 30}"))

    results = await asyncio.gather(*(work(number) for number in range(40)), return_exceptions=True)
    failures = [result for result in results if result is not None]
    assert len(failures) == 10
    assert all(isinstance(failure, IntegrityError) for failure in failures)
    assert await Variant.all().count() == 30


async def test_many_rows_are_inserted_in_few_statements(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> None:
        rows = [
            {
                "id": new_id(),
                "order_id": None,
                "type": "t",
                "actor": "a",
                "origin": "o",
                "reason": "",
                "payload": {"n": number},
                "correlation_id": "",
                "causation_id": "",
                "schema_version": 1,
                "occurred_at": now(),
                "recorded_at": now(),
            }
            for number in range(5000)
        ]
        await uow.insert("event", rows)

    await database.write(by, work)
    rows = await database.fetch("SELECT count(*) AS n FROM event")
    assert rows[0]["n"] == 5000
