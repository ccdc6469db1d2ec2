"""What events are about, as hooks want to see it: orders and customers, read together for many events."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from packhouse.hooks.errors import OwnFailure
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.snapshots import CustomerSnapshot, OrderSnapshot
from packhouse.storage import DatabaseLost

LoadSnapshots = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, OrderSnapshot]]]
LoadCustomers = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, CustomerSnapshot]]]

T = TypeVar("T")
log = logging.getLogger(__name__)


class Wanting(Protocol):
    """Who says what a plugin's hooks look at."""

    def wants_order(self, code: str, event_type: EventType) -> bool:
        """Whether the plugin looks at the order of such events."""

    def wants_customer(self, code: str, event_type: EventType) -> bool:
        """Whether the plugin looks at the customer of such events."""


async def no_customers(_: Sequence[UUID]) -> Mapping[UUID, CustomerSnapshot]:
    """For a house without a room for customers."""
    return {}


@dataclass(frozen=True, slots=True)
class SubjectReader:
    """Reads orders and customers for one plugin."""

    plugin: str
    load_snapshots: LoadSnapshots
    load_customers: LoadCustomers = no_customers

    async def read(self, events: Sequence[Event], wanting: Wanting) -> "Subjects":
        """What these events are about, as far as the plugin looks at it; where that fails, each event reads its own."""
        types = {event.type for event in events}
        of_order = frozenset(each for each in types if wanting.wants_order(self.plugin, each))
        of_customer = frozenset(each for each in types if wanting.wants_customer(self.plugin, each))
        orders = {event.order_id for event in events if event.type in of_order} if of_order else set()
        customers = {event.customer_id for event in events if event.type in of_customer} if of_customer else set()
        return Subjects(
            self,
            of_order,
            of_customer,
            await self._together("orders", self.load_snapshots, orders),
            await self._together("customers", self.load_customers, customers),
        )

    async def _together(
        self, name: str, load: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, T]]], ids: Collection[UUID | None]
    ) -> Mapping[UUID, T] | None:
        wanted = sorted(id_ for id_ in ids if id_ is not None)
        try:
            return await load(wanted) if wanted else {}
        except DatabaseLost:
            return None
        except Exception:
            log.exception("%s %s of lanes of plugin %s could not be read together", len(wanted), name, self.plugin)
            return None


@dataclass(frozen=True, slots=True)
class Subjects:
    """Orders and customers of many events; None where reading them together failed. `of_order` and `of_customer` are the types
    of events that are told with them.
    """

    reader: SubjectReader
    of_order: frozenset[EventType]
    of_customer: frozenset[EventType]
    orders: Mapping[UUID, OrderSnapshot] | None
    customers: Mapping[UUID, CustomerSnapshot] | None

    def __bool__(self) -> bool:
        return bool(self.of_order or self.of_customer)

    async def of(self, event: Event) -> tuple[OrderSnapshot | None, CustomerSnapshot | None]:
        """The order and the customer of one of the events.

        Raises:
            DatabaseLost: the database cannot be reached.
            OwnFailure: they cannot be read.
        """
        order_id = event.order_id if event.type in self.of_order else None
        customer_id = event.customer_id if event.type in self.of_customer else None
        return (
            await _one("order", order_id, self.orders, self.reader.load_snapshots),
            await _one("customer", customer_id, self.customers, self.reader.load_customers),
        )


async def _one(
    name: str,
    id_: UUID | None,
    found: Mapping[UUID, T] | None,
    load: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, T]]],
) -> T | None:
    if id_ is None:
        return None
    if found is not None:
        return found.get(id_)
    try:
        return (await load([id_])).get(id_)
    except DatabaseLost:
        raise
    except Exception as error:
        raise OwnFailure(f"{name} {id_} could not be read: {type(error).__name__}: {error}") from error
