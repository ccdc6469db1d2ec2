"""The price in force: the channel's own list before the general one, the largest quantity break reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

_PRICES = """
SELECT price.variant_id, price.amount, price.min_quantity, price_list.channel
FROM price JOIN price_list ON price_list.id = price.price_list_id
WHERE price_list.currency = $1 AND (price_list.channel = $2 OR price_list.channel = '')
  AND price_list.customer_group = ''
  AND (price_list.valid_from IS NULL OR price_list.valid_from <= $3)
  AND (price_list.valid_to IS NULL OR price_list.valid_to > $3)
  AND price.variant_id IN ({variants})
"""


async def prices_in_force(
    reader: Reader, channel: str, currency: str, at: datetime, quantities: Sequence[tuple[UUID, int]]
) -> Mapping[tuple[UUID, int], int]:
    """The price of one unit in minor units for each (variant, quantity) that has one."""
    if not quantities:
        return {}
    variants = list({variant for variant, _ in quantities})
    sql = _PRICES.format(variants=placeholders(len(variants), 4))
    rows = await reader.fetch(sql, currency, channel, at, *variants)
    found: dict[tuple[UUID, int], int] = {}
    for variant, quantity in quantities:
        fitting = [row for row in rows if read_id(row["variant_id"]) == variant and row["min_quantity"] <= quantity]
        if fitting:
            best = max(fitting, key=lambda row: (row["channel"] == channel, row["min_quantity"], -row["amount"]))
            found[variant, quantity] = best["amount"]
    return found
