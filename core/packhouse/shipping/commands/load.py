"""Loading shipments to change them, and refusing while a call to their carrier is open."""

from uuid import UUID

from packhouse.events.models import ProviderCall
from packhouse.events.states import CallStatus
from packhouse.fulfillment.commands.load import lock_orders
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.sdk import Refused
from packhouse.shipping.models import Shipment

BUY_LABEL = "buy_label"
VOID_LABEL = "void_label"
_OPEN = [CallStatus.REQUESTED.value, CallStatus.IN_DOUBT.value]


async def known_shipment(shipment_id: UUID, field: str = "shipmentId") -> Shipment:
    """The shipment as it is, without a lock.

    Raises:
        Refused: NOT_FOUND.
    """
    shipment = await Shipment.get_or_none(id=shipment_id)
    if shipment is None:
        raise Refused("NOT_FOUND", f"there is no shipment {shipment_id}", field)
    return shipment


async def locked_shipment(shipment_id: UUID, field: str = "shipmentId") -> Shipment:
    """The shipment, locked behind its order and its fulfillment order.

    Raises:
        Refused: NOT_FOUND.
    """
    found = await known_shipment(shipment_id, field)
    await lock_orders([found.order_id])
    if found.fulfillment_order_id is not None:
        await FulfillmentOrder.filter(id=found.fulfillment_order_id).select_for_update()
    return await Shipment.filter(id=shipment_id).select_for_update().get()


async def refuse_open_call(shipment: Shipment, *, but_key: str = "") -> None:
    """Let pass only a shipment about which no call to a carrier is under way or in doubt (except the call with `but_key`).

    Raises:
        Refused: CARRIER_CALL_OPEN.
    """
    call = await ProviderCall.filter(subject_id=shipment.id, status__in=_OPEN).exclude(idempotency_key=but_key).first()
    if call is not None:
        raise Refused(
            "CARRIER_CALL_OPEN",
            f"{call.operation} of shipment {shipment.id} at {call.provider} is {call.status}: do the same again to find out"
            " how it ended",
            "shipmentId",
        )
