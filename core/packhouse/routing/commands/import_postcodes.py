"""Keeping postcodes: new ones are added, moved ones are moved, and the same ones again change nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from packhouse.routing.commands.set_country_calendar import tell_routing
from packhouse.routing.postcodes import PostcodeFile, PostcodeRow
from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import insert_sql, read_id

_BATCH = 500
_COLUMNS = ("id", "country", "postcode", "latitude", "longitude")
_OR_MOVE = """
ON CONFLICT (country, postcode) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude
WHERE postcode.latitude <> excluded.latitude OR postcode.longitude <> excluded.longitude
RETURNING id
"""


@dataclass(slots=True)
class PostcodeCount:
    """What became of the postcodes of a file."""

    added: int = 0
    moved: int = 0
    known: int = 0

    @property
    def read(self) -> int:
        """How many there were."""
        return self.added + self.moved + self.known


async def import_postcodes(
    database: Database, by: Initiator, file: PostcodeFile, progress: Callable[[int], None] | None = None
) -> PostcodeCount:
    """Keep the postcodes of a file that was read, 500 in a transaction."""
    count = PostcodeCount()
    rows = iter(file)
    while batch := await asyncio.to_thread(lambda: list(islice(rows, _BATCH))):
        added, moved = await database.write(by, partial(_import, rows=batch))
        count.added += added
        count.moved += moved
        count.known += len(batch) - added - moved
        if progress is not None:
            progress(len(batch))
    return count


async def _import(uow: UnitOfWork, rows: list[PostcodeRow]) -> tuple[int, int]:
    added, moved = await keep_postcodes(uow, rows)
    if added or moved:
        tell_routing(uow, "postcodes", added=added, moved=moved)
    return added, moved


async def keep_postcodes(uow: UnitOfWork, rows: list[PostcodeRow]) -> tuple[int, int]:
    """Write postcodes, each at most once; returns how many were added and how many moved."""
    ids = [new_id() for _ in rows]
    values = [
        value
        for row_id, row in zip(ids, rows, strict=True)
        for value in (row_id, row.country, row.postcode, row.latitude, row.longitude)
    ]
    written = await uow.fetch(insert_sql("postcode", _COLUMNS, len(rows)) + _OR_MOVE, *values)
    added = {read_id(row["id"]) for row in written} & set(ids)
    return len(added), len(written) - len(added)
