"""What was picked at a location and has not left it: on hand by the ledger, and not on the shelf."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

# Work that ended incomplete keeps its parcels until they are handed over.
_AWAY = """
SELECT line.variant_id, SUM(CASE WHEN fulfillment_order.status = $4 THEN line.packed ELSE line.picked END - line.shipped) AS units
FROM fulfillment_order JOIN fulfillment_order_line AS line ON line.fulfillment_order_id = fulfillment_order.id
WHERE fulfillment_order.location_id = $1 AND fulfillment_order.status IN ($2, $3, $4)
  AND line.variant_id IN ({variants}) AND line.picked > line.shipped
GROUP BY line.variant_id
"""
_STATUSES = (FulfillmentOrderStatus.IN_PROGRESS, FulfillmentOrderStatus.PACKED, FulfillmentOrderStatus.INCOMPLETE)


async def units_away(reader: Reader, location_id: UUID, variants: Sequence[UUID]) -> Mapping[UUID, int]:
    """Units by variant that lie in pickers' carts and in parcels; variants without any are left out."""
    if not variants:
        return {}
    sql = _AWAY.format(variants=placeholders(len(variants), 5))
    rows = await reader.fetch(sql, location_id, *(status.value for status in _STATUSES), *variants)
    return {read_id(row["variant_id"]): int(row["units"]) for row in rows if row["units"] > 0}
