"""Giving stock that came to the orders that wait for it, in their order, with the explanation kept for each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.fulfillment.commands.load import lock_orders, touch_orders
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.commands.move import Movement, apply_movements
from packhouse.inventory.models import Backorder
from packhouse.inventory.rules import available_to_promise
from packhouse.inventory.states import BACKORDER_STATUS, AllocationStatus, BackorderStatus, MovementKind
from packhouse.ordering.commands.open_work import open_ready
from packhouse.ordering.waiting import Gift, Waiting, give_out
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id, read_time
from packhouse.storage.unit_of_work import Conflict

# So many are served in one transaction: whoever else writes does not wait for long.
AT_ONCE = 50
QUEUE = """
SELECT backorder.id, backorder.order_id, backorder.quantity, backorder.rank_on, backorder.promised_at, orders.number,
       orders.priority, orders.placed_at
FROM backorder JOIN orders ON orders.id = backorder.order_id
WHERE backorder.variant_id = $1 AND backorder.location_id = $2 AND backorder.status = 'waiting'
ORDER BY backorder.rank_on, orders.priority DESC, orders.placed_at, backorder.id LIMIT $3
"""
_COUNT = """
SELECT COUNT(*) AS waiting FROM backorder WHERE variant_id = $1 AND location_id = $2 AND status = 'waiting'
"""
_BUCKETS = ("on_hand", "allocated", "reserved", "damaged", "quarantined", "safety_stock")
_LEVEL = f"SELECT {', '.join(_BUCKETS)} FROM stock_level WHERE variant_id = $1 AND location_id = $2 "


@dataclass(frozen=True, slots=True)
class GiveOut:
    """Stock of a variant at a location; `source` is what made it free, for the explanation."""

    variant_id: UUID
    location_id: UUID
    source: str

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Of which balance."""
        return self.variant_id, self.location_id


async def give_out_stock(uow: UnitOfWork, data: GiveOut) -> int:
    """Give what is free to those who wait, some at a time; returns how many got some.

    Where more is free and more wait, the movement says so, and this is done again. Work of which nothing waits any more
    is opened.

    Raises:
        Conflict: somebody with an earlier turn came at this moment; the unit of work is run again.
    """
    orders = {read_id(row["order_id"]) for row in await uow.fetch(QUEUE, *data.key, AT_ONCE)}
    if not orders:
        return 0
    # orders are locked before stock, as everywhere
    await lock_orders(orders)
    free = await _locked_free(uow, data)
    queue = await _queue(uow, data, orders)
    gifts = give_out(free, queue, waiting=int((await uow.fetch(_COUNT, *data.key))[0]["waiting"]))
    if gifts:
        await _write(uow, data, gifts)
    return len(gifts)


async def _locked_free(uow: UnitOfWork, data: GiveOut) -> int:
    rows = await uow.fetch(_LEVEL + uow.for_update(), *data.key)
    return available_to_promise(**{bucket: rows[0][bucket] for bucket in _BUCKETS}) if rows else 0


async def _queue(uow: UnitOfWork, data: GiveOut, locked: set[UUID]) -> list[Waiting]:
    """Those who wait now, up to the first whose order is not locked: it came meanwhile."""
    queue: list[Waiting] = []
    for row in await uow.fetch(QUEUE, *data.key, AT_ONCE):
        if read_id(row["order_id"]) not in locked:
            if not queue:
                raise Conflict("another order's turn came at this moment; try again")
            break
        queue.append(_waiting(row))
    return queue


def _waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        read_id(row["id"]),
        row["number"],
        row["quantity"],
        read_time(row["rank_on"]),
        row["priority"],
        read_time(row["placed_at"]),
        None if row["promised_at"] is None else read_time(row["promised_at"]),
    )


async def _write(uow: UnitOfWork, data: GiveOut, gifts: Sequence[Gift]) -> None:
    at = now()
    rows = {row.id: row for row in await Backorder.filter(id__in=[gift.to.id for gift in gifts])}
    given = [(rows[gift.to.id], gift) for gift in gifts]
    for row, gift in given:
        left = row.quantity - gift.units
        ended: dict[str, Any] = {}
        if not left:
            BACKORDER_STATUS.check(BackorderStatus(row.status), BackorderStatus.SUPPLIED)
            ended = {"status": BackorderStatus.SUPPLIED.value, "ended_at": at}
        await Backorder.filter(id=row.id).update(quantity=left, **ended)
    await uow.insert("backorder_supply", [_supply(data, row, gift, at) for row, gift in given])
    await uow.insert("allocation", [_claim(row, gift, at) for row, gift in given])
    await _count_lines(uow, given)
    lines = dict(
        await FulfillmentOrderLine.filter(id__in=[row.fulfillment_order_line_id for row, _ in given]).values_list(
            "id", "fulfillment_order_id"
        )
    )
    for row, gift in given:
        _record(uow, data, row, gift, lines[row.fulfillment_order_line_id])
    await touch_orders(row.order_id for row, _ in given)
    work = await FulfillmentOrder.filter(id__in=sorted(set(lines.values()))).order_by("id").select_for_update()
    await open_ready(uow, work)
    await apply_movements(uow, [_movement(row, gift, lines[row.fulfillment_order_line_id]) for row, gift in given])


async def _count_lines(uow: UnitOfWork, given: Sequence[tuple[Backorder, Gift]]) -> None:
    units: Counter[UUID] = Counter()
    for row, gift in given:
        units[row.order_line_id] += gift.units
    for line_id, came in sorted(units.items()):
        await uow.execute(
            "UPDATE order_line SET allocated = allocated + $2, backordered = backordered - $2"
            " WHERE id = $1 AND NOT is_bundle",
            line_id,
            came,
        )
    await count_bundles(uow, list(units))


def _supply(data: GiveOut, row: Backorder, gift: Gift, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "backorder_id": row.id,
        "order_id": row.order_id,
        "quantity": gift.units,
        "place": gift.place,
        "waiting": gift.waiting,
        "source": data.source[:255],
        "explanation": gift.explanation[:500],
        "given_at": at,
    }


def _claim(row: Backorder, gift: Gift, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "variant_id": row.variant_id,
        "location_id": row.location_id,
        "order_line_id": row.order_line_id,
        "fulfillment_order_line_id": row.fulfillment_order_line_id,
        "status": AllocationStatus.ALLOCATED.value,
        "quantity": gift.units,
        "created_at": at,
    }


def _movement(row: Backorder, gift: Gift, work_id: UUID) -> Movement:
    return Movement(
        row.variant_id,
        row.location_id,
        MovementKind.SUPPLY,
        f"given to a waiting order, {gift.place} of {gift.waiting}",
        allocated=gift.units,
        backordered=-gift.units,
        order_id=row.order_id,
        reference=str(work_id),
    )


def _record(uow: UnitOfWork, data: GiveOut, row: Backorder, gift: Gift, work_id: UUID) -> None:
    record(
        uow,
        EventType.STOCK_ASSIGNED,
        row.id,
        new_id(),
        order_id=row.order_id,
        reason=gift.explanation,
        payload={
            "fulfillment_order_id": str(work_id),
            "order_line_id": str(row.order_line_id),
            "location_id": str(row.location_id),
            "sku": row.sku,
            "units": gift.units,
            "still_waiting": row.quantity - gift.units,
            "place": gift.place,
            "waiting": gift.waiting,
            "source": data.source,
            "explanation": gift.explanation,
        },
    )
