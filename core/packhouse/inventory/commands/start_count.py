"""Starting to count: what should be there is frozen at one moment."""

from uuid import UUID

from packhouse.inventory.commands.load_count import locked_count, put_count
from packhouse.inventory.models import StockCount, StockCountLine, StockLevel
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import now
from packhouse.storage import UnitOfWork


async def start_count(uow: UnitOfWork, count_id: UUID) -> StockCount:
    """Freeze the figures of a draft. Stock moves on meanwhile: that is accounted for when a line is counted.

    Raises:
        Refused: NOT_FOUND.
        IllegalTransition: it is no draft.
    """
    count = await locked_count(count_id)
    lines = {line.variant_id: line for line in await StockCountLine.filter(stock_count_id=count.id)}
    levels = (
        await StockLevel.filter(location_id=count.location_id, variant_id__in=list(lines))
        .order_by("variant_id", "location_id")
        .select_for_update()
    )
    # behind the locks, so that the ledger until then comes to the same figures
    count.started_at = now()
    await put_count(uow, count, StockCountStatus.COUNTING, count.reason)
    for level in levels:
        lines[level.variant_id].expected = level.on_hand
    await StockCountLine.bulk_update(list(lines.values()), fields=["expected"], batch_size=500)
    return count
