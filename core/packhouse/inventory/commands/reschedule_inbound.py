"""Saying when goods are expected now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.commands.load_inbound import locked_inbound
from packhouse.inventory.commands.move import tell_waiting
from packhouse.inventory.models import InboundLine, InboundShipment, StockLevel
from packhouse.inventory.queries import OPEN_INBOUND
from packhouse.sdk import EventType, InvalidValue, Refused, new_id
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class RescheduleInbound:
    """An inbound shipment and its new date; None: nobody knows."""

    inbound_id: UUID
    expected_at: datetime | None


async def reschedule_inbound(uow: UnitOfWork, data: RescheduleInbound) -> InboundShipment:
    """Change the date of goods that are still on their way.

    Raises:
        InvalidValue: a time without a time zone.
        Refused: NOT_FOUND, INBOUND_ENDED.
    """
    if data.expected_at is not None and data.expected_at.tzinfo is None:
        raise InvalidValue("expectedAt", "the time needs a time zone")
    inbound = await locked_inbound(data.inbound_id)
    if inbound.status not in OPEN_INBOUND:
        raise Refused(
            "INBOUND_ENDED",
            f"inbound shipment {inbound.id} is {inbound.status}: nothing of it is on its way",
            "inboundShipmentId",
        )
    inbound.expected_at = data.expected_at
    await inbound.save(update_fields=["expected_at"])
    expected = None if data.expected_at is None else data.expected_at.isoformat()
    payload = {"inbound_id": str(inbound.id), "expected_at": expected}
    record(uow, EventType.INBOUND_RESCHEDULED, new_id(), payload=payload)
    variants = await InboundLine.filter(inbound_id=inbound.id).values_list("variant_id", flat=True)
    waited_for = StockLevel.filter(location_id=inbound.location_id, variant_id__in=list(variants), backordered__gt=0)
    for level in await waited_for.order_by("variant_id"):
        tell_waiting(uow, level.variant_id, level.location_id, "another day is expected")
    return inbound
