from dataclasses import dataclass, field
from typing import cast

from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import RejectionReason
from packhouse.hooks import PluginHost
from packhouse.ordering.hooks import OrderingPlugin
from packhouse.orders.models import Hold
from packhouse.sdk import Event, EventType, Providers, new_id, now
from packhouse.settings import Settings
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock
from packhouse.testing.proofs import contents, contradictions


@dataclass
class _Services:
    database: Database
    providers: Providers = field(default_factory=Providers)
    settings: Settings = field(default_factory=Settings)


async def test_what_a_location_could_not_send_goes_to_another_and_then_waits(database: Database) -> None:
    await make_shop(database)
    york = await make_location(database, "york", priority=200)
    await make_stock(database, "MUG", york, 10)
    order = await make_order(database, {"MUG": 2})
    plugin = OrderingPlugin(_Services(database))
    event = Event(new_id(), EventType.FULFILLMENT_FAILED, 1, now(), order.id, correlation_id="c1")

    for _ in range(2):
        work = await FulfillmentOrder.get(order_id=order.id, status="open")
        data = RejectFulfillment(work.id, RejectionReason.NOT_IN_STOCK)
        await database.write(BY, lambda uow, data=data: reject_fulfillment(uow, data))  # type: ignore[misc]  # a default binds it
        await plugin.fulfillment_failed(event)
        before = await contents(database)
        await plugin.fulfillment_failed(event)
        rerouted = await FulfillmentOrder.filter(order_id=order.id, status="open").values_list("location_id", flat=True)
        if rerouted:
            assert rerouted == [york.id]
            assert (await contents(database))["fulfillment_order"] == before["fulfillment_order"]
    assert rerouted == []
    assert {hold.reason for hold in await Hold.filter(order_id=order.id, released_at=None)} == {"out_of_stock"}
    assert await contradictions(database) == []


async def test_an_event_of_no_order_is_nothing_to_do(database: Database) -> None:
    plugin = OrderingPlugin(_Services(database))
    await plugin.fulfillment_failed(Event(new_id(), EventType.FULFILLMENT_FAILED, 1, now()))
    assert plugin.plugin_manifest().code == "packhouse-ordering"


def test_it_hears_of_stock_that_orders_wait_for() -> None:
    choices = Settings().plugins.model_copy(update={"enabled": []})
    host = PluginHost.load(choices, [OrderingPlugin(_Services(cast("Database", None)))])
    assert host.listeners[EventType.AWAITED_STOCK_CHANGED] == ("packhouse-ordering",)
