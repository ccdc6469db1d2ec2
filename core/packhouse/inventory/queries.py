"""Reads of locations and stock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tortoise.expressions import F, Q

from packhouse.catalog.models import BundleComponent
from packhouse.inventory.models import (
    Bin,
    InboundLine,
    InboundShipment,
    Location,
    Lot,
    Reservation,
    ReservationLine,
    StockCount,
    StockCountLine,
    StockHolding,
    StockLevel,
    StockMovement,
)
from packhouse.inventory.rules import available_to_promise
from packhouse.inventory.states import InboundStatus
from packhouse.storage.batches import by_id, children

locations_by_id = by_id(Location)
stock_levels_by_id = by_id(StockLevel)
stock_movements_by_id = by_id(StockMovement)
inbound_shipments_by_id = by_id(InboundShipment)
lines_of_inbound = children(InboundLine, "inbound_id", "sku")
reservations_by_id = by_id(Reservation)
stock_counts_by_id = by_id(StockCount)
stock_count_lines_by_id = by_id(StockCountLine)
stock_of_variants = children(StockLevel, "variant_id", "location_id")
bins_by_id = by_id(Bin)
lots_by_id = by_id(Lot)
holdings_by_id = by_id(StockHolding)
lines_of_reservations = children(ReservationLine, "reservation_id", "variant_id", "location_id")

OPEN_INBOUND = (InboundStatus.ANNOUNCED.value, InboundStatus.PARTIALLY_RECEIVED.value)
_NEVER = datetime.max.replace(tzinfo=UTC)


async def arrivals_of_variants(ids: Sequence[UUID]) -> Mapping[UUID, list[InboundLine]]:
    """What open inbound shipments still have to bring of each variant, the next first, those without a date last."""
    rows = await InboundLine.filter(
        variant_id__in=list(ids), inbound__status__in=OPEN_INBOUND, expected__gt=F("received")
    ).prefetch_related("inbound")
    found: dict[UUID, list[InboundLine]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.inbound.expected_at or _NEVER, row.id)):
        found[row.variant_id].append(row)
    return found


async def holdings_of_levels(keys: Sequence[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], list[StockHolding]]:
    """The units by bin and lot of levels that are divided, by (variant, location)."""
    rows = await StockHolding.filter(
        variant_id__in=sorted({variant for variant, _ in keys}), location_id__in=sorted({place for _, place in keys})
    ).order_by("bin", "lot", "id")
    found: dict[tuple[UUID, UUID], list[StockHolding]] = defaultdict(list)
    for row in rows:
        found[row.variant_id, row.location_id].append(row)
    return {key: found[key] for key in keys}


async def remaining_of_lots(ids: Sequence[UUID]) -> Mapping[UUID, list[StockHolding]]:
    """What is left of each lot, by location and bin."""
    lots = {(lot.variant_id, lot.code): lot.id for lot in await Lot.filter(id__in=list(ids))}
    rows = await StockHolding.filter(
        variant_id__in=sorted({variant for variant, _ in lots}), lot__in=sorted({code for _, code in lots})
    ).order_by("location_id", "bin", "id")
    found: dict[UUID, list[StockHolding]] = defaultdict(list)
    for row in rows:
        if (row.variant_id, row.lot) in lots:
            found[lots[row.variant_id, row.lot]].append(row)
    return found


@dataclass(frozen=True, slots=True)
class ShelfKey:
    """A variant at a location; `variant` is its SKU, or its id as text."""

    variant: str
    location_id: UUID


async def stock_levels_by_key(keys: Sequence[ShelfKey]) -> Mapping[ShelfKey, StockLevel]:
    """Balances with their variants; unknown ones are left out."""
    names = {key.variant for key in keys}
    ids = [id_ for id_ in map(_as_id, names) if id_ is not None]
    rows = await StockLevel.filter(
        Q(variant__sku__in=list(names)) | Q(variant_id__in=ids),
        location_id__in=list({key.location_id for key in keys}),
    ).select_related("variant")
    found = {ShelfKey(name, row.location_id): row for row in rows for name in (row.variant.sku, str(row.variant_id))}
    return {key: found[key] for key in keys if key in found}


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def available_of_bundles(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many of each bundle could be sold now from the stock of its components, in a constant number of statements."""
    parts = await parts_of_bundles(ids)
    units: dict[UUID, int] = defaultdict(int)
    for row in await StockLevel.filter(variant_id__in=sorted({part for each in parts.values() for part in each})):
        buckets = (row.on_hand, row.allocated, row.reserved, row.damaged, row.quarantined, row.safety_stock)
        units[row.variant_id] += max(0, available_to_promise(*buckets, backordered=row.backordered))
    return {
        bundle: min(units[part] // needed for part, needed in components.items())
        for bundle, components in parts.items()
    }


async def parts_of_bundles(ids: Sequence[UUID]) -> Mapping[UUID, Mapping[UUID, int]]:
    """Units of each variant on the shelf in one unit of each bundle; a bundle's component may be a bundle."""
    outer = await BundleComponent.filter(bundle_id__in=list(ids))
    inner: dict[UUID, list[BundleComponent]] = defaultdict(list)
    for row in await BundleComponent.filter(bundle_id__in=[row.component_id for row in outer]):
        inner[row.bundle_id].append(row)
    parts: dict[UUID, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for row in outer:
        for part, units in [(each.component_id, each.quantity) for each in inner[row.component_id]] or [
            (row.component_id, 1)
        ]:
            parts[row.bundle_id][part] += row.quantity * units
    return parts
