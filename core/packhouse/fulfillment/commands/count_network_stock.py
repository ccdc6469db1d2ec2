"""Taking over what a network says that it has, by correcting movements.

A network's `available` has left out what it keeps for work that it accepted, and our `on_hand` holds that work's claims until
it ships. So of each SKU `on_hand` = available + our claims that the network knew of + damaged + quarantined. Claims that it
may not have known of (accepted after `as_of`, not answered, asked for) are not added: until the next count too little is
promised rather than too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.record import record
from packhouse.fulfillment.states import RequestStatus
from packhouse.inventory.commands.adjust_stock import MAX_UNITS
from packhouse.inventory.commands.move import Movement, apply_movements, deltas, open_balance
from packhouse.inventory.models import StockLevel
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.sdk import EventType, NetworkStock, new_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

REASON = "network count"
_EXAMPLES = 20

_KEPT = (RequestStatus.ACCEPTED, RequestStatus.CANCELLATION_REJECTED)
_CLAIMS = """
SELECT allocation.variant_id, SUM(allocation.quantity) AS units
FROM allocation
JOIN fulfillment_order_line ON fulfillment_order_line.id = allocation.fulfillment_order_line_id
JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
WHERE allocation.location_id = $1 AND allocation.status = $2 AND fulfillment_order.accepted_at <= $3
  AND fulfillment_order.request_status IN ($4, $5) AND allocation.variant_id IN ({variants})
GROUP BY allocation.variant_id
"""


@dataclass(frozen=True, slots=True)
class CountNetworkStock:
    """What lies at a network's location: work that it accepted by `as_of` is off from what is available."""

    location_id: UUID
    levels: tuple[NetworkStock, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count did: SKUs compared, balances corrected, SKUs passed over; `examples` are some of these with the reason."""

    compared: int = 0
    corrected: int = 0
    passed_over: int = 0
    examples: tuple[str, ...] = ()

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.compared + other.compared,
            self.corrected + other.corrected,
            self.passed_over + other.passed_over,
            (self.examples + other.examples)[:_EXAMPLES],
        )

    @classmethod
    def without(cls, reasons: Mapping[str, str]) -> "Counted":
        """Nothing but SKUs that were passed over, with the reason of each."""
        named = (f"{sku}: {why}" for sku, why in sorted(reasons.items()))
        return cls(passed_over=len(reasons), examples=tuple(islice(named, _EXAMPLES)))


async def count_network_stock(uow: UnitOfWork, data: CountNetworkStock) -> Counted:
    """Bring the location's balances to what the network says; the same count again changes nothing.

    A SKU that is not ours, and numbers that cannot be, are passed over and named; they stop nothing else.
    """
    reported = {level.sku: level for level in data.levels}
    known = {row.sku: row for row in await Variant.filter(sku__in=sorted(reported))}
    variants = {sku: row.id for sku, row in known.items()}
    passed_over = {sku: "no variant has this SKU" for sku in reported if sku not in variants}
    passed_over |= {sku: "a bundle has no stock of its own" for sku, row in known.items() if row.is_bundle}
    passed_over |= {sku: "no number of units" for sku, level in reported.items() if not _can_be(level)}
    wanted = {variants[sku]: level for sku, level in reported.items() if sku not in passed_over}
    if not wanted:
        return Counted.without(passed_over)
    for variant_id in sorted(wanted):
        await open_balance(uow, variant_id, data.location_id)
    levels = await (
        StockLevel.filter(location_id=data.location_id, variant_id__in=sorted(wanted))
        .order_by("variant_id", "location_id")
        .select_for_update()
    )
    claims = await _known_claims(uow, data, sorted(wanted))
    reference = str(new_id())
    corrections = [
        _correction(level, wanted[level.variant_id], claims.get(level.variant_id, 0), reference) for level in levels
    ]
    corrections = [each for each in corrections if any(deltas(each))]
    _record(uow, corrections, levels, wanted)
    await apply_movements(uow, corrections)
    return Counted(len(wanted), len(corrections)) + Counted.without(passed_over)


def _can_be(level: NetworkStock) -> bool:
    numbers = (level.available, level.damaged, level.quarantined)
    return min(numbers) >= 0 and sum(numbers) <= MAX_UNITS


async def _known_claims(uow: UnitOfWork, data: CountNetworkStock, variants: Sequence[UUID]) -> Mapping[UUID, int]:
    """Units by variant of our claims that the network had taken off already."""
    rows = await uow.fetch(
        _CLAIMS.format(variants=placeholders(len(variants), 6)),
        data.location_id,
        AllocationStatus.ALLOCATED.value,
        data.as_of,
        *(status.value for status in _KEPT),
        *variants,
    )
    return {read_id(row["variant_id"]): int(row["units"]) for row in rows}


def _correction(level: StockLevel, reported: NetworkStock, claimed: int, reference: str) -> Movement:
    """What changes; never below what is claimed there, which the network has to answer for itself."""
    apart = reported.damaged + reported.quarantined
    on_hand = max(reported.available + claimed, level.allocated + level.reserved) + apart
    return Movement(
        level.variant_id,
        level.location_id,
        MovementKind.COUNT,
        REASON,
        on_hand=on_hand - level.on_hand,
        damaged=reported.damaged - level.damaged,
        quarantined=reported.quarantined - level.quarantined,
        reference=reference,
    )


def _record(
    uow: UnitOfWork,
    corrections: Sequence[Movement],
    levels: Sequence[StockLevel],
    reported: Mapping[UUID, NetworkStock],
) -> None:
    on_hand = {level.variant_id: level.on_hand for level in levels}
    for each in corrections:
        payload: dict[str, Any] = {
            "sku": reported[each.variant_id].sku,
            "location_id": str(each.location_id),
            "on_hand": on_hand[each.variant_id] + each.on_hand,
            "delta": each.on_hand,
            "damaged_delta": each.damaged,
            "quarantined_delta": each.quarantined,
        }
        record(uow, EventType.STOCK_ADJUSTED, each.reference, each.variant_id, reason=REASON, payload=payload)
