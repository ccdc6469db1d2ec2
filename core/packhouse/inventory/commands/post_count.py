"""Booking what an approved count found: typed movements in one transaction, never below what is claimed."""

from collections.abc import Sequence
from uuid import UUID

from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.models import StockCount, StockCountLine, StockLevel
from packhouse.inventory.states import MovementKind, StockCountStatus
from packhouse.sdk import Refused, now
from packhouse.storage import UnitOfWork


async def post_count(uow: UnitOfWork, count_id: UUID) -> StockCount:
    """Book an approved count that claims kept back.

    Raises:
        Refused: NOT_FOUND, NOT_APPROVED, CLAIMED (more is claimed than was found: see the count's `blocked` lines).
    """
    count = await locked_count(count_id)
    if count.status != StockCountStatus.APPROVED:
        raise Refused(
            "NOT_APPROVED", f"stock count {count.id} is {count.status}: only an approved one is booked", "stockCountId"
        )
    blocked = await post_if_possible(uow, count)
    if blocked:
        named = ", ".join(line.sku for line in blocked[:5])
        raise Refused(
            "CLAIMED",
            f"of {named} more is claimed, damaged or in quarantine than would be left: send those orders from elsewhere,"
            " or recount",
            "stockCountId",
        )
    return count


async def post_if_possible(uow: UnitOfWork, count: StockCount) -> list[StockCountLine]:
    """Book an approved count and close it, or change nothing; returns the lines that stand in the way."""
    lines = [line for line in await StockCountLine.filter(stock_count_id=count.id) if line.variance]
    levels = (
        await StockLevel.filter(location_id=count.location_id, variant_id__in=[line.variant_id for line in lines])
        .order_by("variant_id", "location_id")
        .select_for_update()
    )
    blocked = blocked_lines(lines, levels)
    if blocked:
        return blocked
    count.closed_at = now()
    await put_count(uow, count, StockCountStatus.CLOSED, count.reason)
    await move_and_tell(
        uow,
        [
            Movement(
                line.variant_id,
                count.location_id,
                MovementKind.COUNT,
                count.reason,
                on_hand=line.variance or 0,
                reference=str(count.id),
            )
            for line in sorted(lines, key=lambda line: line.variant_id)
        ],
    )
    return []


def blocked_lines(lines: Sequence[StockCountLine], levels: Sequence[StockLevel]) -> list[StockCountLine]:
    """Lines whose variance would leave fewer units than are claimed, damaged or in quarantine there."""
    free = {
        level.variant_id: level.on_hand - level.allocated - level.reserved - level.damaged - level.quarantined
        for level in levels
    }
    return sorted(
        (line for line in lines if line.variance and free.get(line.variant_id, 0) + line.variance < 0),
        key=lambda line: line.sku,
    )
