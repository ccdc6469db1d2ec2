"""Starting to pick: a pick list for fulfillment orders of one location, first expired first, in the order of the bins."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import locked_work, refuse_held, touch_orders
from packhouse.fulfillment.commands.picks import add_picks
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, PickList
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, PickListStatus
from packhouse.inventory.commands.claim_holdings import Fetch, Wanted, choose_units
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
        Refused: NOT_FOUND, NOT_OPEN, FULFILLED_BY_NETWORK, DIFFERENT_LOCATIONS, ON_HOLD, NOT_SELLABLE (too few units are of
            lots that may be sold).
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
    await _write_picks(uow, pick_list, work)
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


async def _write_picks(uow: UnitOfWork, pick_list: PickList, work: Sequence[FulfillmentOrder]) -> None:
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id__in=[row.id for row in work]).order_by("id")
    open_lines = {line.id: line for line in lines if _unpicked(line)}
    wanted = [Wanted(line.id, line.variant_id, _unpicked(line)) for line in open_lines.values() if line.variant_id]
    fetches = await choose_units(uow, pick_list.location_id, wanted)
    _check_units(open_lines, wanted, fetches)
    unknown = [line for line in open_lines.values() if not line.variant_id]
    fetches += [Fetch(line.id, line.id, "", "", _unpicked(line), (0, 0, ""), is_divided=False) for line in unknown]
    walked = sorted(fetches, key=lambda fetch: (fetch.walk, open_lines[fetch.line_id].sku, fetch.line_id, fetch.lot))
    await add_picks(pick_list, walked, {line.id: line.sku for line in open_lines.values()}, 0)


def _check_units(
    lines: Mapping[UUID, FulfillmentOrderLine], wanted: Sequence[Wanted], fetches: Sequence[Fetch]
) -> None:
    units: Counter[UUID] = Counter()
    for fetch in fetches:
        units[fetch.line_id] += fetch.quantity
    for each in wanted:
        if units[each.line_id] < each.quantity:
            line = lines[each.line_id]
            raise Refused(
                "NOT_SELLABLE",
                f"{units[line.id]} of {each.quantity} units of {line.sku} for fulfillment order {line.fulfillment_order_id}"
                " are of lots that may be sold: reject it, or leave it out",
                _FIELD,
            )


def _unpicked(line: FulfillmentOrderLine) -> int:
    return line.quantity - line.cancelled - line.picked
