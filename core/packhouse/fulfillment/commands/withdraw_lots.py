"""Taking units that may not be sold any more out of the work: they are picked again of other lots, or routed again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from packhouse.fulfillment.commands.confirm_pick import tell_picked
from packhouse.fulfillment.commands.fail import fail_work
from packhouse.fulfillment.commands.load import locked_fulfillment_order, touch_orders
from packhouse.fulfillment.commands.picks import add_picks, complete_when_done
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Pick, PickList
from packhouse.fulfillment.states import FulfillmentOrderStatus, PickListStatus, RejectionReason
from packhouse.inventory.commands.claim_holdings import Wanted, choose_units
from packhouse.inventory.commands.end_reservations import lock_active, release_units
from packhouse.inventory.commands.set_apart import set_apart
from packhouse.inventory.holdings import shelves_of, spoiled_levels
from packhouse.inventory.models import HoldingClaim
from packhouse.inventory.states import ReservationStatus
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

_NOTE = "of a lot that may not be sold any more"
_RUNNING = {PickListStatus.OPEN.value, PickListStatus.IN_PROGRESS.value}
# Packed units wait for their parcel to be taken apart: it cannot be handed over meanwhile.
_BEING_PICKED = """
SELECT holding_claim.id, fulfillment_order_line.fulfillment_order_id
FROM holding_claim
JOIN fulfillment_order_line ON fulfillment_order_line.id = holding_claim.fulfillment_order_line_id
JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
WHERE holding_claim.variant_id = $1 AND holding_claim.location_id = $2 AND fulfillment_order.status = 'in_progress'
  AND fulfillment_order_line.packed = fulfillment_order_line.shipped AND holding_claim.lot IN ({lots})
ORDER BY holding_claim.id LIMIT 1
"""
_RESERVED = """
SELECT reservation.id FROM reservation_line JOIN reservation ON reservation.id = reservation_line.reservation_id
WHERE reservation_line.variant_id = $1 AND reservation_line.location_id = $2 AND reservation.status = 'active'
ORDER BY reservation.expires_at, reservation.id LIMIT 1
"""
# Whoever ordered last is sent from elsewhere first.
_PROMISED = """
SELECT fulfillment_order.id
FROM allocation
JOIN fulfillment_order_line ON fulfillment_order_line.id = allocation.fulfillment_order_line_id
JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
WHERE allocation.variant_id = $1 AND allocation.location_id = $2 AND allocation.status = 'allocated'
  AND fulfillment_order.status IN ('open', 'in_progress') AND fulfillment_order.network = ''
  AND NOT EXISTS (SELECT 1 FROM holding_claim WHERE holding_claim.fulfillment_order_line_id = fulfillment_order_line.id)
ORDER BY fulfillment_order.created_at DESC, fulfillment_order.id DESC LIMIT 1
"""


async def withdraw_lots(database: Database, by: Initiator) -> int:
    """Set apart everywhere what may not be sold any more; gives how many balances had some.

    Each piece of work is a transaction of its own, so nothing is held up, and what was begun is gone on with after a crash.
    """
    levels = await spoiled_levels(database)
    for variant_id, location_id in levels:
        await _withdraw(database, by, variant_id, location_id)
    return len(levels)


async def _withdraw(database: Database, by: Initiator, variant_id: UUID, location_id: UUID) -> None:
    while await database.write(by, lambda uow: _pick_again(uow, variant_id, location_id)):
        pass
    while await database.write(by, lambda uow: set_apart(uow, variant_id, location_id, _NOTE)):
        if not await database.write(by, lambda uow: _give_up_claim(uow, variant_id, location_id)):
            return


async def _pick_again(uow: UnitOfWork, variant_id: UUID, location_id: UUID) -> bool:
    """Let one pick of a lot that may not be sent fetch other units; False where there is none."""
    shelves = (await shelves_of(uow, location_id, [variant_id])).get(variant_id, [])
    lots = sorted({shelf.lot for shelf in shelves if not shelf.may_be_sent})
    if not lots:
        return False
    found = await uow.fetch(_BEING_PICKED.format(lots=placeholders(len(lots), 3)), variant_id, location_id, *lots)
    if not found:
        return False
    work = await locked_fulfillment_order(read_id(found[0]["fulfillment_order_id"]))
    if work.status == FulfillmentOrderStatus.IN_PROGRESS:
        await _replace(uow, work, found[0])
    return True


async def _replace(uow: UnitOfWork, work: FulfillmentOrder, found: Mapping[str, Any]) -> None:
    claim = await HoldingClaim.get_or_none(id=read_id(found["id"]))
    if claim is None:
        return
    line = await FulfillmentOrderLine.get(id=claim.fulfillment_order_line_id)
    pick = await Pick.get(id=claim.pick_id)
    pick_list = await PickList.filter(id=pick.pick_list_id).select_for_update().get()
    fetched = await _put_back(claim, pick, line)
    tell_picked(uow, work, line.sku, -fetched, _NOTE)
    wanted = Wanted(line.id, claim.variant_id, claim.quantity)
    fetches = await choose_units(uow, claim.location_id, [wanted])
    if sum(fetch.quantity for fetch in fetches) < claim.quantity:
        await complete_if_running(pick_list)
        await fail_work(uow, work, RejectionReason.OTHER, f"{line.sku}: {_NOTE}, and no other is here")
        return
    if pick_list.status in _RUNNING:
        await add_picks(pick_list, fetches, {line.id: line.sku}, pick.position)
        await complete_if_running(pick_list)
    else:
        another = await PickList.create(
            location_id=claim.location_id, status=PickListStatus.OPEN.value, created_at=pick_list.created_at
        )
        await add_picks(another, fetches, {line.id: line.sku}, 0)
    await touch_orders([work.order_id])


async def _put_back(claim: HoldingClaim, pick: Pick, line: FulfillmentOrderLine) -> int:
    """Nothing of the claim is picked any more, nor asked for; what has left with the pick stays as it was. Returns the units put back."""
    fetched = claim.quantity - (pick.quantity - pick.picked)
    await HoldingClaim.filter(id=claim.id).delete()
    await FulfillmentOrderLine.filter(id=line.id).update(picked=line.picked - fetched)
    left = pick.quantity - claim.quantity
    if left:
        await Pick.filter(id=pick.id).update(quantity=left, picked=left)
    else:
        await Pick.filter(id=pick.id).delete()
    return fetched


async def complete_if_running(pick_list: PickList) -> None:
    """Put a list forward that has not ended."""
    if pick_list.status in _RUNNING:
        await complete_when_done(pick_list)


async def _give_up_claim(uow: UnitOfWork, variant_id: UUID, location_id: UUID) -> bool:
    """Free units that a checkout holds, or an order that nobody picks yet; False where nobody holds any."""
    reserved = await uow.fetch(_RESERVED, variant_id, location_id)
    if reserved:
        ids = sorted(await lock_active(uow, [read_id(reserved[0]["id"])]))
        await release_units(uow, ids, ReservationStatus.RELEASED)
        return True
    promised = await uow.fetch(_PROMISED, variant_id, location_id)
    if not promised:
        return False
    work = await locked_fulfillment_order(read_id(promised[0]["id"]))
    if work.status in {FulfillmentOrderStatus.OPEN, FulfillmentOrderStatus.IN_PROGRESS}:
        await fail_work(uow, work, RejectionReason.OTHER, f"its units are {_NOTE}")
    return True
