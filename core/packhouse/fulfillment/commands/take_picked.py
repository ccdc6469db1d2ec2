"""Which bins and lots units leave from: those that were picked for their line, each lot looked at once more."""

from collections.abc import Mapping
from uuid import UUID

from packhouse.fulfillment.models import Pick
from packhouse.inventory.commands.claim_holdings import claims_of_lines, keep_claims
from packhouse.inventory.models import HoldingClaim, Lot
from packhouse.inventory.shelves import Placed, is_good, summed
from packhouse.sdk import Refused, now


async def take_picked(units: Mapping[UUID, int]) -> Mapping[UUID, list[Placed]]:
    """Where so many units of each line of work leave from, as far as they were picked by bin and lot; their claims end.

    Raises:
        Refused: NOT_SELLABLE: they are of a lot that is recalled, in quarantine or expired.
    """
    claims = await claims_of_lines(units)
    if not claims:
        return {}
    rows = [row for same in claims.values() for row in same]
    picks = {pick.id: pick for pick in await Pick.filter(id__in=[row.pick_id for row in rows])}
    kept: dict[UUID, int] = {}
    taken: dict[UUID, list[Placed]] = {}
    for line_id, same in claims.items():
        left = units[line_id]
        for row in same:
            pick = picks[row.pick_id]
            part = min(left, row.quantity - (pick.quantity - pick.picked))
            if part > 0:
                taken.setdefault(line_id, []).append(Placed(row.bin, row.lot, -part))
                kept[row.pick_id] = row.quantity - part
                left -= part
    await _check_lots([row for row in rows if row.pick_id in kept])
    await keep_claims(kept)
    return {line_id: summed(placed) for line_id, placed in taken.items()}


async def _check_lots(claims: list[HoldingClaim]) -> None:
    """Locked, so that a lot is recalled before they leave, or after."""
    named = {(row.variant_id, row.lot) for row in claims if row.lot}
    if not named:
        return
    lots = await (
        Lot.filter(variant_id__in={variant for variant, _ in named}, code__in={code for _, code in named})
        .order_by("id")
        .select_for_update()
    )
    today = now().date()
    for lot in lots:
        if (lot.variant_id, lot.code) in named and not is_good(lot.status, lot.expires_on, today):
            raise Refused("NOT_SELLABLE", f"lot {lot.code} is {why_not(lot)}: take the parcel apart")


def why_not(lot: Lot) -> str:
    """Why units of a lot that is not good may not go to a customer."""
    return f"expired since {lot.expires_on}" if lot.status == "released" else lot.status
