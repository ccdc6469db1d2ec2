"""What is still to come of a variant at a location, and by when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id, read_time

_DATED = """
SELECT inbound_line.variant_id, inbound_shipment.location_id, inbound_shipment.expected_at,
       inbound_line.expected - inbound_line.received AS units
FROM inbound_line JOIN inbound_shipment ON inbound_shipment.id = inbound_line.inbound_id
WHERE inbound_line.variant_id IN ({variants}) AND inbound_shipment.status IN ('announced', 'partially_received')
  AND inbound_shipment.expected_at IS NOT NULL AND inbound_line.expected > inbound_line.received
ORDER BY inbound_shipment.expected_at, inbound_line.id
"""
Arrivals = Mapping[tuple[UUID, UUID], Sequence["ArrivalOn"]]


@dataclass(frozen=True, slots=True)
class ArrivalOn:
    """Units that are expected at a moment."""

    expected_at: datetime
    units: int


async def dated_arrivals(reader: Reader, variants: Sequence[UUID]) -> Arrivals:
    """What open inbound shipments with a date still have to bring, by variant and location, the next first."""
    found: dict[tuple[UUID, UUID], list[ArrivalOn]] = defaultdict(list)
    if not variants:
        return found
    for row in await reader.fetch(_DATED.format(variants=placeholders(len(variants))), *variants):
        key = (read_id(row["variant_id"]), read_id(row["location_id"]))
        found[key].append(ArrivalOn(read_time(row["expected_at"]), int(row["units"])))
    return found
