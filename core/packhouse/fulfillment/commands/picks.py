"""How a pick list goes on and ends by itself."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from packhouse.fulfillment.models import FulfillmentOrderLine, Pick, PickList
from packhouse.fulfillment.states import PICK_LIST_STATUS, FulfillmentOrderStatus, PickListStatus
from packhouse.inventory.commands.claim_holdings import Fetch, claim, claims_of_lines, keep_claims
from packhouse.sdk import now


async def complete_when_done(pick_list: PickList) -> None:
    """Put a running pick list forward: in progress with the first unit, completed with the last one.

    A list from which everything was dropped before anything was picked is cancelled.
    """
    picks = await Pick.filter(pick_list_id=pick_list.id)
    is_begun = any(pick.picked for pick in picks)
    is_done = all(pick.picked == pick.quantity for pick in picks)
    if is_begun and pick_list.status == PickListStatus.OPEN:
        await _move(pick_list, PickListStatus.IN_PROGRESS)
    if is_done:
        await _move(pick_list, PickListStatus.COMPLETED if is_begun else PickListStatus.CANCELLED)


async def add_picks(
    pick_list: PickList, fetches: Iterable[Fetch], skus: Mapping[UUID, str], first_position: int
) -> None:
    """Ask for units on a pick list, in the given order from a position on; those of divided levels are claimed in their bins."""
    for position, fetch in enumerate(fetches, first_position):
        pick = await Pick.create(
            pick_list_id=pick_list.id,
            fulfillment_order_line_id=fetch.line_id,
            position=position,
            bin=fetch.bin,
            lot=fetch.lot,
            sku=skus[fetch.line_id],
            quantity=fetch.quantity,
        )
        if fetch.is_divided:
            await claim(pick_list.location_id, fetch, pick.id)


async def drop_picks(fulfillment_order_line_ids: Sequence[UUID]) -> None:
    """Take what is not picked yet off the pick lists that still ask for it: the work has ended."""
    picks = await Pick.filter(
        fulfillment_order_line_id__in=list(fulfillment_order_line_ids),
        pick_list__status__in=[PickListStatus.OPEN.value, PickListStatus.IN_PROGRESS.value],
    )
    for pick in picks:
        await Pick.filter(id=pick.id).update(quantity=pick.picked)
    await _release_units(fulfillment_order_line_ids)
    lists = sorted({pick.pick_list_id for pick in picks})
    for pick_list in await PickList.filter(id__in=lists).order_by("id").select_for_update():
        await complete_when_done(pick_list)


async def _release_units(fulfillment_order_line_ids: Sequence[UUID]) -> None:
    """Let go of the bins and lots of work that has ended; what is packed of incomplete work keeps its own until it leaves."""
    claims = await claims_of_lines(fulfillment_order_line_ids)
    if not claims:
        return
    lines = await FulfillmentOrderLine.filter(id__in=sorted(claims)).prefetch_related("fulfillment_order")
    kept: dict[UUID, int] = {}
    for line in lines:
        left = line.packed - line.shipped
        if line.fulfillment_order.status != FulfillmentOrderStatus.INCOMPLETE:
            left = 0
        for row in claims[line.id]:
            kept[row.pick_id] = min(row.quantity, left)
            left -= kept[row.pick_id]
    await keep_claims(kept)


async def _move(pick_list: PickList, to: PickListStatus) -> None:
    PICK_LIST_STATUS.check(PickListStatus(pick_list.status), to)
    pick_list.status = to.value
    pick_list.completed_at = now() if to is PickListStatus.COMPLETED else None
    await pick_list.save(update_fields=["status", "completed_at"])
