"""Loading an inbound shipment to change it."""

from uuid import UUID

from packhouse.inventory.models import InboundShipment
from packhouse.sdk import Refused


async def locked_inbound(inbound_id: UUID) -> InboundShipment:
    """The inbound shipment, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    inbound = await InboundShipment.filter(id=inbound_id).select_for_update().first()
    if inbound is None:
        raise Refused("NOT_FOUND", f"there is no inbound shipment {inbound_id}", "inboundShipmentId")
    return inbound
