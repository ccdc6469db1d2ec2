"""Shipping that somebody else reports: a fulfilment network sent a parcel."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.fulfillment.commands.load import locked_fulfillment_order
from packhouse.sdk import NetworkShipment, Refused, now
from packhouse.shipping.commands.create_shipment import add_lines
from packhouse.shipping.commands.dispatch import dispatch
from packhouse.shipping.models import Shipment
from packhouse.shipping.states import ShipmentStatus, TrackingStatus
from packhouse.storage import UnitOfWork

# as long as the columns of Shipment
_LONGEST = {"carrier": 64, "service": 64, "external_id": 128, "tracking_number": 64, "tracking_url": 500}


@dataclass(frozen=True, slots=True)
class ShipExternal:
    """A network's parcel for work that it accepted; its lines name our fulfillment order lines."""

    fulfillment_order_id: UUID
    shipment: NetworkShipment


async def ship_external(uow: UnitOfWork, data: ShipExternal) -> Shipment:
    """Record a network's parcel as handed over; one reported before changes nothing. A hold does not undo what happened.

    Raises:
        Refused: NOT_FOUND, UNREADABLE_SHIPMENT (no id, no units, strange line), NOT_SENDABLE (the work was not accepted, or
            has ended), ALREADY_SHIPPED (more units than are left), NOT_ALLOCATED.
    """
    reported = data.shipment
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    external_id = reported.external_id
    if not external_id:
        raise Refused("UNREADABLE_SHIPMENT", f"{work.network} reports a shipment of {work.id} without an id of its own")
    _refuse_long(data)
    known = await Shipment.get_or_none(fulfillment_order_id=work.id, external_id=external_id)
    if known is not None:
        return known
    units = _units(data)
    shipment = await Shipment.create(
        order_id=work.order_id,
        fulfillment_order_id=work.id,
        location_id=work.location_id,
        status=ShipmentStatus.DRAFT.value,
        tracking_status=TrackingStatus.PENDING.value,
        # names for people: the beginning says enough
        carrier=reported.carrier[: _LONGEST["carrier"]],
        service=reported.service[: _LONGEST["service"]],
        tracking_number=reported.tracking_number,
        tracking_url=reported.tracking_url,
        external_id=external_id,
        created_at=now(),
    )
    lines = await add_lines(shipment, work, units)
    await dispatch(uow, shipment, work, lines, reported.shipped_at)
    return shipment


def _refuse_long(data: ShipExternal) -> None:
    """Half an id or half an address would be another one."""
    reported = data.shipment
    for name in ("external_id", "tracking_number", "tracking_url"):
        text = getattr(reported, name)
        if len(text) > _LONGEST[name]:
            raise Refused(
                "UNREADABLE_SHIPMENT",
                f"shipment {reported.external_id[:40]} of fulfillment order {data.fulfillment_order_id}: its "
                f"{name} has {len(text)} characters, and {_LONGEST[name]} are kept",
            )


def _units(data: ShipExternal) -> dict[UUID, int]:
    where = f"shipment {data.shipment.external_id} of fulfillment order {data.fulfillment_order_id}"
    try:
        units = {UUID(line): quantity for line, quantity in data.shipment.lines.items()}
    except ValueError as error:
        raise Refused("UNREADABLE_SHIPMENT", f"{where} names a line that is not ours: {error}") from error
    if not units or min(units.values()) < 1:
        raise Refused("UNREADABLE_SHIPMENT", f"{where} has no units")
    return units
