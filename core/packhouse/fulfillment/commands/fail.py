"""Work that a location does not do: its units lose their claim, the stock is set right, and the event says why."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.fulfillment.commands.load import touch_orders
from packhouse.fulfillment.commands.picks import drop_picks
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, RejectionReason
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.commands.request_count import request_count
from packhouse.inventory.commands.settle import settle_claims
from packhouse.inventory.models import StockLevel
from packhouse.inventory.states import AllocationStatus, MovementKind
from packhouse.orders.models import OrderLine
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork

# What is to be counted, and why.
_COUNTED = {
    RejectionReason.NOT_IN_STOCK: "a picker did not find it",
    RejectionReason.MISMATCH: "a picker found another number of it",
}


@dataclass(frozen=True, slots=True)
class _Failure:
    """One line's part: `units` are given back, `found` of them were picked and so are really there."""

    line: FulfillmentOrderLine
    units: int
    found: int


async def fail_work(
    uow: UnitOfWork, work: FulfillmentOrder, reason: RejectionReason, note: str, blamed: frozenset[UUID] = frozenset()
) -> None:
    """End locked work as incomplete (something is packed or shipped) or cancelled, and give back all other units.

    `reason` sets the stock of the `blamed` lines right (none named: of all): not in stock leaves nothing available, damaged
    moves the units that were not found there, both and a mismatch never touch other orders' claims. What is missing or does not
    match is to be counted.

    Raises:
        IllegalTransition: the work has ended, or is packed.
    """
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id).order_by("id")
    failures = [failure for failure in map(_failure, lines) if failure.units]
    await _end(work, reason, note, keeps_some=any(line.packed or line.shipped for line in lines))
    await _give_back(failures)
    await drop_picks([line.id for line in lines])
    await touch_orders([work.order_id])
    blamed_variants = {
        each.line.variant_id for each in failures if each.line.variant_id and (not blamed or each.line.id in blamed)
    }
    await _request_count(uow, work, reason, note, blamed_variants)
    record(
        uow,
        # work that came back because we asked for it has not failed
        EventType.FULFILLMENT_CANCELLED if reason is RejectionReason.WITHDRAWN else EventType.FULFILLMENT_FAILED,
        work.id,
        order_id=work.order_id,
        reason=f"{reason.value}: {note}" if note else reason.value,
        payload=_payload(work, reason, failures),
    )
    claims = await settle_claims({each.line.id: each.units for each in failures}, AllocationStatus.RELEASED)
    await count_bundles(uow, {each.line.order_line_id for each in failures})
    found: dict[UUID, int] = defaultdict(int)
    for each in failures:
        if each.line.variant_id:
            found[each.line.variant_id] += each.found
    movements = [
        Movement(
            claim.variant_id,
            claim.location_id,
            MovementKind.RELEASE,
            reason.value,
            allocated=-claim.quantity,
            order_id=work.order_id,
            reference=str(work.id),
        )
        for claim in claims
    ]
    movements += await _corrections(uow, work, reason, _released(movements, blamed_variants), found)
    await apply_movements(uow, movements)


async def _request_count(
    uow: UnitOfWork, work: FulfillmentOrder, reason: RejectionReason, note: str, variants: Collection[UUID]
) -> None:
    """Let somebody count what was not where it should be; a network counts its shelves itself."""
    if reason in _COUNTED and not work.network:
        said = _COUNTED[reason]
        await request_count(uow, work.location_id, variants, f"{said}: {note}" if note else said, work.id)


def _failure(line: FulfillmentOrderLine) -> _Failure:
    kept = max(line.packed, line.shipped)
    return _Failure(line, line.quantity - line.cancelled - kept, max(0, line.picked - kept))


async def _end(work: FulfillmentOrder, reason: RejectionReason, note: str, *, keeps_some: bool) -> None:
    to = FulfillmentOrderStatus.INCOMPLETE if keeps_some else FulfillmentOrderStatus.CANCELLED
    FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(work.status), to)
    work.status = to.value
    work.reason = (note or reason.value)[:255]
    work.closed_at = now()
    work.next_poll_at = None
    await work.save(update_fields=["status", "reason", "closed_at", "next_poll_at"])


async def _give_back(failures: Sequence[_Failure]) -> None:
    """The lines' counters: units that this location does not send are nobody's until they are routed again."""
    units: dict[UUID, int] = defaultdict(int)
    for failure in failures:
        units[failure.line.order_line_id] += failure.units
        await FulfillmentOrderLine.filter(id=failure.line.id).update(cancelled=failure.line.cancelled + failure.units)
    for line in await OrderLine.filter(id__in=sorted(units)).order_by("id").select_for_update():
        if not line.is_bundle:
            await OrderLine.filter(id=line.id).update(allocated=line.allocated - units[line.id])


def _released(movements: Sequence[Movement], variants: set[UUID]) -> dict[UUID, int]:
    released: dict[UUID, int] = defaultdict(int)
    for movement in movements:
        if movement.variant_id in variants:
            released[movement.variant_id] -= movement.allocated
    return released


async def _corrections(
    uow: UnitOfWork,
    work: FulfillmentOrder,
    reason: RejectionReason,
    released: Mapping[UUID, int],
    found: Mapping[UUID, int],
) -> list[Movement]:
    """What the picker's finding changes on the shelf; `released` are the units given back of each blamed variant."""
    if reason not in {RejectionReason.NOT_IN_STOCK, RejectionReason.DAMAGED}:
        return []
    levels = await (
        StockLevel.filter(location_id=work.location_id, variant_id__in=sorted(released))
        .order_by("variant_id", "location_id")
        .select_for_update()
    )
    movements = []
    for level in levels:
        delta = _delta(level, reason, released[level.variant_id], found.get(level.variant_id, 0))
        if delta == (0, 0):
            continue
        movements.append(
            Movement(
                level.variant_id,
                level.location_id,
                MovementKind.REJECT,
                reason.value,
                on_hand=delta[0],
                damaged=delta[1],
                order_id=work.order_id,
                reference=str(work.id),
            )
        )
        _record_stock(uow, work, reason, level, delta)
    return movements


def _delta(level: StockLevel, reason: RejectionReason, released: int, found: int) -> tuple[int, int]:
    """(on hand, damaged) of a stock level whose claims of this work are still counted as allocated."""
    missing = max(0, released - found)
    if reason is RejectionReason.DAMAGED:
        return 0, missing
    free = level.on_hand - level.allocated - level.reserved - level.damaged - level.quarantined
    return -(free + missing), 0


def _record_stock(
    uow: UnitOfWork, work: FulfillmentOrder, reason: RejectionReason, level: StockLevel, delta: tuple[int, int]
) -> None:
    record(
        uow,
        EventType.STOCK_ADJUSTED,
        work.id,
        level.variant_id,
        order_id=work.order_id,
        reason=reason.value,
        payload={
            "variant_id": str(level.variant_id),
            "location_id": str(level.location_id),
            "on_hand": level.on_hand + delta[0],
            "delta": delta[0],
            "damaged_delta": delta[1],
            "count_requested": reason in _COUNTED,
        },
    )


def _payload(work: FulfillmentOrder, reason: RejectionReason, failures: Sequence[_Failure]) -> dict[str, Any]:
    return {
        "fulfillment_order_id": str(work.id),
        "location_id": str(work.location_id),
        "network": work.network,
        "reason": reason.value,
        "withdrawn_for": work.withdrawn_for,
        "count_requested": reason in _COUNTED,
        "lines": [
            {"order_line_id": str(each.line.order_line_id), "sku": each.line.sku, "quantity": each.units}
            for each in failures
        ],
    }
