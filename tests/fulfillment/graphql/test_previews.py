import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from strawberry.relay import to_base64
from tests.fulfillment.partner import Desk, give_work, make_network_location

from packhouse.fulfillment.preview import preview_fulfillment
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    FulfillmentOffer,
    FulfillmentPreview,
    FulfillmentRequest,
    Money,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    Refused,
    ShippingSpeed,
    new_id,
)
from packhouse.testing.factories import BY, make_location, make_order, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.partners import TestCooperatingNetwork
from packhouse.web.context import Context

PREVIEW = """
query ($order: ID!, $location: ID!) {
  fulfillmentPreview(orderId: $order, locationId: $location) {
    fulfillable
    offers { speed price { amount currency } shipBy deliverFrom deliverBy }
    problems
  }
}
"""


@pytest.fixture
def graphql_context(graphql_context: Context, network: TestCooperatingNetwork) -> Context:
    """With the network registered."""
    return replace(graphql_context, providers=Providers(networks={network.code: network}))


def _asked(order: Order, location: Location) -> dict[str, str]:
    return {"order": to_base64("Order", order.id), "location": to_base64("Location", location.id)}


async def _preview(execute: Execute, order: Order) -> Any:
    location = await Location.get(code="london")
    return (await execute(PREVIEW, _asked(order, location)))["fulfillmentPreview"]


async def test_shows_what_the_network_offers_for_what_is_open(
    desk: Desk, execute: Execute, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk, 3)
    await OrderLine.filter(order_id=order.id).update(shipped=1, allocated=2)
    await Order.filter(id=order.id).update(shipping_speed="expedited")
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    network.offers = FulfillmentPreview(
        (FulfillmentOffer("EXPEDITED", Money.of("12.50", "GBP"), at, at, at), FulfillmentOffer("STANDARD")), ("heavy",)
    )

    shown = await _preview(execute, order)

    moment = "2026-11-24T09:00:00+00:00"
    priced = {"amount": "12.50", "currency": "GBP"}
    assert shown == {
        "fulfillable": True,
        "offers": [
            {"speed": "EXPEDITED", "price": priced, "shipBy": moment, "deliverFrom": moment, "deliverBy": moment},
            {"speed": "STANDARD", "price": None, "shipBy": None, "deliverFrom": None, "deliverBy": None},
        ],
        "problems": ["heavy"],
    }
    (request,) = network.previewed
    assert (request.location, request.order_number, request.speed) == ("london", order.number, ShippingSpeed.EXPEDITED)
    assert [(item.sku, item.quantity, str(item.unit_value)) for item in request.items] == [("MUG", 2, "10.00 GBP")]


async def test_a_refusal_is_a_preview_without_offers(
    desk: Desk, execute: Execute, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk)
    network.fails_on = {"preview": [ProviderRefused("no such country")]}
    shown = await _preview(execute, order)
    assert shown == {"fulfillable": False, "offers": [], "problems": ["no such country"]}


async def test_what_cannot_be_previewed_says_why(
    desk: Desk, execute: Execute, network: TestCooperatingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await give_work(desk)
    own, theirs = await make_location(desk.database, "york"), await Location.get(code="london")

    async def failing(order: Order, location: Location) -> str:
        (error,) = await execute(PREVIEW, _asked(order, location), errors=True)
        return str(error["message"])

    assert await failing(order, own) == "locationId: whoever runs location york gives no previews"
    network.fails_on = {"preview": [ProviderUnavailable("down")]}
    assert await failing(order, theirs) == "locationId: down"
    assert "there is no order" in await failing(Order(id=new_id()), theirs)
    assert "there is no location" in await failing(order, Location(id=new_id()))

    async def slow(_: FulfillmentRequest) -> FulfillmentPreview:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    monkeypatch.setattr(network, "preview", slow)
    with pytest.raises(Refused, match=r"test-3pl gave no answer within 0\.01 seconds"):
        await preview_fulfillment(desk.providers, order.id, theirs.id, 0.01)
    await OrderLine.filter(order_id=order.id).update(shipped=2, allocated=0)
    assert await failing(order, theirs) == f"orderId: nothing of order {order.number} is left to send"


async def test_a_bundle_is_sent_and_previewed_as_its_parts(desk: Desk, network: TestCooperatingNetwork) -> None:
    location = await make_network_location(desk.database, network)
    await make_variant(desk.database, "SET", price="50.00")
    data = SetBundle("SET", (BundlePart("MUG", 2),))
    await desk.database.write(BY, lambda uow: set_bundle(uow, data))
    order = await make_order(desk.database, {"SET": 3})
    await desk.deliver()

    await preview_fulfillment(desk.providers, order.id, location.id)

    for request in (*network.requests, *network.previewed):
        assert [(item.sku, item.title, item.quantity, item.unit_value) for item in request.items] == [
            ("MUG", "MUG", 6, None)
        ]
    assert len(network.requests) == len(network.previewed) == 1
