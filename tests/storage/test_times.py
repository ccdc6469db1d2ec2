"""Times of any zone are one moment, whoever writes and compares them."""

from datetime import UTC, datetime, timedelta, timezone

from packhouse.catalog.models import Variant
from packhouse.storage import Database, Initiator, UnitOfWork

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


async def test_the_zone_of_a_written_time_does_not_matter(database: Database, by: Initiator) -> None:
    async def write(_: UnitOfWork) -> None:
        await Variant.create(sku="EARLY", title="", created_at=AT.astimezone(ELSEWHERE))
        await Variant.create(sku="LATE", title="", created_at=AT + timedelta(hours=1))

    await database.write(by, write)

    assert [row.created_at for row in await Variant.all().order_by("created_at")] == [AT, AT + timedelta(hours=1)]


async def test_the_zone_of_a_compared_time_does_not_matter(database: Database, by: Initiator) -> None:
    await database.write(by, lambda _: Variant.create(sku="MUG", title="", created_at=AT))

    assert await Variant.filter(created_at__lte=AT.astimezone(ELSEWHERE)).count() == 1
    assert await Variant.filter(created_at__lt=(AT + timedelta(seconds=1)).astimezone(ELSEWHERE)).count() == 1
