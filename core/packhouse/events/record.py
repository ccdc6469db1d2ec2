"""Recording a fact: the event is written in the transaction of the change, as its last statements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.sdk.events import EventType
from packhouse.sdk.values import fact_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import PendingEvent


def record(
    uow: UnitOfWork,
    event_type: EventType,
    *fact: object,
    order_id: UUID | None = None,
    payload: Mapping[str, Any] | None = None,
    reason: str = "",
    occurred_at: datetime | None = None,
) -> UUID:
    """Record that something happened; returns the event's id, derived from its type and `fact` (ids that name it once).

    The same fact recorded twice is an integrity error: it happened once.
    """
    event_id = fact_id(event_type, *fact)
    uow.pending.append(
        PendingEvent(
            event_id, event_type, order_id, occurred_at or now(), reason, payload if payload is not None else {}
        )
    )
    return event_id
