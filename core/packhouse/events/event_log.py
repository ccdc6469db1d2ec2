"""The log of events as live subscribers read it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.live import LiveLog
from packhouse.events.queries import EVENT_COUNTER, events_after, log_bounds
from packhouse.sdk.events import Event, EventType
from packhouse.storage import Database
from packhouse.web.feeds import Bounds

EVENTS = "events"


@dataclass(frozen=True, slots=True)
class EventSelection:
    """Events of these orders and of these types; None: of all."""

    order_ids: frozenset[UUID] | None = None
    types: frozenset[EventType] | None = None

    @property
    def topics(self) -> frozenset[Hashable] | None:
        """Orders are what events are about."""
        return self.order_ids

    def wants(self, event: Event) -> bool:
        """Whether the event is one of them."""
        return (self.order_ids is None or event.order_id in self.order_ids) and (
            self.types is None or event.type in self.types
        )


class EventLog:
    """Reads events from the database."""

    name = EVENTS

    def __init__(self, database: Database) -> None:
        self._database = database

    def topic(self, event: Event) -> Hashable:
        """Its order."""
        return event.order_id

    async def bounds(self) -> Bounds:
        """What the log holds now."""
        return await log_bounds(self._database, EVENT_COUNTER)

    async def read(
        self, after: int, *, limit: int, upto: int | None = None, selection: EventSelection | None = None
    ) -> Sequence[Event]:
        """The next events."""
        chosen = selection or EventSelection()
        return await events_after(
            self._database, after, limit=limit, upto=upto, order_ids=chosen.order_ids, types=chosen.types
        )


LiveEvents = LiveLog[Event, EventSelection]


def live_events(database: Database) -> LiveEvents:
    """The log of events, live."""
    return LiveLog(EventLog(database))
