"""A sheet takes the memory of a page, however long it is."""

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.sheets.given import exported, taken

from packhouse.catalog.models import Variant
from packhouse.events.outbox import Outbox
from packhouse.sdk import new_id, now
from packhouse.sheets.kinds import SheetKind
from packhouse.storage import Database, open_database
from packhouse.testing.factories import BY


async def fill(database: Database, first: int, last: int) -> None:
    rows = [
        {
            "id": new_id(),
            "sku": f"SKU-{number:06}",
            "barcode": "",
            "title": f"Title {number}",
            "hs_code": "",
            "country_of_origin": "",
            "requires_shipping": True,
            "is_demo": False,
            "created_at": now(),
        }
        for number in range(first, last)
    ]
    await database.write(BY, lambda uow: uow.insert("variant", rows))


async def peak(work: Callable[[], Awaitable[object]]) -> int:
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    try:
        await work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


async def test_more_rows_take_no_more_memory(sqlite_url: str, tmp_path: Path) -> None:
    database = await open_database(sqlite_url, before_commit=Outbox().flush)
    try:
        await fill(database, 0, 1_100)
        small = await _peaks(database, tmp_path / "small")
        await fill(database, 1_100, 2_600)
        large = await _peaks(database, tmp_path / "large")
        assert await Variant.all().count() == 2_600
    finally:
        await database.close()
    grown = [many - few for few, many in zip(small, large, strict=True)]
    assert all(each < 300_000 for each in grown), (small, large)


async def _peaks(database: Database, folder: Path) -> list[int]:
    """The highest use of memory while writing and reading CSV and XLSX, in bytes."""
    await asyncio.to_thread(folder.mkdir)
    peaks = []
    for suffix in ("csv", "xlsx"):
        path = folder / f"catalog.{suffix}"
        peaks.append(await peak(lambda path=path: exported(database, SheetKind.CATALOG, path)))  # type: ignore[misc]
        peaks.append(await peak(lambda path=path: taken(database, SheetKind.CATALOG, path)))  # type: ignore[misc]
    return peaks
