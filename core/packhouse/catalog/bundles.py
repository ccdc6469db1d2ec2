"""What bundles are made of, taken apart down to what lies on shelves."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

# A bundle's component may be a bundle itself, whose components are none.
_PARTS = """
SELECT part.bundle_id, variant.id AS variant_id, variant.sku, SUM(part.quantity * COALESCE(inner_part.quantity, 1)) AS units
FROM bundle_component AS part
LEFT JOIN bundle_component AS inner_part ON inner_part.bundle_id = part.component_id
JOIN variant ON variant.id = COALESCE(inner_part.component_id, part.component_id)
WHERE part.bundle_id IN ({bundles}) GROUP BY part.bundle_id, variant.id, variant.sku ORDER BY variant.sku
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Units of a variant on the shelf that one unit of a bundle takes."""

    variant_id: UUID
    sku: str
    quantity: int


async def parts_of_bundles(reader: Reader, bundles: Sequence[UUID]) -> Mapping[UUID, list[Part]]:
    """The parts of each bundle, each variant once."""
    found: dict[UUID, list[Part]] = defaultdict(list)
    if bundles:
        for row in await reader.fetch(_PARTS.format(bundles=placeholders(len(bundles))), *bundles):
            found[read_id(row["bundle_id"])].append(Part(read_id(row["variant_id"]), row["sku"], int(row["units"])))
    return found
