from datetime import UTC, datetime, timedelta, timezone

from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator, UnitOfWork

BRASILIA = timezone(timedelta(hours=-3))
MOMENT = datetime(2024, 1, 1, 13, tzinfo=UTC)


async def insert_location(uow: UnitOfWork, created_at: datetime) -> None:
    row = {"id": new_id(), "code": "a", "name": "A", "kind": "warehouse", "network": "", "address": {}}
    flags = {"priority": 1, "is_active": True, "is_demo": False}
    await uow.insert("location", [{**row, **flags, "created_at": created_at}])


async def test_a_time_of_another_zone_is_found_as_the_moment_that_it_is(database: Database, by: Initiator) -> None:
    await database.write(by, lambda uow: insert_location(uow, MOMENT.astimezone(BRASILIA)))

    async def found(since: datetime) -> int:
        rows = await database.fetch("SELECT count(*) AS n FROM location WHERE created_at >= $1", since)
        return int(rows[0]["n"])

    assert await found(MOMENT) == 1
    assert await found(MOMENT.astimezone(BRASILIA)) == 1
    assert await found(MOMENT + timedelta(seconds=1)) == 0
