"""Saying from when on a variant leaves the house: until then its orders are pre-orders."""

from dataclasses import dataclass
from datetime import datetime

from packhouse.catalog.commands.create_variant import tell_variant
from packhouse.catalog.models import Variant
from packhouse.inventory.commands.move import tell_waiting
from packhouse.inventory.models import StockLevel
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import UnitOfWork

# Work that is scheduled for several variants waits for the last of them.
_RESCHEDULE = """
UPDATE fulfillment_order SET fulfill_at = COALESCE((
  SELECT MAX(variant.available_from) FROM fulfillment_order_line
  JOIN variant ON variant.id = fulfillment_order_line.variant_id
  WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id), $2)
WHERE status = 'scheduled' AND EXISTS (
  SELECT 1 FROM fulfillment_order_line
  WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id AND fulfillment_order_line.variant_id = $1)
"""


@dataclass(frozen=True, slots=True)
class SetPreorder:
    """A variant and the moment from which it may leave; None: it may."""

    sku: str
    available_from: datetime | None


async def set_preorder(uow: UnitOfWork, data: SetPreorder) -> Variant:
    """Set the date; pre-orders that are waiting for it move with it.

    Raises:
        InvalidValue: a time without a time zone.
        Refused: UNKNOWN_SKU, IS_BUNDLE.
    """
    if data.available_from is not None and data.available_from.tzinfo is None:
        raise InvalidValue("availableFrom", "the time needs a time zone")
    variant = await Variant.filter(sku=data.sku).select_for_update().first()
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    if variant.is_bundle:
        raise Refused("IS_BUNDLE", f"{data.sku} is a bundle: it leaves when its components may, so set theirs", "sku")
    variant.available_from = data.available_from
    await variant.save(update_fields=["available_from"])
    tell_variant(uow, variant, "preorder")
    await uow.execute(_RESCHEDULE, variant.id, now())
    for level in await StockLevel.filter(variant_id=variant.id, backordered__gt=0).order_by("location_id"):
        tell_waiting(uow, variant.id, level.location_id, "another day from which it is available")
    return variant
