"""Packing: picked units go into a parcel; with the last one the fulfillment order is packed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_fulfillment_order, refuse_held, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, ParcelItem
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus
from packhouse.sdk import Dimensions, EventType, InvalidValue, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class PackItem:
    """Units of a fulfillment order line that go into the parcel."""

    fulfillment_order_line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class PackParcel:
    """A parcel to pack. No `items` means everything that is picked and not packed.

    `weight_grams` None adds up the variants' weights.
    """

    fulfillment_order_id: UUID
    items: tuple[PackItem, ...] = ()
    weight_grams: int | None = None
    dimensions: Dimensions | None = None


async def pack(uow: UnitOfWork, data: PackParcel) -> Parcel:
    """Pack a parcel.

    Raises:
        InvalidValue: a weight, a size or a quantity below one.
        Refused: NOT_FOUND, NOT_IN_PROGRESS, ON_HOLD, NOT_PICKED, NOTHING_TO_PACK, WEIGHT_UNKNOWN.
    """
    _check_values(data)
    work = await locked_fulfillment_order(data.fulfillment_order_id)
    if work.status != FulfillmentOrderStatus.IN_PROGRESS:
        raise Refused(
            "NOT_IN_PROGRESS", f"fulfillment order {work.id} is {work.status}: pick it first", "fulfillmentOrderId"
        )
    await refuse_held([work.order_id], "fulfillmentOrderId")
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id).order_by("id")
    units = _units(data, lines)
    weight = data.weight_grams or await _weight_of(lines, units)
    parcel = await _write(work, units, weight, data.dimensions)
    _tell(uow, work, parcel)
    for line in lines:
        line.packed += units.get(line.id, 0)
        await FulfillmentOrderLine.filter(id=line.id).update(packed=line.packed)
    if all(line.packed + line.cancelled == line.quantity for line in lines):
        await _finish(uow, work)
    await touch_orders([work.order_id])
    return parcel


def _check_values(data: PackParcel) -> None:
    if data.weight_grams is not None and data.weight_grams < 1:
        raise InvalidValue("weightGrams", f"{data.weight_grams} is no weight of a parcel")
    size = data.dimensions
    if size is not None and min(size.length_mm, size.width_mm, size.height_mm) < 1:
        raise InvalidValue("dimensions", "every side of a parcel is at least a millimetre long")
    for index, item in enumerate(data.items):
        if item.quantity < 1:
            raise InvalidValue(f"items.{index}.quantity", f"{item.quantity} units cannot be packed")


def _units(data: PackParcel, lines: Sequence[FulfillmentOrderLine]) -> dict[UUID, int]:
    """The units of each line that go into the parcel."""
    unpacked = {line.id: line.picked - line.packed for line in lines}
    if not data.items:
        everything = {line_id: units for line_id, units in unpacked.items() if units}
        if not everything:
            raise Refused(
                "NOTHING_TO_PACK", f"nothing of fulfillment order {data.fulfillment_order_id} is picked", "items"
            )
        return everything
    wanted: dict[UUID, int] = defaultdict(int)
    for index, item in enumerate(data.items):
        line_id = item.fulfillment_order_line_id
        if line_id not in unpacked:
            raise Refused(
                "NOT_FOUND",
                f"fulfillment order {data.fulfillment_order_id} has no line {line_id}",
                f"items.{index}.fulfillmentOrderLineId",
            )
        wanted[line_id] += item.quantity
        if wanted[line_id] > unpacked[line_id]:
            raise Refused(
                "NOT_PICKED",
                f"{unpacked[line_id]} picked units of line {line_id} wait to be packed, not {wanted[line_id]}",
                f"items.{index}.quantity",
            )
    return dict(wanted)


async def _weight_of(lines: Sequence[FulfillmentOrderLine], units: Mapping[UUID, int]) -> int:
    packed = [line for line in lines if line.id in units]
    variants = await Variant.filter(id__in=[line.variant_id for line in packed if line.variant_id])
    weights = {variant.id: variant.weight_grams for variant in variants}
    total = 0
    for line in packed:
        weight = weights.get(line.variant_id) if line.variant_id else None
        if not weight:
            raise Refused("WEIGHT_UNKNOWN", f"the weight of {line.sku} is not known: weigh the parcel", "weightGrams")
        total += weight * units[line.id]
    return total


async def _write(
    work: FulfillmentOrder, units: Mapping[UUID, int], weight_grams: int, size: Dimensions | None
) -> Parcel:
    parcel = await Parcel.create(
        fulfillment_order_id=work.id,
        weight_grams=weight_grams,
        length_mm=size.length_mm if size else None,
        width_mm=size.width_mm if size else None,
        height_mm=size.height_mm if size else None,
        packed_at=now(),
    )
    for line_id, quantity in units.items():
        await ParcelItem.create(parcel_id=parcel.id, fulfillment_order_line_id=line_id, quantity=quantity)
    return parcel


def _tell(uow: UnitOfWork, work: FulfillmentOrder, parcel: Parcel) -> None:
    record(
        uow,
        EventType.PARCEL_PACKED,
        parcel.id,
        order_id=work.order_id,
        payload={
            "parcel_id": str(parcel.id),
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
            "weight_grams": parcel.weight_grams,
        },
    )


async def _finish(uow: UnitOfWork, work: FulfillmentOrder) -> None:
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), FulfillmentOrderStatus.PACKED)
    packed_at = now()
    await FulfillmentOrder.filter(id=work.id).update(status=FulfillmentOrderStatus.PACKED.value, packed_at=packed_at)
    record(
        uow,
        EventType.FULFILLMENT_PACKED,
        work.id,
        packed_at.isoformat(),
        order_id=work.order_id,
        payload={"fulfillment_order_id": str(work.id), "location_id": str(work.location_id)},
    )
