"""Balances at any past moment: the sums of what the ledger had until then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.inventory.commands.move import BUCKETS
from packhouse.storage import Reader
from packhouse.storage.dialect import read_id

_AS_OF = f"""
SELECT location_id, {", ".join(f"SUM({bucket}) AS {bucket}" for bucket in BUCKETS)}
FROM stock_movement WHERE variant_id = $1 AND occurred_at <= $2 GROUP BY location_id ORDER BY location_id
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """The balances of a variant at a location at some moment, in units."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    allocated: int
    reserved: int
    damaged: int
    quarantined: int
    safety_stock: int
    incoming: int
    backordered: int


async def balances_as_of(reader: Reader, variant_id: UUID, moment: datetime) -> Sequence[Balance]:
    """The balances of a variant as they were at `moment`, one for each location with an entry in the ledger by then."""
    rows = await reader.fetch(_AS_OF, variant_id, moment)
    return [
        Balance(variant_id, read_id(row["location_id"]), **{bucket: int(row[bucket]) for bucket in BUCKETS})
        for row in rows
    ]
