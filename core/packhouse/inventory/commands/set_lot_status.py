"""Recalling a lot, putting one in quarantine, and releasing it again."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.commands.move_and_tell import move_and_tell
from packhouse.inventory.commands.open_lot import known_lot
from packhouse.inventory.commands.put_away import may_be_sold
from packhouse.inventory.commands.set_apart import set_apart
from packhouse.inventory.models import Bin, Lot, StockHolding
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import LOT_STATUS, BinKind, LotStatus, MovementKind
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetLotStatus:
    """A lot that is recalled, put in quarantine, or released from it, and why."""

    sku: str
    code: str
    to: LotStatus
    reason: str


async def set_lot_status(uow: UnitOfWork, data: SetLotStatus) -> Lot:
    """Change whether a lot may be sold.

    What is left of one that may not is put in quarantine at once, as far as nobody has claimed it; claims on the rest are
    given up by whoever does the work, which hears of it by the event. What was in quarantine of one that is released may be
    sold again.

    Raises:
        InvalidValue: no reason, or one that is too long.
        Refused: UNKNOWN_SKU, UNKNOWN_LOT.
        IllegalTransition: it is so already, or it was recalled.
    """
    reason = data.reason.strip()
    if not reason:
        raise InvalidValue("reason", "say why")
    check_length(reason, 255, "reason")
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    lot = await Lot.filter(id=(await known_lot(variant, data.code, "code")).id).select_for_update().get()
    LOT_STATUS.check(LotStatus(lot.status), data.to)
    lot.status = data.to.value
    lot.reason = reason
    lot.recalled_at = now() if data.to is LotStatus.RECALLED else None
    await lot.save(update_fields=["status", "reason", "recalled_at"])
    _tell(uow, lot, variant.sku)
    if data.to is LotStatus.RELEASED:
        await _release(uow, lot, reason)
        return lot
    for location_id in await _locations(lot):
        await set_apart(uow, variant.id, location_id, f"lot {lot.code} {lot.status}: {reason}")
    return lot


def _tell(uow: UnitOfWork, lot: Lot, sku: str) -> None:
    payload = {
        "lot_id": str(lot.id),
        "sku": sku,
        "lot": lot.code,
        "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
    }
    if lot.status == LotStatus.RECALLED:
        record(uow, EventType.LOT_RECALLED, lot.id, reason=lot.reason, payload=payload)
    else:
        record(uow, EventType.LOT_CHANGED, new_id(), reason=lot.reason, payload={**payload, "status": lot.status})


async def _locations(lot: Lot) -> list[UUID]:
    """Where something of a lot is left."""
    return sorted({row.location_id for row in await StockHolding.filter(variant_id=lot.variant_id, lot=lot.code)})


async def _release(uow: UnitOfWork, lot: Lot, reason: str) -> None:
    """Let units be sold that were kept back with their lot; not of one that has expired, nor in bins for quarantine."""
    if not await may_be_sold(lot):
        return
    for location_id in await _locations(lot):
        kept = {row.code for row in await Bin.filter(location_id=location_id, kind=BinKind.QUARANTINE.value)}
        holdings = StockHolding.filter(
            variant_id=lot.variant_id, lot=lot.code, location_id=location_id, quarantined__gt=0
        ).order_by("id")
        placed = tuple(
            Placed(row.bin, row.lot, quarantined=-row.quarantined) for row in await holdings if row.bin not in kept
        )
        if placed:
            movement = Movement(
                lot.variant_id,
                location_id,
                MovementKind.RECLASSIFY,
                f"lot {lot.code} released: {reason}"[:255],
                quarantined=sum(each.quarantined for each in placed),
                reference=str(new_id()),
                placed=placed,
            )
            await move_and_tell(uow, [movement])
