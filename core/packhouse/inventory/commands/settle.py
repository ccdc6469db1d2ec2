"""Settling claims on stock: a placed order's own allocation ends as shipped or released, and no other order's."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.models import Allocation
from packhouse.inventory.states import ALLOCATION_STATUS, AllocationStatus
from packhouse.sdk import Refused


@dataclass(frozen=True, slots=True)
class Settled:
    """Units whose claim has ended, and where they lie."""

    fulfillment_order_line_id: UUID
    order_line_id: UUID
    variant_id: UUID
    location_id: UUID
    quantity: int


async def settle_claims(units: Mapping[UUID, int], to: AllocationStatus) -> list[Settled]:
    """End the claims of fulfillment order lines for so many units each; a claim that ends in part is split in two rows.

    Balances are not touched: the caller moves the stock as its last step.

    Raises:
        Refused: NOT_ALLOCATED: a line has fewer claimed units.
    """
    ALLOCATION_STATUS.check(AllocationStatus.ALLOCATED, to)
    rows = (
        await Allocation.filter(
            fulfillment_order_line_id__in=list(units), status=AllocationStatus.ALLOCATED.value, quantity__gt=0
        )
        .order_by("id")
        .select_for_update()
    )
    claims: dict[UUID, list[Allocation]] = defaultdict(list)
    for row in rows:
        claims[row.fulfillment_order_line_id].append(row)
    return [
        settled
        for line_id, quantity in units.items()
        for settled in await _settle(line_id, claims[line_id], quantity, to)
    ]


async def _settle(line_id: UUID, claims: list[Allocation], quantity: int, to: AllocationStatus) -> list[Settled]:
    left = quantity
    settled = []
    for claim in claims:
        part = min(left, claim.quantity)
        if part == 0:
            break
        await _end(claim, part, to)
        settled.append(Settled(line_id, claim.order_line_id, claim.variant_id, claim.location_id, part))
        left -= part
    if left:
        raise Refused(
            "NOT_ALLOCATED", f"fulfillment order line {line_id} has no claim on {left} of {quantity} units of stock"
        )
    return settled


async def _end(claim: Allocation, part: int, to: AllocationStatus) -> None:
    if part == claim.quantity:
        await Allocation.filter(id=claim.id).update(status=to.value)
        return
    await Allocation.filter(id=claim.id).update(quantity=claim.quantity - part)
    await Allocation.create(
        variant_id=claim.variant_id,
        location_id=claim.location_id,
        order_line_id=claim.order_line_id,
        fulfillment_order_line_id=claim.fulfillment_order_line_id,
        status=to.value,
        quantity=part,
        created_at=claim.created_at,
    )
