"""Checking the lot that was scanned: the one that was asked for, or another one that may go instead."""

from packhouse.fulfillment.commands.take_picked import why_not
from packhouse.fulfillment.models import FulfillmentOrderLine, Pick
from packhouse.inventory.commands.claim_holdings import keep_claims
from packhouse.inventory.holdings import shelves_of
from packhouse.inventory.models import HoldingClaim, Lot, StockLevel
from packhouse.inventory.shelves import is_good
from packhouse.sdk import Refused, now
from packhouse.storage import UnitOfWork


async def check_lot(uow: UnitOfWork, pick: Pick, line: FulfillmentOrderLine, code: str, units: int) -> Pick:
    """The pick that units of the scanned lot count for: the given one, or one of its own for another lot.

    Raises:
        Refused: LOT_REQUIRED, WRONG_LOT, NOT_SELLABLE.
    """
    claim = await HoldingClaim.get_or_none(pick_id=pick.id)
    if not code:
        raise Refused("LOT_REQUIRED", f"{pick.sku} of lot {pick.lot} is asked for: scan the lot, too", "lot")
    lot = await Lot.get_or_none(variant_id=line.variant_id, code=code)
    if lot is None or claim is None:
        raise Refused("WRONG_LOT", f"{pick.sku} has no lot {code} here: {pick.lot or 'no lot'} is asked for", "lot")
    if not is_good(lot.status, lot.expires_on, now().date()):
        raise Refused("NOT_SELLABLE", f"lot {code} of {pick.sku} is {why_not(lot)}: put it apart", "lot")
    if code == pick.lot:
        return pick
    await _check_substitute(uow, claim, pick, code, units)
    return await _substitute(pick, claim, code, units)


async def _check_substitute(uow: UnitOfWork, claim: HoldingClaim, pick: Pick, code: str, units: int) -> None:
    level = StockLevel.filter(variant_id=claim.variant_id, location_id=claim.location_id)
    await level.select_for_update().get()
    shelves = (await shelves_of(uow, claim.location_id, [claim.variant_id])).get(claim.variant_id, [])
    if not any(shelf.place == (pick.bin, code) and shelf.may_be_sold and shelf.free >= units for shelf in shelves):
        raise Refused(
            "WRONG_LOT",
            f"lot {code} of {pick.sku} cannot go instead of {pick.lot or 'no lot'}: {units} units of it that may be sold are"
            f" not free in bin {pick.bin or '(none)'}",
            "lot",
        )


async def _substitute(pick: Pick, claim: HoldingClaim, code: str, units: int) -> Pick:
    """Ask for these units of the other lot; what is left of the pick stays as it was."""
    if units == pick.quantity:
        await Pick.filter(id=pick.id).update(lot=code)
        await HoldingClaim.filter(id=claim.id).update(lot=code)
        return pick
    other = await Pick.create(
        pick_list_id=pick.pick_list_id,
        fulfillment_order_line_id=pick.fulfillment_order_line_id,
        position=pick.position,
        bin=pick.bin,
        lot=code,
        sku=pick.sku,
        quantity=units,
    )
    await Pick.filter(id=pick.id).update(quantity=pick.quantity - units)
    await keep_claims({pick.id: claim.quantity - units})
    await HoldingClaim.create(
        pick_id=other.id,
        fulfillment_order_line_id=claim.fulfillment_order_line_id,
        variant_id=claim.variant_id,
        location_id=claim.location_id,
        bin=claim.bin,
        lot=code,
        quantity=units,
    )
    return other
