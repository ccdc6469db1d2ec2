"""Making a stock count: which variants are counted at a location, and whether the counter sees what should be there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tortoise.expressions import Q

from packhouse.inventory.commands.load_count import tell_count
from packhouse.inventory.models import Location, StockCount, StockCountLine, StockHolding, StockLevel
from packhouse.inventory.states import StockCountStatus
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id

MAX_LINES = 10_000
# What moved in the last so many days is what "most moved" means.
MOVED_DAYS = 90
_MOST_MOVED = """
SELECT variant_id FROM stock_movement WHERE location_id = $1 AND occurred_at >= $2
GROUP BY variant_id ORDER BY SUM(ABS(on_hand)) DESC, variant_id LIMIT $3
"""
_COLUMNS = ("counted", "on_hand", "counted_at", "unit_value", "expected")


@dataclass(frozen=True, slots=True)
class CreateCount:
    """A count at a location: of `skus`, of what lies in `bins`, or of the `most_moved` variants; of everything without these.

    What lies in several bins is counted in all of them: a line is of a variant, not of a bin.
    """

    location_id: UUID
    reason: str
    skus: tuple[str, ...] = ()
    bins: tuple[str, ...] = ()
    most_moved: int | None = None
    is_blind: bool = True


async def create_count(uow: UnitOfWork, data: CreateCount) -> StockCount:
    """Make a draft; figures are frozen when counting starts.

    Raises:
        InvalidValue: no reason, several choices at once, or a number that cannot be.
        Refused: NOT_FOUND (the location), UNKNOWN_SKU (nothing of it ever lay there), NOTHING_TO_COUNT, TOO_MANY_LINES.
    """
    _check(data)
    if not await Location.exists(id=data.location_id):
        raise Refused("NOT_FOUND", f"there is no location {data.location_id}", "locationId")
    levels = await _levels(uow, data)
    if not levels:
        raise Refused("NOTHING_TO_COUNT", f"nothing of that lies at location {data.location_id}", "locationId")
    if len(levels) > MAX_LINES:
        raise Refused("TOO_MANY_LINES", f"a count has at most {MAX_LINES} variants: count by bin", "bins")
    return await draft_count(uow, data.location_id, levels, data.reason.strip(), is_blind=data.is_blind)


async def draft_count(
    uow: UnitOfWork,
    location_id: UUID,
    levels: Sequence[StockLevel],
    reason: str,
    *,
    is_blind: bool = True,
    fulfillment_order_id: UUID | None = None,
) -> StockCount:
    """A draft of a count of these balances, whose variants are loaded."""
    count = await StockCount.create(
        location_id=location_id,
        status=StockCountStatus.DRAFT.value,
        is_blind=is_blind,
        reason=reason[:255],
        fulfillment_order_id=fulfillment_order_id,
        created_at=now(),
    )
    rows = [
        {
            "id": new_id(),
            "stock_count_id": count.id,
            "variant_id": level.variant_id,
            "sku": level.variant.sku,
            "bin": level.bin,
            "away": 0,
            "counter": "",
            "counted_by": "",
            **dict.fromkeys(_COLUMNS),
        }
        for level in levels
    ]
    await uow.insert(StockCountLine.Meta.table, rows)
    tell_count(uow, count, reason)
    return count


def _check(data: CreateCount) -> None:
    if not data.reason.strip():
        raise InvalidValue("reason", "say why it is counted")
    check_length(data.reason, 255, "reason")
    if (bool(data.skus) + bool(data.bins) + (data.most_moved is not None)) > 1:
        raise InvalidValue("skus", "name SKUs, or bins, or how many of what moved most")
    if data.most_moved is not None and not 1 <= data.most_moved <= MAX_LINES:
        raise InvalidValue("mostMoved", f"{data.most_moved} is not a number of variants from 1 to {MAX_LINES}")


async def _levels(uow: UnitOfWork, data: CreateCount) -> list[StockLevel]:
    levels = StockLevel.filter(location_id=data.location_id, variant__is_bundle=False)
    if data.skus:
        levels = levels.filter(variant__sku__in=list(data.skus))
    elif data.bins:
        held = StockHolding.filter(location_id=data.location_id, bin__in=list(data.bins), on_hand__gt=0)
        divided = list(await held.distinct().values_list("variant_id", flat=True))
        levels = levels.filter(Q(bin__in=list(data.bins), is_divided=False) | Q(variant_id__in=divided))
    elif data.most_moved is not None:
        since = now() - timedelta(days=MOVED_DAYS)
        rows = await uow.fetch(_MOST_MOVED, data.location_id, since, data.most_moved)
        levels = levels.filter(variant_id__in=[read_id(row["variant_id"]) for row in rows])
    found = await levels.select_related("variant").order_by("bin", "variant_id").limit(MAX_LINES + 1)
    _refuse_unknown(data.skus, {level.variant.sku for level in found})
    return found


def _refuse_unknown(skus: Sequence[str], found: Collection[str]) -> None:
    for index, sku in enumerate(skus):
        if sku not in found:
            raise Refused(
                "UNKNOWN_SKU", f"nothing with SKU {sku} ever lay there: it cannot be counted", f"skus.{index}"
            )
