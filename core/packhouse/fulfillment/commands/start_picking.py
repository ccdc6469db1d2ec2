"""Starting to pick: a pick list for fulfillment orders of one location, in the order of the bins."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_work, refuse_held, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Pick, PickList
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, PickListStatus
from packhouse.inventory.models import StockLevel
from packhouse.sdk import EventType, InvalidValue, Refused, now
from packhouse.storage import UnitOfWork

_FIELD = "fulfillmentOrderIds"


@dataclass(frozen=True, slots=True)
class StartPicking:
    """The fulfillment orders that one picker shall fetch in one round; all of one location."""

    fulfillment_order_ids: tuple[UUID, ...]


async def start_picking(uow: UnitOfWork, data: StartPicking) -> PickList:
    """Make a pick list and start the work.

    Raises:
        InvalidValue: no fulfillment order was named.
        Refused: NOT_FOUND, NOT_OPEN, FULFILLED_BY_NETWORK, DIFFERENT_LOCATIONS, ON_HOLD.
    """
    if not data.fulfillment_order_ids:
        raise InvalidValue(_FIELD, "name at least one fulfillment order to pick")
    work = await locked_work(data.fulfillment_order_ids, _FIELD)
    _check(work)
    await refuse_held([row.order_id for row in work], _FIELD)
    started_at = now()
    pick_list = await PickList.create(
        location_id=work[0].location_id, status=PickListStatus.OPEN.value, created_at=started_at
    )
    await _write_picks(pick_list, work)
    await FulfillmentOrder.filter(id__in=[row.id for row in work]).update(
        status=FulfillmentOrderStatus.IN_PROGRESS.value, started_at=started_at
    )
    await touch_orders(row.order_id for row in work)
    for row in work:
        record(
            uow,
            EventType.FULFILLMENT_STARTED,
            row.id,
            pick_list.id,
            order_id=row.order_id,
            payload={
                "fulfillment_order_id": str(row.id),
                "location_id": str(row.location_id),
                "pick_list_id": str(pick_list.id),
            },
        )
    return pick_list


def _check(work: Sequence[FulfillmentOrder]) -> None:
    for row in work:
        # packed work may go back to in progress too, but not by picking it again
        if row.status != FulfillmentOrderStatus.OPEN:
            raise Refused("NOT_OPEN", f"fulfillment order {row.id} is {row.status}: only open ones are picked", _FIELD)
        FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(row.status), FulfillmentOrderStatus.IN_PROGRESS)
        if row.network:
            raise Refused(
                "FULFILLED_BY_NETWORK", f"fulfillment order {row.id} is picked by {row.network}, not by us", _FIELD
            )
    if len({row.location_id for row in work}) > 1:
        raise Refused(
            "DIFFERENT_LOCATIONS",
            "the fulfillment orders are of different locations: make a pick list for each",
            _FIELD,
        )


async def _write_picks(pick_list: PickList, work: Sequence[FulfillmentOrder]) -> None:
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id__in=[row.id for row in work]).order_by("id")
    bins = dict(
        await StockLevel.filter(
            location_id=pick_list.location_id, variant_id__in=[line.variant_id for line in lines if line.variant_id]
        ).values_list("variant_id", "bin")
    )
    open_lines = [(bins.get(line.variant_id, ""), line) for line in lines if _unpicked(line)]
    for bin_code, line in sorted(open_lines, key=lambda each: (each[0], each[1].sku, each[1].id)):
        await Pick.create(
            pick_list_id=pick_list.id,
            fulfillment_order_line_id=line.id,
            bin=bin_code,
            sku=line.sku,
            quantity=_unpicked(line),
        )


def _unpicked(line: FulfillmentOrderLine) -> int:
    return line.quantity - line.cancelled - line.picked
