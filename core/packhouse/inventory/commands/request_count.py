"""Asking for a count of what a picker found wrong: once, however many find it."""

from collections.abc import Collection
from uuid import UUID

from packhouse.inventory.commands.create_count import draft_count
from packhouse.inventory.models import StockCount, StockCountLine, StockLevel
from packhouse.inventory.states import StockCountStatus
from packhouse.storage import UnitOfWork

# Who counts these anyway looks at what the picker saw.
_TO_COME = (StockCountStatus.DRAFT.value, StockCountStatus.COUNTING.value)


async def request_count(
    uow: UnitOfWork, location_id: UUID, variants: Collection[UUID], reason: str, fulfillment_order_id: UUID
) -> StockCount | None:
    """A draft of a count of those variants that no open count will count anyway; None where that leaves none."""
    open_lines = StockCountLine.filter(
        variant_id__in=sorted(variants),
        counted=None,
        stock_count__location_id=location_id,
        stock_count__status__in=_TO_COME,
    )
    asked_for = set(await open_lines.values_list("variant_id", flat=True))
    levels = await (
        StockLevel.filter(location_id=location_id, variant_id__in=sorted(set(variants) - asked_for))
        .select_related("variant")
        .order_by("bin", "variant_id")
    )
    if not levels:
        return None
    return await draft_count(uow, location_id, levels, reason, fulfillment_order_id=fulfillment_order_id)
