"""A fulfilment network for tests, orders that lie with it, and a desk that delivers events step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.events.queries import EVENT_COLUMNS, read_event
from packhouse.fulfillment.hooks import FulfillmentPlugin
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.models import Location, StockLevel
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.hooks import OrderingPlugin
from packhouse.orders.models import Hold, Order
from packhouse.sdk import NetworkShipment, NetworkStatus, NetworkUpdate, Providers, now
from packhouse.settings import Settings
from packhouse.shipping.jobs import poll_networks
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_stock, make_variant
from packhouse.testing.partners import TestNetwork


@dataclass
class Desk:
    """Delivers every new event to the built-in plugins, in order; one whose delivery failed is delivered again."""

    database: Database
    network: TestNetwork
    settings: Settings = field(default_factory=Settings)
    delivered: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.plugins = (FulfillmentPlugin(self), OrderingPlugin(self))

    @property
    def providers(self) -> Providers:
        return Providers(networks={self.network.code: self.network})

    async def deliver(self, *, again: bool = False) -> None:
        """Everything that happened, and what follows from it; `again` delivers every event once more."""
        self.delivered = set() if again else self.delivered
        while rows := [row for row in await self._rows() if row["id"] not in self.delivered]:
            for row in rows:
                event = read_event(row)
                for plugin in self.plugins:
                    hook = getattr(plugin, event.type.value, None)
                    if hook is not None:
                        await hook(event)
                self.delivered.add(row["id"])

    async def poll(self) -> None:
        """Ask the network how everything stands."""
        await FulfillmentOrder.exclude(next_poll_at=None).update(next_poll_at=now())
        await poll_networks(self.database, self.providers, BY)

    async def _rows(self) -> Sequence[Mapping[str, Any]]:
        return await self.database.fetch(f"SELECT {EVENT_COLUMNS} FROM event ORDER BY recorded_at, ordinal")


async def make_network_location(database: Database, network: TestNetwork, code: str = "london") -> Location:
    """A location of the network with ten mugs."""
    if not await Variant.exists(sku="MUG"):
        await make_variant(database)
    location = await make_location(database, code, network=network.code)
    await make_stock(database, "MUG", location, 10)
    return location


async def give_work(desk: Desk, units: int = 2) -> Order:
    """An order of mugs that the network has; its answer to the submission is recorded."""
    await make_network_location(desk.database, desk.network)
    order = await make_order(desk.database, {"MUG": units})
    await desk.deliver()
    return order


async def ask_to_cancel(database: Database, order: Order, reason: str = "changed their mind") -> None:
    """What cancelOrder does."""
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, reason), lambda _: []))


async def work_of(order: Order) -> FulfillmentOrder:
    """The order's oldest fulfillment order."""
    work = await FulfillmentOrder.filter(order_id=order.id).order_by("created_at", "id").first()
    assert work is not None
    return work


async def state(order: Order) -> tuple[str, bool, str, str]:
    """Status of the order, whether its cancellation waits, status and request status of its oldest work."""
    fresh, work = await Order.get(id=order.id), await work_of(order)
    return fresh.status, fresh.cancel_requested_at is not None, work.status, work.request_status


async def shipped(order: Order, units: int) -> NetworkUpdate:
    """The network's word that it sent so many units in one parcel."""
    line = await FulfillmentOrderLine.get(fulfillment_order_id=(await work_of(order)).id)
    parcel = NetworkShipment("S-1", "test", "T-1", now(), {str(line.id): units})
    return NetworkUpdate(NetworkStatus.SHIPPED, "N-1", shipments=(parcel,))


async def open_holds(order: Order) -> list[tuple[str, str]]:
    """Reason and note of each hold in force."""
    rows = await Hold.filter(order_id=order.id, released_at=None).order_by("placed_at", "id")
    return [(row.reason, row.note) for row in rows]


async def reasons(database: Database, kind: str) -> list[str]:
    """The reasons of all events of a type, oldest first."""
    rows = await database.fetch("SELECT reason FROM event WHERE type = $1 ORDER BY recorded_at, ordinal", kind)
    return [row["reason"] for row in rows]


async def stock(code: str = "london") -> tuple[int, int]:
    """Mugs on hand and allocated at a location."""
    level = await StockLevel.get(location__code=code, variant__sku="MUG")
    return level.on_hand, level.allocated
