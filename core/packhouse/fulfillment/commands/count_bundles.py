"""Counting bundles: one is claimed, or waits, or has left, when all its components are claimed, or wait, or have left."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from packhouse.orders.rules import complete_sets
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

_COMPONENTS = """
SELECT component.order_line_id, component.quantity, order_line.shipped AS shipped_before,
  COALESCE(SUM(CASE WHEN allocation.status = 'allocated' THEN allocation.quantity END), 0) AS claimed,
  COALESCE(SUM(CASE WHEN allocation.status = 'shipped' THEN allocation.quantity END), 0) AS shipped,
  (SELECT COALESCE(SUM(backorder.quantity), 0) FROM backorder
   WHERE backorder.order_line_id = component.order_line_id AND backorder.variant_id = component.variant_id
     AND backorder.status = 'waiting') AS waiting
FROM order_line_component AS component JOIN order_line ON order_line.id = component.order_line_id
LEFT JOIN allocation ON allocation.order_line_id = component.order_line_id
  AND allocation.variant_id = component.variant_id
WHERE component.order_line_id IN ({lines})
GROUP BY component.id, component.order_line_id, component.variant_id, component.quantity, order_line.shipped
"""


@dataclass(frozen=True, slots=True)
class _Component:
    quantity: int
    claimed: int
    shipped: int
    waiting: int
    shipped_before: int


async def count_bundles(uow: UnitOfWork, order_line_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Count `allocated`, `backordered` and `shipped` of the bundles among locked order lines, by their components' claims.

    Gives the bundles that left with the last change, by order line; lines that are no bundles are not in it.
    """
    if not order_line_ids:
        return {}
    sql = _COMPONENTS.format(lines=placeholders(len(order_line_ids)))
    components: dict[UUID, list[_Component]] = defaultdict(list)
    for row in await uow.fetch(sql, *sorted(order_line_ids)):
        counts = (int(row[name]) for name in ("quantity", "claimed", "shipped", "waiting", "shipped_before"))
        components[read_id(row["order_line_id"])].append(_Component(*counts))
    left: dict[UUID, int] = {}
    for line_id, parts in sorted(components.items()):
        shipped = complete_sets((part.shipped, part.quantity) for part in parts)
        covered = complete_sets((part.shipped + part.claimed, part.quantity) for part in parts)
        promised = complete_sets((part.shipped + part.claimed + part.waiting, part.quantity) for part in parts)
        await uow.execute(
            "UPDATE order_line SET shipped = $2, allocated = $3, backordered = $4 WHERE id = $1",
            line_id,
            shipped,
            covered - shipped,
            promised - covered,
        )
        left[line_id] = shipped - parts[0].shipped_before
    return left
