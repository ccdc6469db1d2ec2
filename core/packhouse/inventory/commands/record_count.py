"""Writing down what was counted; what moved between the start and that moment is the ledger's, not a variance."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.commands.adjust_stock import MAX_UNITS
from packhouse.inventory.commands.load_count import locked_count, tell_count
from packhouse.inventory.commands.move import open_balance
from packhouse.inventory.models import StockCount, StockCountLine, StockLevel
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

# Units by variant that were picked at a location and have not left it: they are on hand, and not on the shelf.
UnitsAway = Callable[[UnitOfWork, UUID, Sequence[UUID]], Awaitable[Mapping[UUID, int]]]

_MOVED_SINCE = """
SELECT variant_id, SUM(on_hand) AS units FROM stock_movement
WHERE location_id = $1 AND occurred_at > $2 AND variant_id IN ({variants}) GROUP BY variant_id
"""
_MAX_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of a SKU that lie on the shelf, in whatever condition."""

    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class RecordCount:
    """What somebody counted, and when (None: just now). A SKU that the count did not ask for is added to it."""

    count_id: UUID
    counter: str
    counted: tuple[Counted, ...]
    counted_at: datetime | None = None


async def record_count(uow: UnitOfWork, data: RecordCount, units_away: UnitsAway) -> StockCount:
    """Write down what was counted; the same SKU again replaces it.

    Raises:
        InvalidValue: no counter, nothing counted, a SKU twice, units that cannot be, or a time before the start or to come.
        Refused: NOT_FOUND, NOT_COUNTING, UNKNOWN_SKU, IS_BUNDLE.
    """
    units = _checked(data)
    count = await locked_count(data.count_id)
    if count.status != StockCountStatus.COUNTING or count.started_at is None:
        raise Refused(
            "NOT_COUNTING",
            f"stock count {count.id} is {count.status}: only one that was started takes figures",
            "stockCountId",
        )
    counted_at = data.counted_at or now()
    if not count.started_at <= counted_at <= now():
        raise InvalidValue("countedAt", "it is not between the start of counting and now")
    variants = await _variants(units)
    lines = await _lines(count, variants)
    for variant_id in sorted(variants):
        await open_balance(uow, variant_id, count.location_id)
    levels = (
        await StockLevel.filter(location_id=count.location_id, variant_id__in=list(variants))
        .order_by("variant_id", "location_id")
        .select_for_update()
    )
    moved = await _moved(uow, count.location_id, counted_at, list(variants))
    started = await _moved(uow, count.location_id, count.started_at, list(variants))
    away = await units_away(uow, count.location_id, list(variants))
    for level in levels:
        line = lines[level.variant_id]
        line.counted = units[line.sku]
        line.counted_at = counted_at
        line.counter = data.counter.strip()
        line.counted_by = uow.initiator.actor
        line.on_hand = level.on_hand - moved.get(level.variant_id, 0)
        line.away = away.get(level.variant_id, 0)
        if line.expected is None:
            line.expected = level.on_hand - started.get(level.variant_id, 0)
        await line.save()
    tell_count(uow, count, f"{len(levels)} SKUs were counted", count.status)
    return count


def _checked(data: RecordCount) -> dict[str, int]:
    if not data.counter.strip():
        raise InvalidValue("counter", "say who counted")
    check_length(data.counter, 64, "counter")
    if not 1 <= len(data.counted) <= _MAX_AT_ONCE:
        raise InvalidValue("counted", f"name what was counted, at most {_MAX_AT_ONCE} SKUs at once")
    if data.counted_at is not None and data.counted_at.tzinfo is None:
        raise InvalidValue("countedAt", "the time needs a time zone")
    units: dict[str, int] = {}
    for index, each in enumerate(data.counted):
        if each.sku in units:
            raise InvalidValue(f"counted.{index}.sku", f"{each.sku} is named more than once: add what was counted")
        if not 0 <= each.units <= MAX_UNITS:
            raise InvalidValue(f"counted.{index}.units", f"{each.units} is not a number of units from 0 to {MAX_UNITS}")
        units[each.sku] = each.units
    return units


async def _variants(units: Mapping[str, int]) -> dict[UUID, Variant]:
    found = {row.sku: row for row in await Variant.filter(sku__in=list(units))}
    for index, sku in enumerate(units):
        if sku not in found:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", f"counted.{index}.sku")
        if found[sku].is_bundle:
            raise Refused("IS_BUNDLE", f"{sku} is a bundle: count its components", f"counted.{index}.sku")
    return {row.id: row for row in found.values()}


async def _lines(count: StockCount, variants: Mapping[UUID, Variant]) -> dict[UUID, StockCountLine]:
    rows = await StockCountLine.filter(stock_count_id=count.id, variant_id__in=list(variants))
    lines = {row.variant_id: row for row in rows}
    for variant_id, variant in variants.items():
        if variant_id not in lines:
            lines[variant_id] = await StockCountLine.create(
                id=new_id(), stock_count_id=count.id, variant_id=variant_id, sku=variant.sku
            )
    return lines


async def _moved(uow: UnitOfWork, location_id: UUID, since: datetime, variants: Sequence[UUID]) -> dict[UUID, int]:
    """Units by variant that came since a moment, or went, by the ledger."""
    sql = _MOVED_SINCE.format(variants=placeholders(len(variants), 3))
    rows = await uow.fetch(sql, location_id, since, *variants)
    return {read_id(row["variant_id"]): int(row["units"]) for row in rows}
