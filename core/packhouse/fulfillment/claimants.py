"""Whose units lie on a shelf: the orders and checkouts that a count, or anything else that takes units away, would hit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.models import Allocation
from packhouse.inventory.states import AllocationStatus
from packhouse.orders.models import OrderLine

# More than somebody can look at are not told one by one.
MOST = 50


@dataclass(frozen=True, slots=True)
class Shelf:
    """A variant at a location."""

    variant_id: UUID
    location_id: UUID


async def orders_on_shelves(shelves: Sequence[Shelf]) -> Mapping[Shelf, list[UUID]]:
    """Ids of the orders that claim units there, the newest first and at most fifty of each shelf."""
    claims = Allocation.filter(
        status=AllocationStatus.ALLOCATED.value,
        variant_id__in=list({shelf.variant_id for shelf in shelves}),
        location_id__in=list({shelf.location_id for shelf in shelves}),
    )
    rows = await claims.order_by("-id").values_list("variant_id", "location_id", "order_line_id")
    order_of = dict(await OrderLine.filter(id__in=list({row[2] for row in rows})).values_list("id", "order_id"))
    found: dict[Shelf, dict[UUID, None]] = defaultdict(dict)
    for variant_id, location_id, line_id in rows:
        found[Shelf(variant_id, location_id)][order_of[line_id]] = None
    return {shelf: list(found[shelf])[:MOST] for shelf in shelves}
