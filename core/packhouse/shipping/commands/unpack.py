"""Taking a parcel apart that has not left: its units are picked, and packed no more."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus
from packhouse.sdk import EventType, Refused, new_id
from packhouse.shipping.models import Shipment
from packhouse.shipping.states import ShipmentStatus
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class UnpackParcel:
    """A parcel to take apart."""

    parcel_id: UUID


async def unpack(uow: UnitOfWork, data: UnpackParcel) -> FulfillmentOrder:
    """Take a parcel apart; the work goes on. One that was emptied before is left as it is.

    Raises:
        Refused: NOT_FOUND, IN_SHIPMENT (void the shipment first), NOT_IN_PROGRESS (the work has ended).
    """
    parcel = await Parcel.get_or_none(id=data.parcel_id)
    if parcel is None:
        raise Refused("NOT_FOUND", f"there is no parcel {data.parcel_id}", "parcelId")
    work = await locked_fulfillment_order(parcel.fulfillment_order_id)
    shipment = await Shipment.filter(parcel_id=parcel.id).exclude(status=ShipmentStatus.VOIDED.value).first()
    if shipment is not None:
        raise Refused(
            "IN_SHIPMENT",
            f"parcel {parcel.id} is in shipment {shipment.id} ({shipment.status}): void it first",
            "parcelId",
        )
    if work.status not in {FulfillmentOrderStatus.IN_PROGRESS, FulfillmentOrderStatus.PACKED}:
        raise Refused("NOT_IN_PROGRESS", f"fulfillment order {work.id} is {work.status}", "parcelId")
    for item in await ParcelItem.filter(parcel_id=parcel.id).order_by("id"):
        line = await FulfillmentOrderLine.get(id=item.fulfillment_order_line_id)
        await FulfillmentOrderLine.filter(id=line.id).update(packed=line.packed - item.quantity)
    await ParcelItem.filter(parcel_id=parcel.id).delete()
    if not await Shipment.exists(parcel_id=parcel.id):
        await Parcel.filter(id=parcel.id).delete()
    if work.status == FulfillmentOrderStatus.PACKED:
        FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus.PACKED, FulfillmentOrderStatus.IN_PROGRESS)
        work.status = FulfillmentOrderStatus.IN_PROGRESS.value
        work.packed_at = None
        await work.save(update_fields=["status", "packed_at"])
    await touch_orders([work.order_id])
    record(
        uow,
        EventType.PARCEL_UNPACKED,
        new_id(),
        order_id=work.order_id,
        payload={
            "parcel_id": str(parcel.id),
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
        },
    )
    return work
