"""Letting units wait for stock: written beside the claims of a new order's work, and ended when nobody wants them any more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.count_bundles import count_bundles
from packhouse.inventory.arrivals import Arrivals, dated_arrivals
from packhouse.inventory.availability import WaitingTerms
from packhouse.inventory.commands.move import Movement
from packhouse.inventory.models import Backorder
from packhouse.inventory.states import BackorderStatus, MovementKind
from packhouse.ordering.waiting import expected_date, rank_day
from packhouse.ordering.work import Work
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import UnitOfWork

Key = tuple[UUID, UUID]


async def let_wait(uow: UnitOfWork, order_id: UUID, works: Sequence[Work], terms: Mapping[Key, WaitingTerms]) -> None:
    """Write down what waits of works that do not begin at once, with the day that is promised; the caller moves the balances.

    Claims on what is there are written already. The lines were counted as allocated: what waits is counted as backordered.
    """
    at = now()
    variants = sorted({part.line.variant_id for work in works for part in work.parts if part.waits})
    rows = _rows(order_id, works, terms, await dated_arrivals(uow, variants), at)
    await uow.insert("backorder", rows)
    await _count(uow, works)
    promised = {row["fulfillment_order_line_id"]: row["promised_at"] for row in rows}
    for work in works:
        _record(uow, order_id, work, promised)


def _rows(
    order_id: UUID, works: Sequence[Work], terms: Mapping[Key, WaitingTerms], arrivals: Arrivals, at: datetime
) -> list[dict[str, Any]]:
    rows = []
    ahead = {key: each.ahead for key, each in terms.items()}
    for work in works:
        for part in work.parts:
            if not part.waits:
                continue
            key = (part.line.variant_id, work.location_id)
            promised_at = expected_date(arrivals.get(key, ()), ahead[key], part.waits, at, work.fulfill_at)
            ahead[key] += part.waits
            rows.append(
                {
                    "id": new_id(),
                    "variant_id": part.line.variant_id,
                    "location_id": work.location_id,
                    "order_id": order_id,
                    "order_line_id": part.line.order_line_id,
                    "fulfillment_order_line_id": part.id,
                    "sku": part.line.sku,
                    "status": BackorderStatus.WAITING.value,
                    "asked": part.waits,
                    "quantity": part.waits,
                    "promised_at": promised_at,
                    "expected_at": promised_at,
                    "rank_on": rank_day(promised_at, at),
                    "created_at": at,
                    "ended_at": None,
                }
            )
    return rows


async def _count(uow: UnitOfWork, works: Sequence[Work]) -> None:
    """On the order's lines; of a bundle's parts, as far as they make whole bundles."""
    lines = Counter[UUID]()
    for work in works:
        for part in work.parts:
            lines[part.line.order_line_id] += part.waits
    lines = +lines
    for line_id, units in sorted(lines.items()):
        await uow.execute(
            "UPDATE order_line SET allocated = allocated - $2, backordered = backordered + $2"
            " WHERE id = $1 AND NOT is_bundle",
            line_id,
            units,
        )
    await count_bundles(uow, list(lines))


def _record(uow: UnitOfWork, order_id: UUID, work: Work, promised: Mapping[UUID, datetime | None]) -> None:
    dates = [promised[part.id] for part in work.parts if part.waits]
    known = [date for date in dates if date is not None]
    payload = {
        "fulfillment_order_id": str(work.id),
        "location_id": str(work.location_id),
        "fulfill_at": _text(work.fulfill_at),
        # all of it comes only with the last
        "expected_at": _text(max(known) if len(known) == len(dates) else None) if dates else _text(work.fulfill_at),
        "lines": [
            {
                "order_line_id": str(part.line.order_line_id),
                "sku": part.line.sku,
                "quantity": part.quantity,
                "waiting": part.waits,
                "expected_at": _text(promised.get(part.id)),
            }
            for part in work.parts
        ],
    }
    record(uow, EventType.ORDER_BACKORDERED, work.id, order_id=order_id, payload=payload)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


async def stop_waiting(uow: UnitOfWork, order_id: UUID, reason: str) -> list[Movement]:
    """End everything that a locked order waits for; the movements that the caller makes with its others, as its last step."""
    at = now()
    rows = await Backorder.filter(order_id=order_id, status=BackorderStatus.WAITING.value).order_by("id")
    await Backorder.filter(id__in=[row.id for row in rows]).update(status=BackorderStatus.RELEASED.value, ended_at=at)
    return [
        Movement(
            row.variant_id,
            row.location_id,
            MovementKind.RELEASE,
            reason,
            backordered=-row.quantity,
            order_id=order_id,
            reference=str(row.fulfillment_order_line_id),
        )
        for row in rows
    ]
