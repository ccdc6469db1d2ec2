"""Handing a packed parcel over to its carrier."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.fulfillment.commands.load import refuse_held
from packhouse.fulfillment.models import FulfillmentOrder, ParcelItem
from packhouse.sdk import Refused, now
from packhouse.shipping.commands.dispatch import dispatch
from packhouse.shipping.commands.load import locked_shipment, refuse_open_call
from packhouse.shipping.models import Shipment, ShipmentLine
from packhouse.shipping.states import SHIPMENT_STATUS, ShipmentStatus
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class HandOver:
    """A shipment that leaves now. A draft without a label needs carrier and tracking number, here or when it was created."""

    shipment_id: UUID
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""


async def hand_over(uow: UnitOfWork, data: HandOver) -> Shipment:
    """Hand a shipment over: goods, claims and stock leave in one transaction.

    Raises:
        IllegalTransition: it was handed over already, or voided.
        Refused: NOT_FOUND, ON_HOLD, NOT_PACKED, LABEL_NAMES_CARRIER, NO_TRACKING_NUMBER, CARRIER_CALL_OPEN, NOT_ALLOCATED.
    """
    shipment = await locked_shipment(data.shipment_id)
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.HANDED_OVER)
    await refuse_held([shipment.order_id], "shipmentId")
    await refuse_open_call(shipment)
    _name_carrier(shipment, data)
    lines = await ShipmentLine.filter(shipment_id=shipment.id).order_by("id")
    if not lines or not await ParcelItem.exists(parcel_id=shipment.parcel_id):
        raise Refused("NOT_PACKED", f"shipment {shipment.id} has no packed parcel: pack one first", "shipmentId")
    work = await FulfillmentOrder.get(id=shipment.fulfillment_order_id)
    await dispatch(uow, shipment, work, lines, now())
    return shipment


def _name_carrier(shipment: Shipment, data: HandOver) -> None:
    is_new = data.carrier or data.tracking_number or data.tracking_url
    if shipment.status == ShipmentStatus.LABEL_PURCHASED:
        if is_new:
            raise Refused(
                "LABEL_NAMES_CARRIER", f"shipment {shipment.id} has a label that says who carries it", "trackingNumber"
            )
        return
    shipment.carrier = data.carrier or shipment.carrier
    shipment.tracking_number = data.tracking_number or shipment.tracking_number
    shipment.tracking_url = data.tracking_url or shipment.tracking_url
    for field, value in (("carrier", shipment.carrier), ("trackingNumber", shipment.tracking_number)):
        if not value:
            raise Refused(
                "NO_TRACKING_NUMBER",
                f"shipment {shipment.id} has no label: buy one, or name carrier and tracking number",
                field,
            )
