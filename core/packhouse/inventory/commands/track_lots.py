"""Saying whether a variant's units are kept apart by lot."""

from dataclasses import dataclass

from packhouse.catalog.commands.create_variant import tell_variant
from packhouse.catalog.models import Variant
from packhouse.inventory.models import LotTracking, StockHolding
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import UnitOfWork

MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class TrackLots:
    """A variant, and how many days of shelf life its units must have left when they are sold."""

    sku: str
    is_tracked: bool = True
    minimum_days: int = 0


async def track_lots(uow: UnitOfWork, data: TrackLots) -> Variant:
    """Track a variant by lot, or no more. Units that are there already have no lot, go last, and can be given one.

    Raises:
        InvalidValue: a shelf life that cannot be.
        Refused: UNKNOWN_SKU, IS_BUNDLE (its components have lots), HAS_LOTS (units of some are there).
    """
    if not 0 <= data.minimum_days <= MAX_DAYS:
        raise InvalidValue("minimumDays", f"{data.minimum_days} is not a number of days from 0 to {MAX_DAYS}")
    variant = await Variant.filter(sku=data.sku).select_for_update().first()
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    if variant.is_bundle:
        raise Refused("IS_BUNDLE", f"{data.sku} is a bundle: track its components", "sku")
    if not data.is_tracked:
        if await StockHolding.filter(variant_id=variant.id).exclude(lot="").exists():
            raise Refused("HAS_LOTS", f"there are units of lots of {data.sku}: they would lose their expiry", "sku")
        await LotTracking.filter(variant_id=variant.id).delete()
        tell_variant(uow, variant, "lots")
        return variant
    tracking = await LotTracking.get_or_none(variant_id=variant.id)
    if tracking is None:
        tracking = LotTracking(variant_id=variant.id, created_at=now())
    tracking.minimum_days = data.minimum_days
    await tracking.save()
    tell_variant(uow, variant, "lots")
    return variant
