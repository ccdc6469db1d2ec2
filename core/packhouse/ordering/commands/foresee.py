"""Saying when what orders wait for is expected now, after what is on its way has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.arrivals import dated_arrivals
from packhouse.ordering.waiting import brought_forward, expected_date
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import Database, Initiator, Reader, UnitOfWork
from packhouse.storage.dialect import read_id, read_time

_AT_ONCE = 100
_QUEUE = """
SELECT backorder.id, backorder.order_id, backorder.quantity, backorder.rank_on, backorder.promised_at,
       backorder.expected_at, backorder.sku, backorder.order_line_id, variant.available_from
FROM backorder JOIN orders ON orders.id = backorder.order_id JOIN variant ON variant.id = backorder.variant_id
WHERE backorder.variant_id = $1 AND backorder.location_id = $2 AND backorder.status = 'waiting'
ORDER BY backorder.rank_on, orders.priority DESC, orders.placed_at, backorder.id
"""
_SET = """
UPDATE backorder SET expected_at = $2, promised_at = $3, rank_on = $4 WHERE id = $1 AND status = 'waiting' RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Change:
    """What is expected of a backorder now, and was."""

    row: Mapping[str, Any]
    was: datetime | None
    expected_at: datetime | None


async def foresee(database: Database, by: Initiator, variant_id: UUID, location_id: UUID) -> int:
    """Set the dates of all that wait for a variant at a location, some at a time; returns how many have another one.

    Who waits further behind gets a later arrival. Whatever changes meanwhile is told again, and looked at then.
    """
    changes = await _changes(database, variant_id, location_id)
    for start in range(0, len(changes), _AT_ONCE):
        some = changes[start : start + _AT_ONCE]
        await database.write(by, partial(_write, changes=some, location_id=location_id))
    return len(changes)


async def _changes(reader: Reader, variant_id: UUID, location_id: UUID) -> list[_Change]:
    at = now()
    arrivals = (await dated_arrivals(reader, [variant_id])).get((variant_id, location_id), ())
    changes, ahead = [], 0
    for row in await reader.fetch(_QUEUE, variant_id, location_id):
        expected_at = expected_date(arrivals, ahead, row["quantity"], at, _after(_time(row["available_from"]), at))
        ahead += row["quantity"]
        was = _time(row["expected_at"])
        if was != expected_at:
            changes.append(_Change(row, was, expected_at))
    return changes


async def _write(uow: UnitOfWork, changes: Sequence[_Change], location_id: UUID) -> None:
    for change in sorted(changes, key=lambda each: read_id(each.row["id"])):
        id_ = read_id(change.row["id"])
        earliest = brought_forward(
            _time(change.row["promised_at"]), read_time(change.row["rank_on"]), change.expected_at
        )
        if not await uow.fetch(_SET, id_, change.expected_at, *earliest):
            continue
        record(
            uow,
            EventType.BACKORDER_RESCHEDULED,
            id_,
            new_id(),
            order_id=read_id(change.row["order_id"]),
            payload={
                "order_line_id": str(read_id(change.row["order_line_id"])),
                "location_id": str(location_id),
                "sku": change.row["sku"],
                "waiting": change.row["quantity"],
                "was_expected_at": _text(change.was),
                "expected_at": _text(change.expected_at),
            },
        )


def _time(value: datetime | str | None) -> datetime | None:
    return None if value is None else read_time(value)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _after(day: datetime | None, at: datetime) -> datetime | None:
    return day if day is not None and day > at else None
