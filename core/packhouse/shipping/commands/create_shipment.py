"""Preparing a shipment: one packed parcel, for one carrier."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem
from packhouse.orders.models import OrderLine
from packhouse.sdk import EventType, Refused, now
from packhouse.shipping.models import Shipment, ShipmentLine
from packhouse.shipping.states import ShipmentStatus, TrackingStatus
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CreateShipment:
    """A parcel to send. With a tracking number of our own, no label is needed to hand it over."""

    parcel_id: UUID
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    tracking_url: str = ""


async def create_shipment(uow: UnitOfWork, data: CreateShipment) -> Shipment:
    """Prepare a shipment as a draft.

    Raises:
        Refused: NOT_FOUND, NOT_PACKED (an empty parcel), ALREADY_IN_SHIPMENT.
    """
    parcel = await Parcel.get_or_none(id=data.parcel_id)
    if parcel is None:
        raise Refused("NOT_FOUND", f"there is no parcel {data.parcel_id}", "parcelId")
    work = await locked_fulfillment_order(parcel.fulfillment_order_id)
    items = await ParcelItem.filter(parcel_id=parcel.id).order_by("id")
    if not items:
        raise Refused("NOT_PACKED", f"there is nothing in parcel {parcel.id}: pack it first", "parcelId")
    other = await Shipment.filter(parcel_id=parcel.id).exclude(status=ShipmentStatus.VOIDED.value).first()
    if other is not None:
        raise Refused(
            "ALREADY_IN_SHIPMENT",
            f"parcel {parcel.id} is in shipment {other.id} ({other.status}): void that one first",
            "parcelId",
        )
    shipment = await Shipment.create(
        order_id=work.order_id,
        fulfillment_order_id=work.id,
        location_id=work.location_id,
        parcel_id=parcel.id,
        status=ShipmentStatus.DRAFT.value,
        tracking_status=TrackingStatus.PENDING.value,
        carrier=data.carrier,
        service=data.service,
        tracking_number=data.tracking_number,
        tracking_url=data.tracking_url,
        created_at=now(),
    )
    await add_lines(shipment, work, {item.fulfillment_order_line_id: item.quantity for item in items})
    await touch_orders([work.order_id])
    record(
        uow,
        EventType.SHIPMENT_CREATED,
        shipment.id,
        order_id=work.order_id,
        payload={
            "shipment_id": str(shipment.id),
            "parcel_id": str(parcel.id),
            "fulfillment_order_id": str(work.id),
        },
    )
    return shipment


async def add_lines(shipment: Shipment, work: FulfillmentOrder, units: Mapping[UUID, int]) -> list[ShipmentLine]:
    """Write the lines of a shipment: units by fulfillment order line.

    Raises:
        Refused: NOT_FOUND: a line of other work.
    """
    lines = {line.id: line for line in await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)}
    bundles = await OrderLine.filter(id__in=[line.order_line_id for line in lines.values()], is_bundle=True)
    of_bundles = {line.id for line in bundles}
    written = []
    for line_id, quantity in units.items():
        if line_id not in lines:
            raise Refused("NOT_FOUND", f"fulfillment order {work.id} has no line {line_id}")
        written.append(
            await ShipmentLine.create(
                shipment_id=shipment.id,
                order_line_id=lines[line_id].order_line_id,
                fulfillment_order_line_id=line_id,
                quantity=quantity,
                bundles=0 if lines[line_id].order_line_id in of_bundles else None,
            )
        )
    return written
