from dataclasses import dataclass, field

import pytest

from packhouse.fulfillment.hooks import FulfillmentPlugin
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import Hold, Order
from packhouse.orders.states import HoldReason
from packhouse.sdk import (
    Event,
    EventType,
    Providers,
    ProviderUnavailable,
    new_id,
    now,
)
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_stock, make_variant
from packhouse.testing.partners import TestNetwork


@dataclass
class _Services:
    database: Database
    providers: Providers
    settings: Settings = field(default_factory=Settings)


def _event(event_type: EventType, order: Order) -> Event:
    return Event(new_id(), event_type, 1, now(), order.id)


async def test_requested_work_is_submitted_unless_it_is_held_until_its_release(
    database: Database, by: Initiator
) -> None:
    await make_variant(database)
    await make_stock(database, "MUG", await make_location(database, network="test-3pl"), 10)
    order = await make_order(database, {"MUG": 2})
    network = TestNetwork()
    plugin = FulfillmentPlugin(_Services(database, Providers(networks={"test-3pl": network})))
    await database.write(by, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))

    await plugin.fulfillment_requested(_event(EventType.FULFILLMENT_REQUESTED, order))
    assert network.requests == []

    await Hold.filter(order_id=order.id).update(released_at=now())
    network.fails = [ProviderUnavailable("down")]
    with pytest.raises(ProviderUnavailable):
        await plugin.order_released(_event(EventType.ORDER_RELEASED, order))
    await plugin.order_released(_event(EventType.ORDER_RELEASED, order))
    await plugin.order_released(_event(EventType.ORDER_RELEASED, order))

    assert len(network.requests) == 1
    assert (await FulfillmentOrder.get(order_id=order.id)).request_status == "submitted"
    assert plugin.plugin_manifest().code == "packhouse-fulfillment"
