"""What can be promised now, for routing: read without a lock, claimed later by a conditional update."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

_AVAILABLE = """
SELECT stock_level.location_id, stock_level.variant_id, location.code, location.priority, location.network,
       location.address ->> 'country' AS country, location.address ->> 'postcode' AS postcode,
       location.address ->> 'city' AS city, location."group" AS location_group,
       stock_level.on_hand - stock_level.allocated - stock_level.reserved - stock_level.damaged
       - stock_level.quarantined - stock_level.safety_stock AS available
FROM stock_level JOIN location ON location.id = stock_level.location_id
WHERE location.is_active AND stock_level.variant_id IN ({variants})
"""


@dataclass(frozen=True, slots=True)
class AvailableAt:
    """What a location can promise of each variant that was asked for."""

    location_id: UUID
    code: str
    priority: int
    network: str
    available: Mapping[UUID, int]
    country: str = ""
    postcode: str = ""
    city: str = ""
    group: str = ""


async def available_at_locations(reader: Reader, variants: Sequence[UUID]) -> list[AvailableAt]:
    """Every active location that knows one of the variants, with its available to promise."""
    if not variants:
        return []
    rows = await reader.fetch(_AVAILABLE.format(variants=placeholders(len(variants))), *variants)
    stock: dict[UUID, dict[UUID, int]] = defaultdict(dict)
    terms = {}
    for row in rows:
        location_id = read_id(row["location_id"])
        stock[location_id][read_id(row["variant_id"])] = row["available"]
        terms[location_id] = row
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
        )
        for location_id, row in terms.items()
    ]
