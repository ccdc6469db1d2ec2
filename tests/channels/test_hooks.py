from dataclasses import replace

import pytest
from tests.channels.partner import TestShop, house, make_channel

from packhouse.channels.hooks import ChannelsPlugin, ensure_channels
from packhouse.channels.models import Channel
from packhouse.orders.models import OrderLine
from packhouse.sdk import Event, EventType, OrderSnapshot, ProviderInDoubt, ProviderUnavailable, new_id, now
from packhouse.shipping.queries import order_snapshots
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shipped, make_shop


async def dispatched(database: Database, *, external_id: str = "5001") -> tuple[Event, OrderSnapshot]:
    """An order of the shop that was shipped, and the event that says so."""
    await make_shop(database)
    order = await make_order(database, {"MUG": 2}, channel="shop", external_id=external_id)
    await OrderLine.filter(order_id=order.id).update(external_id="l1")
    (shipment,) = await make_shipped(database, order)
    payload = {"shipment_id": str(shipment.id)}
    event = Event(new_id(), EventType.SHIPMENT_DISPATCHED, 1, now(), order.id, origin="api", payload=payload)
    return event, (await order_snapshots([order.id]))[order.id]


async def test_the_shop_is_told_of_a_shipment_once(database: Database) -> None:
    shop = TestShop()
    plugin = ChannelsPlugin(house(database, shop))
    event, order = await dispatched(database)
    await plugin.shipment_dispatched(event, order)
    await plugin.shipment_dispatched(event, order)
    (told,) = shop.told
    assert (told.external_order_id, told.carrier, told.lines) == ("5001", "test", {"l1": 2})
    assert told.tracking_number == order.shipments[0].tracking_number
    assert told.idempotency_key == f"push-{event.id}"
    assert plugin.plugin_manifest().code == "packhouse-channels"


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), ProviderInDoubt("no answer")])
async def test_a_shipment_that_was_not_told_is_told_later(database: Database, error: Exception) -> None:
    shop = TestShop(fails=[error])
    plugin = ChannelsPlugin(house(database, shop))
    event, order = await dispatched(database)
    with pytest.raises(type(error)):
        await plugin.shipment_dispatched(event, order)
    await plugin.shipment_dispatched(event, order)
    assert len(shop.told) == 1


async def test_nobody_is_told_of_what_they_told_us(database: Database) -> None:
    shop = TestShop()
    event, order = await dispatched(database)
    echo = replace(event, origin="channel:shop")
    await ChannelsPlugin(house(database, shop)).shipment_dispatched(echo, order)
    assert shop.told == []


async def test_nobody_is_told_where_nobody_asked(database: Database) -> None:
    event, order = await dispatched(database, external_id="")
    shop = TestShop()
    plugin = ChannelsPlugin(house(database, shop))
    await plugin.shipment_dispatched(event, order)
    await plugin.shipment_dispatched(event, None)
    await plugin.shipment_dispatched(replace(event, payload={}), replace(order, external_id="5001"))
    await ChannelsPlugin(house(database)).shipment_dispatched(event, replace(order, external_id="5001"))
    assert shop.told == []


async def test_each_registered_channel_has_a_row_from_the_start(database: Database) -> None:
    await make_channel(database)
    services = house(database, TestShop(), TestShop(code="second", title="Second shop"))
    await ensure_channels(services)
    await ensure_channels(services)
    found = await Channel.all().order_by("code")
    assert [(each.code, each.name, each.provider) for each in found] == [
        ("second", "Second shop", "second"),
        ("shop", "Shop", "shop"),
    ]
