"""Writes the events of a unit of work as its last statements, so that they are committed with the change or not at all."""

from packhouse.sdk.values import now
from packhouse.storage import UnitOfWork


class Outbox:
    """The event log's writer: `flush` is the database's `before_commit`."""

    async def flush(self, uow: UnitOfWork) -> None:
        """Insert the recorded events."""
        recorded_at = now()
        by = uow.initiator
        await uow.insert(
            "event",
            [
                {
                    "id": event.id,
                    "type": event.type.value,
                    "order_id": event.order_id,
                    "actor": by.actor,
                    "origin": by.origin,
                    "reason": event.reason[:255],
                    "correlation_id": by.correlation_id,
                    "causation_id": by.causation_id,
                    "schema_version": 1,
                    "payload": dict(event.payload),
                    "occurred_at": event.occurred_at,
                    "recorded_at": recorded_at,
                }
                for event in uow.pending
            ],
        )
