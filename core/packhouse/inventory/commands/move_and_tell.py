"""Moving stock as the last step of a command, and telling what changed."""

from collections.abc import Sequence

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import StockLevel
from packhouse.sdk import EventType, new_id
from packhouse.storage import UnitOfWork


async def move_and_tell(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Move stock and record what changed: the last step, because stock rows are what others wait for.

    Raises:
        NotEnoughStock: a balance does not allow it.
    """
    await apply_movements(uow, movements)
    skus = dict(await Variant.filter(id__in=[each.variant_id for each in movements]).values_list("id", "sku"))
    levels = {
        (row.variant_id, row.location_id): row
        for row in await StockLevel.filter(
            variant_id__in=list(skus), location_id__in=list({each.location_id for each in movements})
        )
    }
    for each in movements:
        level = levels[each.variant_id, each.location_id]
        record(
            uow,
            EventType.STOCK_ADJUSTED,
            new_id(),
            reason=each.reason,
            payload={
                "sku": skus[each.variant_id],
                "location_id": str(each.location_id),
                "on_hand": level.on_hand,
                "delta": each.on_hand,
                "damaged_delta": each.damaged,
                "quarantined_delta": each.quarantined,
                "incoming_delta": each.incoming,
            },
        )
