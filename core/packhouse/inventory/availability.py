"""What can be promised now, for routing: read without a lock, claimed later by a conditional update."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.sdk import now
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id, read_time

_AVAILABLE = """
SELECT stock_level.location_id, stock_level.variant_id, location.code, location.priority, location.network,
       location.address ->> 'country' AS country, location.address ->> 'postcode' AS postcode,
       location.address ->> 'city' AS city, location."group" AS location_group,
       location.calendar IS NOT NULL AS has_calendar,
       stock_level.on_hand - stock_level.allocated - stock_level.reserved - stock_level.damaged
       - stock_level.quarantined - stock_level.safety_stock - stock_level.backordered AS available,
       stock_level.backordered, stock_level.backorder_limit, stock_level.preorder_limit, variant.available_from
FROM stock_level JOIN location ON location.id = stock_level.location_id
JOIN variant ON variant.id = stock_level.variant_id
WHERE location.is_active AND stock_level.variant_id IN ({variants})
"""


@dataclass(frozen=True, slots=True)
class WaitingTerms:
    """What may be ordered of a variant at a location without being there.

    `available_from`: it is a pre-order until then; `room`: so many more units may wait; `ahead`: so many wait already.
    """

    room: int
    ahead: int
    available_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class AvailableAt:
    """What a location can promise of each variant that was asked for; `terms` only of those that have any."""

    location_id: UUID
    code: str
    priority: int
    network: str
    available: Mapping[UUID, int]
    country: str = ""
    postcode: str = ""
    city: str = ""
    group: str = ""
    terms: Mapping[UUID, WaitingTerms] = field(default_factory=dict)
    has_calendar: bool = False


async def available_at_locations(reader: Reader, variants: Sequence[UUID]) -> list[AvailableAt]:
    """Every active location that knows one of the variants, with its available to promise."""
    if not variants:
        return []
    rows = await reader.fetch(_AVAILABLE.format(variants=placeholders(len(variants))), *variants)
    stock: dict[UUID, dict[UUID, int]] = defaultdict(dict)
    terms: dict[UUID, dict[UUID, WaitingTerms]] = defaultdict(dict)
    places = {}
    for row in rows:
        location_id, variant_id = read_id(row["location_id"]), read_id(row["variant_id"])
        stock[location_id][variant_id] = row["available"]
        places[location_id] = row
        if row["backorder_limit"] or row["preorder_limit"] or row["available_from"] is not None:
            terms[location_id][variant_id] = _terms(row)
    return [
        AvailableAt(
            location_id,
            row["code"],
            row["priority"],
            row["network"],
            stock[location_id],
            row["country"] or "",
            row["postcode"] or "",
            row["city"] or "",
            row["location_group"],
            terms[location_id],
            bool(row["has_calendar"]),
        )
        for location_id, row in places.items()
    ]


def _terms(row: Mapping[str, Any]) -> WaitingTerms:
    available_from = None if row["available_from"] is None else read_time(row["available_from"])
    if available_from is not None and available_from <= now():
        available_from = None
    limit = row["backorder_limit"] if available_from is None else row["preorder_limit"]
    return WaitingTerms(max(0, limit - row["backordered"]), row["backordered"], available_from)
