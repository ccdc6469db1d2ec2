"""Confirming a pick: the scan says that the right article was taken, and never more of it than was asked."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.fulfillment.commands.check_lot import check_lot
from packhouse.fulfillment.commands.load import locked_fulfillment_order, refuse_held, touch_orders
from packhouse.fulfillment.commands.picks import complete_when_done
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Pick, PickList
from packhouse.fulfillment.rules import PickTarget, ScanRefusal, check_scan
from packhouse.fulfillment.states import FulfillmentOrderStatus, PickListStatus
from packhouse.sdk import EventType, Refused, new_id
from packhouse.storage import UnitOfWork

_RUNNING = {PickListStatus.OPEN.value, PickListStatus.IN_PROGRESS.value}


@dataclass(frozen=True, slots=True)
class ConfirmPick:
    """Units taken from the bin, proved by the code that was scanned: the variant's barcode or SKU, and the `lot` on them."""

    pick_id: UUID
    code: str
    quantity: int = 1
    lot: str = ""


async def confirm_pick(uow: UnitOfWork, data: ConfirmPick) -> PickList:
    """Count units as picked; the pick list is completed with its last one.

    Where the pick names a lot, one has to be scanned. Another one than it names is taken as well, where it lies in the same
    bin, may be sold, and nobody else picks it.

    Raises:
        InvalidValue: a quantity below one.
        Refused: NOT_FOUND, PICK_LIST_ENDED, NOT_IN_PROGRESS, ON_HOLD, WRONG_ITEM, TOO_MANY, LOT_REQUIRED, WRONG_LOT,
            NOT_SELLABLE (a lot that is recalled, in quarantine or expired).
    """
    found = await Pick.get_or_none(id=data.pick_id)
    if found is None:
        raise Refused("NOT_FOUND", f"there is no pick {data.pick_id}", "pickId")
    line = await FulfillmentOrderLine.get(id=found.fulfillment_order_line_id)
    work = await locked_fulfillment_order(line.fulfillment_order_id)
    pick_list = await PickList.filter(id=found.pick_list_id).select_for_update().get()
    _check_running(pick_list, work)
    await refuse_held([work.order_id], "pickId")
    await _count(uow, await Pick.get(id=found.id), data)
    tell_picked(uow, work, found.sku, data.quantity)
    await complete_when_done(pick_list)
    await touch_orders([work.order_id])
    return pick_list


def tell_picked(uow: UnitOfWork, work: FulfillmentOrder, sku: str, units: int, reason: str = "") -> None:
    """Record that units of work were taken from their bin, or (below nothing) put back."""
    record(
        uow,
        EventType.FULFILLMENT_PICKED,
        new_id(),
        order_id=work.order_id,
        reason=reason,
        payload={
            "fulfillment_order_id": str(work.id),
            "location_id": str(work.location_id),
            "sku": sku,
            "units": units,
        },
    )


def _check_running(pick_list: PickList, work: FulfillmentOrder) -> None:
    if pick_list.status not in _RUNNING:
        raise Refused("PICK_LIST_ENDED", f"pick list {pick_list.id} is {pick_list.status}", "pickId")
    if work.status != FulfillmentOrderStatus.IN_PROGRESS:
        raise Refused("NOT_IN_PROGRESS", f"fulfillment order {work.id} is {work.status}: put the units back", "pickId")


async def _count(uow: UnitOfWork, pick: Pick, data: ConfirmPick) -> None:
    line = await FulfillmentOrderLine.get(id=pick.fulfillment_order_line_id)
    variant = await Variant.get_or_none(id=line.variant_id) if line.variant_id else None
    target = PickTarget(pick.sku, pick.quantity, pick.picked, variant.barcode if variant else "")
    scan = check_scan(target, data.code, data.quantity)
    if scan.refusal is ScanRefusal.WRONG_ITEM:
        raise Refused("WRONG_ITEM", f"{data.code!r} was scanned where {pick.sku} is asked for: put it back", "code")
    if scan.refusal is ScanRefusal.TOO_MANY:
        left = pick.quantity - pick.picked
        raise Refused("TOO_MANY", f"{left} units of {pick.sku} are left to pick, not {data.quantity}", "quantity")
    if pick.lot or data.lot:
        pick = await check_lot(uow, pick, line, data.lot, data.quantity)
    await Pick.filter(id=pick.id).update(picked=pick.picked + data.quantity)
    await FulfillmentOrderLine.filter(id=line.id).update(picked=line.picked + data.quantity)
