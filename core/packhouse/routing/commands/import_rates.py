"""Keeping what parcels cost: new rates are added, changed ones take the place of the old, and the same ones again change nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from packhouse.routing.commands.set_country_calendar import tell_routing
from packhouse.routing.costs import IMPORTED
from packhouse.routing.rate_files import RateRow, Reject, read_rates
from packhouse.sdk import SourceRow, new_id
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import insert_sql, placeholders, read_id

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_BATCH = 500
_COLUMNS = (
    "id",
    "lane",
    "location_id",
    "origin_country",
    "country",
    "postcode_prefix",
    "up_to_grams",
    "price",
    "currency",
    "service",
    "source",
    "valid_until",
)
_OR_CHANGE = """
ON CONFLICT (lane) DO UPDATE SET price = excluded.price, valid_until = excluded.valid_until
WHERE shipping_rate.price <> excluded.price OR shipping_rate.valid_until <> excluded.valid_until
RETURNING id
"""


@dataclass(slots=True)
class RateCount:
    """What became of the rates of a file."""

    added: int = 0
    changed: int = 0
    known: int = 0

    @property
    def read(self) -> int:
        """How many there were."""
        return self.added + self.changed + self.known


async def import_rates(
    database: Database, by: Initiator, path: Path, reject: Reject, progress: Callable[[int], None] | None = None
) -> RateCount:
    """Keep the rates of a file, 500 in a transaction; `reject` takes bad rows and those of unknown locations.

    Raises:
        Unreadable: there is no such file, or it has not the columns.
    """
    total = RateCount()
    rows = read_rates(path, reject)
    while batch := await asyncio.to_thread(lambda: list(islice(rows, _BATCH))):
        places = await _places(database, {row.location for _, row in batch if row.location})
        good = [(row, places[row.location] if row.location else None) for _, row in batch if _is_known(row, places)]
        _reject_unknown(batch, places, reject)
        added, changed = await database.write(by, partial(_import, rates=good))
        total.added += added
        total.changed += changed
        total.known += len({lane_of(row) for row, _ in good}) - added - changed
        if progress is not None:
            progress(len(batch))
    return total


async def _import(uow: UnitOfWork, rates: Sequence[tuple[RateRow, UUID | None]]) -> tuple[int, int]:
    added, changed = await keep_rates(uow, rates)
    if added or changed:
        tell_routing(uow, "rates", added=added, changed=changed)
    return added, changed


async def keep_rates(
    uow: UnitOfWork,
    rates: Sequence[tuple[RateRow, UUID | None]],
    source: str = IMPORTED,
    valid_until: datetime = FOR_EVER,
) -> tuple[int, int]:
    """Write rates with the ids of their locations, the last of each lane; returns how many were added and how many changed."""
    latest = {lane_of(row, source): (row, place) for row, place in rates}
    if not latest:
        return 0, 0
    ids = [new_id() for _ in latest]
    values: list[Any] = []
    for row_id, (lane, (row, place)) in zip(ids, latest.items(), strict=True):
        values += (row_id, lane, place, row.origin_country, row.country, row.postcode_prefix, row.up_to_grams)
        values += (row.price, row.currency, row.service, source, valid_until)
    written = await uow.fetch(insert_sql("shipping_rate", _COLUMNS, len(ids)) + _OR_CHANGE, *values)
    added = {read_id(row["id"]) for row in written} & set(ids)
    return len(added), len(written) - len(added)


def lane_of(row: RateRow, source: str = IMPORTED) -> str:
    """What makes a rate another one: all but its price."""
    parts = (source, row.location or f"({row.origin_country})", row.country, row.postcode_prefix)
    return "/".join((*parts, str(row.up_to_grams), row.currency, row.service))


async def _places(database: Database, codes: set[str]) -> dict[str, UUID]:
    if not codes:
        return {}
    sql = f"SELECT id, code FROM location WHERE code IN ({placeholders(len(codes))})"
    return {row["code"]: read_id(row["id"]) for row in await database.fetch(sql, *sorted(codes))}


def _is_known(row: RateRow, places: dict[str, UUID]) -> bool:
    return not row.location or row.location in places


def _reject_unknown(batch: Sequence[tuple[SourceRow, RateRow]], places: dict[str, UUID], reject: Reject) -> None:
    for source, row in batch:
        if not _is_known(row, places):
            reject(source, f"there is no location {row.location}")
