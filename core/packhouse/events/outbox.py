"""Writes the events of a unit of work, and who shall get them, as its last statements: with the change or not at all."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Self
from uuid import UUID

from packhouse.events.record import record
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.values import fact_id, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import Dialect, as_json
from packhouse.storage.unit_of_work import EVERY_VARIANT, PendingEvent

Listeners = Mapping[EventType, tuple[str, ...]]

_NOBODY: Listeners = MappingProxyType({})
# Older than any version of plugins: the process that numbers an event decides who gets it.
_UNDECIDED = -1
_REASON_LENGTH = 255

# One statement for any number of events. The server's clock orders transactions of several machines: where two touch one
# order, the second writes its events after the first has committed.
_INSERT_EVENTS = """
INSERT INTO event (id, type, order_id, reason, payload, occurred_at, ordinal, recorded_at, actor, origin,
                   correlation_id, causation_id, schema_version, customer_id, traceparent, plugins_version, moved)
SELECT id, type, order_id, reason, payload::jsonb, occurred_at, ordinal, clock_timestamp(), $8, $9, $10, $11, 1, customer_id,
       $12, $13, CASE WHEN ordinal = 1 THEN $14::jsonb END
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[]) WITH ORDINALITY
     AS fresh(id, type, order_id, reason, payload, occurred_at, customer_id, ordinal)
"""
_INSERT_DELIVERIES = """
INSERT INTO delivery (id, event_id, plugin, lane_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[])
"""


class Outbox:
    """The event log's writer: `flush` is the database's `before_commit`.

    `listeners` names for each event type the plugins that want it; without any, nothing but the events is written, as it
    is for events of imported history. `traceparent` gives the current span, empty where nothing is traced. `version` is that of the
    plugins that `listeners` are from; None where nobody shall add deliveries for plugins that came later.
    A command that changes something beside running servers loads no plugins: `Outbox.undecided()` is its own.
    """

    def __init__(
        self,
        listeners: Listeners = _NOBODY,
        traceparent: Callable[[], str] = str,
        *,
        version: int | None = None,
    ) -> None:
        self.listeners = listeners
        self.version = version
        self._traceparent = traceparent

    @classmethod
    def undecided(cls) -> Self:
        """One that knows no plugins, and leaves it to the process that numbers the events who gets them."""
        return cls(version=_UNDECIDED)

    def change(self, listeners: Listeners, version: int) -> None:
        """From now on others get the events."""
        self.listeners, self.version = listeners, version

    async def flush(self, uow: UnitOfWork) -> None:
        """Insert the recorded events and their deliveries. Positions and lanes follow after the commit.

        A transaction that moved stock and recorded nothing gets an event for that, so that nobody who follows the log misses it.
        """
        if not uow.pending:
            record(uow, EventType.STOCK_MOVED, new_id(), payload={"variant_ids": _moved(uow, named=True)})
        deliveries = [
            (new_id(), event.id, plugin, lane_id(plugin, event))
            for event in uow.pending
            if event.deliver
            for plugin in self.listeners.get(event.type, ())
        ]
        if uow.dialect is Dialect.POSTGRES:
            await _insert_on_postgres(uow, deliveries, self._traceparent(), self.version)
        else:
            await _insert_on_sqlite(uow, deliveries, self._traceparent(), self.version)


def lane_id(plugin: str, event: PendingEvent | Event) -> UUID:
    """The lane of an event: the plugin's lane of its order, or of its customer; an event of neither has one of its own."""
    return fact_id("lane", plugin, event.order_id or event.customer_id or event.id)


def _moved(uow: UnitOfWork, *, named: bool = False) -> list[str]:
    """The variants that moved; `named` leaves out the mark for all of them."""
    return sorted(str(each) for each in uow.moved if not (named and each == EVERY_VARIANT))


async def _insert_on_postgres(
    uow: UnitOfWork, deliveries: Sequence[tuple[UUID, UUID, str, UUID]], traceparent: str, version: int | None
) -> None:
    by, events = uow.initiator, uow.pending
    await uow.execute(
        _INSERT_EVENTS,
        [event.id for event in events],
        [event.type.value for event in events],
        [event.order_id for event in events],
        [event.reason[:_REASON_LENGTH] for event in events],
        [as_json(dict(event.payload)) for event in events],
        [event.occurred_at for event in events],
        [event.customer_id for event in events],
        by.actor,
        by.origin,
        by.correlation_id,
        by.causation_id,
        traceparent,
        version,
        as_json(_moved(uow)) if uow.moved else None,
    )
    if deliveries:
        await uow.execute(_INSERT_DELIVERIES, *(list(column) for column in zip(*deliveries, strict=True)))


async def _insert_on_sqlite(
    uow: UnitOfWork, deliveries: Sequence[tuple[UUID, UUID, str, UUID]], traceparent: str, version: int | None
) -> None:
    by, recorded_at = uow.initiator, now()
    await uow.insert(
        "event",
        [
            {
                "id": event.id,
                "type": event.type.value,
                "order_id": event.order_id,
                "reason": event.reason[:_REASON_LENGTH],
                "payload": dict(event.payload),
                "occurred_at": event.occurred_at,
                "ordinal": ordinal,
                "recorded_at": recorded_at,
                "actor": by.actor,
                "origin": by.origin,
                "correlation_id": by.correlation_id,
                "causation_id": by.causation_id,
                "traceparent": traceparent,
                "plugins_version": version,
                "moved": _moved(uow) if uow.moved and ordinal == 1 else None,
                "schema_version": 1,
                "customer_id": event.customer_id,
            }
            for ordinal, event in enumerate(uow.pending, start=1)
        ],
    )
    columns = ("id", "event_id", "plugin", "lane_id")
    await uow.insert("delivery", [dict(zip(columns, delivery, strict=True)) for delivery in deliveries])
