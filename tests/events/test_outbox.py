from typing import Any
from uuid import UUID

import pytest

from packhouse.events.outbox import Outbox
from packhouse.events.record import record
from packhouse.sdk import EventType, new_id
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect, read_json

LISTENERS = {EventType.ORDER_PLACED: ("crm", "mail"), EventType.STOCK_ADJUSTED: ("crm",)}


async def count(database: Database, table: str) -> int:
    return int((await database.fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"])


async def test_events_and_deliveries_are_written_with_the_change(database: Database, by: Initiator) -> None:
    database.before_commit = Outbox(LISTENERS).flush
    order_id = new_id()

    async def work(uow: UnitOfWork) -> None:
        record(
            uow, EventType.ORDER_PLACED, order_id, order_id=order_id, payload={"total": {"minor": 5}}, reason="r" * 300
        )
        record(uow, EventType.ORDER_CONFIRMED, order_id, order_id=order_id)
        record(uow, EventType.STOCK_ADJUSTED, new_id())

    await database.write(by, work)
    events = await database.fetch("SELECT * FROM event ORDER BY ordinal")
    assert [row["type"] for row in events] == ["order_placed", "order_confirmed", "stock_adjusted"]
    assert (events[0]["actor"], events[0]["origin"], len(events[0]["reason"])) == ("tester", "test", 255)
    assert all(row["position"] is None for row in events)
    deliveries = await database.fetch("SELECT * FROM delivery ORDER BY plugin")
    assert sorted((row["plugin"], str(row["event_id"])) for row in deliveries) == sorted(
        [("crm", str(events[0]["id"])), ("mail", str(events[0]["id"])), ("crm", str(events[2]["id"]))]
    )
    assert {(row["status"], row["attempts"], row["last_error"]) for row in deliveries} == {("pending", 0, "")}


async def test_a_refused_change_leaves_no_event(database: Database, by: Initiator) -> None:
    database.before_commit = Outbox(LISTENERS).flush

    async def work(uow: UnitOfWork) -> None:
        record(uow, EventType.ORDER_PLACED, 1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(by, work)
    assert await count(database, "event") == await count(database, "delivery") == 0


async def test_a_fact_is_recorded_once(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> UUID:
        return record(uow, EventType.ORDER_PLACED, "order 7")

    await database.write(by, work)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await database.write(by, work)
    assert await count(database, "event") == 1


@pytest.mark.parametrize(("listeners", "statements"), [({}, 1), (LISTENERS, 2)])
async def test_few_statements_however_many_events(
    database: Database, by: Initiator, listeners: Any, statements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.before_commit = Outbox(listeners).flush
    executed: list[str] = []
    execute = UnitOfWork.execute

    async def counting(self: UnitOfWork, sql: str, *values: Any) -> None:
        executed.append(sql)
        await execute(self, sql, *values)

    monkeypatch.setattr(UnitOfWork, "execute", counting)

    async def work(uow: UnitOfWork) -> None:
        for number in range(500):
            record(uow, EventType.ORDER_PLACED, number, order_id=new_id())

    await database.write(by, work)
    # SQLite inserts in steps, so that its statements stay the same for any number of rows
    assert len(executed) == statements if database.dialect is Dialect.POSTGRES else len(executed) < 10 * statements
    assert await count(database, "event") == 500
    assert await count(database, "delivery") == (1000 if listeners else 0)


async def test_the_first_event_names_the_variants_that_moved(database: Database, by: Initiator) -> None:
    database.before_commit = Outbox(LISTENERS).flush
    variants = sorted(new_id() for _ in range(2))

    async def work(uow: UnitOfWork) -> None:
        uow.moved.update(reversed(variants))
        record(uow, EventType.ORDER_PLACED, 1)
        record(uow, EventType.ORDER_CONFIRMED, 1)

    await database.write(by, work)
    first, second = await database.fetch("SELECT moved FROM event ORDER BY ordinal")
    assert read_json(first["moved"]) == [str(variant) for variant in variants]
    assert second["moved"] is None


async def test_stock_that_moves_without_any_event_has_one_of_its_own(database: Database, by: Initiator) -> None:
    committed: list[bool] = []
    database.on_commit.append(lambda: committed.append(True))
    variant_id = new_id()

    async def work(uow: UnitOfWork) -> None:
        uow.moved.add(variant_id)

    await database.write(by, work)
    [event] = await database.fetch("SELECT type, order_id, moved, payload FROM event")
    assert (event["type"], event["order_id"]) == ("stock_moved", None)
    assert read_json(event["moved"]) == read_json(event["payload"])["variant_ids"] == [str(variant_id)]
    assert committed == [True]
