"""Reading where the units of divided stock levels lie."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.inventory.models import HoldingEntry
from packhouse.inventory.shelves import Placed, Shelf, is_good
from packhouse.inventory.states import BinKind, LotStatus, MovementKind
from packhouse.sdk import now
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

_HOLDINGS = """
SELECT stock_holding.variant_id, stock_holding.bin, stock_holding.lot, stock_holding.on_hand, stock_holding.damaged,
  stock_holding.quarantined, lot.expires_on, lot.status, lot_tracking.minimum_days, bin.sequence, bin.kind,
  (SELECT COALESCE(SUM(holding_claim.quantity), 0) FROM holding_claim
   WHERE holding_claim.variant_id = stock_holding.variant_id AND holding_claim.location_id = stock_holding.location_id
     AND holding_claim.bin = stock_holding.bin AND holding_claim.lot = stock_holding.lot) AS claimed
FROM stock_holding
LEFT JOIN lot ON lot.variant_id = stock_holding.variant_id AND lot.code = stock_holding.lot
LEFT JOIN lot_tracking ON lot_tracking.variant_id = stock_holding.variant_id
LEFT JOIN bin ON bin.location_id = stock_holding.location_id AND bin.code = stock_holding.bin
WHERE stock_holding.location_id = $1 AND stock_holding.variant_id IN ({variants})
"""
# $1 is the day on which units expire of which the strictest tracking has too few days left.
_DUE = """
SELECT stock_holding.variant_id, stock_holding.location_id, lot.status, lot.expires_on, lot_tracking.minimum_days
FROM lot JOIN stock_holding ON stock_holding.variant_id = lot.variant_id AND stock_holding.lot = lot.code
LEFT JOIN lot_tracking ON lot_tracking.variant_id = lot.variant_id
WHERE (lot.status <> 'released' OR lot.expires_on < $1)
  AND stock_holding.on_hand > stock_holding.damaged + stock_holding.quarantined
"""
# Bins that nobody described are walked to like pick faces.
_KINDS = {BinKind.PICK_FACE.value: 0, None: 0, BinKind.OVERFLOW.value: 1, BinKind.QUARANTINE.value: 2}


async def shelves_of(reader: Reader, location_id: UUID, variants: Sequence[UUID]) -> Mapping[UUID, list[Shelf]]:
    """The shelves of each variant at a location that has any: of those whose stock level is divided."""
    if not variants:
        return {}
    today = now().date()
    found: dict[UUID, list[Shelf]] = defaultdict(list)
    rows = await reader.fetch(_HOLDINGS.format(variants=placeholders(len(variants), 2)), location_id, *variants)
    for row in rows:
        found[read_id(row["variant_id"])].append(_shelf(row, today))
    return found


def _shelf(row: Mapping[str, Any], today: date) -> Shelf:
    expires_on = read_date(row["expires_on"])
    status = row["status"] or LotStatus.RELEASED.value
    return Shelf(
        bin=row["bin"],
        lot=row["lot"],
        on_hand=row["on_hand"],
        damaged=row["damaged"],
        quarantined=row["quarantined"],
        claimed=int(row["claimed"]),
        expires_on=expires_on,
        may_be_sold=is_good(status, expires_on, today, row["minimum_days"] or 0),
        may_be_sent=is_good(status, expires_on, today),
        walk=(_KINDS[row["kind"]], row["sequence"] or 0, row["bin"]),
        is_quarantine=row["kind"] == BinKind.QUARANTINE,
    )


async def entries_of(
    kind: MovementKind, reference: UUID, location_id: UUID, variants: Sequence[UUID], since: datetime
) -> Mapping[UUID, list[Placed]]:
    """Where the movements of a kind that refer to something happened, by variant; nothing of what was not divided."""
    found: dict[UUID, list[Placed]] = defaultdict(list)
    rows = await HoldingEntry.filter(
        movement__variant_id__in=list(variants),
        movement__location_id=location_id,
        movement__occurred_at__gte=since,
        movement__kind=kind.value,
        movement__reference=str(reference),
    ).order_by("id")
    for row in rows:
        found[row.variant_id].append(Placed(row.bin, row.lot, row.on_hand, row.damaged, row.quarantined))
    return found


async def spoiled_levels(reader: Reader) -> list[tuple[UUID, UUID]]:
    """The (variant, location) of balances that count units as sellable which may not be sold any more."""
    today = now().date()
    [longest] = await reader.fetch("SELECT MAX(minimum_days) AS days FROM lot_tracking")
    rows = await reader.fetch(_DUE, today + timedelta(days=longest["days"] or 0))
    return sorted(
        {
            (read_id(row["variant_id"]), read_id(row["location_id"]))
            for row in rows
            if not is_good(row["status"], read_date(row["expires_on"]), today, row["minimum_days"] or 0)
        }
    )


def read_date(value: date | str | None) -> date | None:
    """A day out of a row, whichever database it comes from."""
    return date.fromisoformat(value) if isinstance(value, str) else value
