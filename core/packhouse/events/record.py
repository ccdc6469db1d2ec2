"""Recording a fact: the event is written in the transaction of the change, as its last statements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.sdk.events import EventType
from packhouse.sdk.values import fact_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import PendingEvent

# What people may write is longer than what the log keeps of it.
_LONGEST_REASON = 255


def record(
    uow: UnitOfWork,
    event_type: EventType,
    *fact: object,
    order_id: UUID | None = None,
    customer_id: UUID | None = None,
    payload: Mapping[str, Any] | None = None,
    reason: str = "",
    occurred_at: datetime | None = None,
    deliver: bool = True,
) -> UUID:
    """Record that something happened to an order, a customer, or neither; returns the event's id, derived from its type and `fact` (ids that name it once).

    `deliver` False keeps it from the plugins: imported history is in the log, and nobody acts on it.
    The same fact recorded twice is an integrity error: it happened once.
    """
    event_id = fact_id(event_type, *fact)
    uow.pending.append(
        PendingEvent(
            id=event_id,
            type=event_type,
            order_id=order_id,
            occurred_at=occurred_at or now(),
            reason=reason[:_LONGEST_REASON],
            payload=payload if payload is not None else {},
            deliver=deliver,
            customer_id=customer_id,
        )
    )
    return event_id
