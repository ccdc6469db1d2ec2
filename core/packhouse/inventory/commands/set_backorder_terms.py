"""Saying how many units may be ordered at a location without being there."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.inventory.commands.adjust_stock import MAX_UNITS
from packhouse.inventory.commands.move import open_balance
from packhouse.inventory.models import Location, StockLevel
from packhouse.sdk import EventType, InvalidValue, Refused, new_id
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetBackorderTerms:
    """How many units of a variant may wait at a location at one time; None leaves a limit as it is.

    `preorder_limit` counts until the variant is available, `limit` from then on.
    """

    sku: str
    location_id: UUID
    limit: int | None = None
    preorder_limit: int | None = None


async def set_backorder_terms(uow: UnitOfWork, data: SetBackorderTerms) -> StockLevel:
    """Set the limits; orders that wait already go on waiting, also above a lower one.

    Raises:
        InvalidValue: no limit was named, or one that is no number of units.
        Refused: UNKNOWN_SKU, IS_BUNDLE, NOT_FOUND (the location).
    """
    limits = {"backorder_limit": data.limit, "preorder_limit": data.preorder_limit}
    changes = {column: value for column, value in limits.items() if value is not None}
    if not changes:
        raise InvalidValue("limit", "say how many units may wait")
    for field, value in (("limit", data.limit), ("preorderLimit", data.preorder_limit)):
        if value is not None and not 0 <= value <= MAX_UNITS:
            raise InvalidValue(field, f"{value} is not a number of units from 0 to {MAX_UNITS}")
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    if variant.is_bundle:
        raise Refused("IS_BUNDLE", f"{data.sku} is a bundle: its components wait, so set their terms", "sku")
    if not await Location.exists(id=data.location_id):
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    await open_balance(uow, variant.id, data.location_id)
    await StockLevel.filter(variant_id=variant.id, location_id=data.location_id).update(**changes)
    payload = {"sku": variant.sku, "location_id": str(data.location_id), **changes}
    record(uow, EventType.STOCK_TERMS_CHANGED, new_id(), payload=payload)
    return await StockLevel.get(variant_id=variant.id, location_id=data.location_id)
