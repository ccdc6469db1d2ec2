"""What all that happens to an inbound shipment has in common: it is locked, its units move, and the change is told."""

from collections.abc import Sequence
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import InboundShipment, StockLevel
from packhouse.sdk import EventType, Refused, new_id
from packhouse.storage import UnitOfWork


async def locked_inbound(inbound_id: UUID) -> InboundShipment:
    """The inbound shipment, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    inbound = await InboundShipment.filter(id=inbound_id).select_for_update().first()
    if inbound is None:
        raise Refused("NOT_FOUND", f"there is no inbound shipment {inbound_id}", "inboundShipmentId")
    return inbound


async def move_and_tell(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Move stock and record what changed: the last step, because stock rows are what others wait for.

    Raises:
        NotEnoughStock: a balance does not allow it.
    """
    await apply_movements(uow, movements)
    skus = dict(await Variant.filter(id__in=[each.variant_id for each in movements]).values_list("id", "sku"))
    for each in movements:
        level = await StockLevel.get(variant_id=each.variant_id, location_id=each.location_id)
        record(
            uow,
            EventType.STOCK_CHANGED,
            new_id(),
            reason=each.reason,
            payload={
                "sku": skus[each.variant_id],
                "location_id": str(each.location_id),
                "on_hand": level.on_hand,
                "delta": each.on_hand,
                "incoming": level.incoming,
                "incoming_delta": each.incoming,
            },
        )
