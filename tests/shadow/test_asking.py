"""Providers are asked again what the log says that they were asked, and by what is in the database now."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.shadow.conftest import Recorded, Write, all_of

from packhouse.feedback.models import ReviewRequest
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.orders.models import Order
from packhouse.sdk import (
    Address,
    Event,
    EventType,
    FulfillmentRequest,
    LabelRequest,
    OrderSnapshot,
    Parcel,
    ReviewInvitation,
    ShipmentNotice,
    fact_id,
    new_id,
    now,
)
from packhouse.shadow.asking import ASKED, Asking, asked_about
from packhouse.shadow.player import both_versions
from packhouse.shadow.talking import METHODS, request_of
from packhouse.shadow.version import Side
from packhouse.shipping.models import Shipment
from packhouse.shipping.queries import order_snapshots
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shipped, make_shop

ADDRESS = Address(line1="1 Dock Road", city="London", postcode="E16 1AA", country="GB")
CARRIER = """
from packhouse.sdk import *


class Carrier:
    code = "test"
    title = "Test"

    def __init__(self, context):
        self.context = context

    async def buy_label(self, request):
        async with self.context.http.post("https://carrier.example.com/PATH", json={"ref": request.reference}) as answer:
            await answer.json()
        return PurchasedLabel("T1", "L-1", "text/plain", b"label", Money.of("PRICE", "GBP"))

    async def find_label(self, request):
        return None


class Plugin:
    @hookimpl
    def plugin_manifest(self):
        return PluginManifest("crm", "Carrier", "1.0")

    @hookimpl
    def register_carriers(self, context):
        return [Carrier(context)]
"""


class Shipped:
    """An order that was sent."""

    def __init__(self, order: Order, shipment: Shipment, snapshot: OrderSnapshot) -> None:
        self.order, self.shipment, self.snapshot = order, shipment, snapshot

    async def asked(self, type_: EventType, origin: str = "api", **payload: Any) -> Asking | None:
        event = Event(UUID(int=1), type_, 1, now(), order_id=self.order.id, origin=origin, payload=payload)
        return await asked_about(event, self.snapshot)


@pytest.fixture
async def shipped(database: Database) -> Shipped:
    await make_shop(database)
    order = await make_order(database)
    (shipment,) = await make_shipped(database, order)
    await Order.filter(id=order.id).update(external_id="X-1")
    snapshot = (await order_snapshots([order.id]))[order.id]
    return Shipped(order, shipment, snapshot)


def there_and_back(asking: Asking | None) -> Any:
    assert asking is not None
    assert asking.method in METHODS
    request = request_of(asking.as_message())
    assert request == asking.request
    return request


async def test_a_channel_is_told_what_was_shipped(shipped: Shipped) -> None:
    asking = await shipped.asked(EventType.SHIPMENT_DISPATCHED, shipment_id=str(shipped.shipment.id))
    assert asking is not None
    assert asking.name == f"{shipped.order.channel}.push_shipment"
    notice = there_and_back(asking)
    assert isinstance(notice, ShipmentNotice)
    assert (notice.external_order_id, notice.idempotency_key) == ("X-1", f"push-{UUID(int=1)}")
    told_us = f"channel:{shipped.order.channel}"
    assert await shipped.asked(EventType.SHIPMENT_DISPATCHED, told_us, shipment_id=str(shipped.shipment.id)) is None
    assert await shipped.asked(EventType.SHIPMENT_DISPATCHED, shipment_id=str(new_id())) is None


async def test_a_network_is_given_work(shipped: Shipped) -> None:
    (work,) = await FulfillmentOrder.filter(order_id=shipped.order.id)
    payload = {"fulfillment_order_id": str(work.id), "network": "acme"}
    request = there_and_back(await shipped.asked(EventType.FULFILLMENT_REQUESTED, **payload))
    assert isinstance(request, FulfillmentRequest)
    assert (request.reference, request.order_number) == (str(work.id), shipped.order.number)
    assert await shipped.asked(EventType.FULFILLMENT_REQUESTED, **payload | {"network": ""}) is None
    assert await shipped.asked(EventType.FULFILLMENT_REQUESTED, fulfillment_order_id=str(new_id()), network="a") is None


async def test_a_carrier_is_asked_for_a_label(shipped: Shipped) -> None:
    payload = {"shipment_id": str(shipped.shipment.id), "carrier": "test"}
    request = there_and_back(await shipped.asked(EventType.LABEL_PURCHASED, **payload))
    assert isinstance(request, LabelRequest)
    assert request.reference == str(shipped.shipment.id)
    assert await shipped.asked(EventType.LABEL_PURCHASED, shipment_id=str(new_id()), carrier="test") is None
    await Shipment.filter(id=shipped.shipment.id).update(parcel_id=None)
    assert await shipped.asked(EventType.LABEL_PURCHASED, **payload) is None


async def test_a_platform_is_asked_to_invite(shipped: Shipped) -> None:
    asked_at = now()
    request = await ReviewRequest.create(
        id=fact_id("test", "request"),
        order_id=shipped.order.id,
        platform="stars",
        status="sent",
        send_at=asked_at,
        due_at=None,
        created_at=asked_at - timedelta(days=7),
    )
    payload = {"review_request_id": str(request.id), "platform": "stars"}
    invitation = there_and_back(await shipped.asked(EventType.REVIEW_REQUESTED, **payload))
    assert isinstance(invitation, ReviewInvitation)
    assert (invitation.reference, invitation.email) == (str(request.id), shipped.order.email)
    assert await shipped.asked(EventType.REVIEW_REQUESTED, **payload | {"review_request_id": str(new_id())}) is None


async def test_nothing_was_asked_about_other_events(shipped: Shipped) -> None:
    for type_ in EventType:
        if type_ not in ASKED:
            assert await shipped.asked(type_) is None


async def test_two_versions_of_a_carrier_are_asked_for_the_same_label(write: Write) -> None:
    def carrier(name: str, path: str, price: str) -> Side:
        return Side(write(name, text=CARRIER.replace("PATH", path).replace("PRICE", price)))

    label = LabelRequest("label-1", "S-1", "standard", ADDRESS, ADDRESS, (Parcel(500),))

    class World(Recorded):
        async def asked_about(self, event: Event, order: OrderSnapshot | None) -> Any:
            assert order is not None
            return Asking("test", "buy_label", label) if event.type is EventType.LABEL_PURCHASED else None

        async def events(self, selection: Any, types: frozenset[EventType]) -> Any:
            assert (types, selection.limit) == (ASKED, None)
            for type_ in (EventType.LABEL_PURCHASED, EventType.SHIPMENT_DISPATCHED):
                yield Event(UUID(int=9), type_, 1, now(), order_id=self.orders[0].id)

    world: Any = World()
    async with both_versions(
        world, "crm", carrier("old", "labels", "4.20"), carrier("new", "v2/labels", "4.25")
    ) as player:
        (comparison,) = await all_of(player)
    assert (comparison.recipient, comparison.is_same) == ("test.buy_label", False)
    assert comparison.old is not None
    assert comparison.new is not None
    urls = [[call.url for call in each.calls] for each in (comparison.old, comparison.new)]
    assert urls == [["https://carrier.example.com/labels"], ["https://carrier.example.com/v2/labels"]]
    assert [each.gave["price"]["amount"] for each in (comparison.old, comparison.new)] == ["4.20", "4.25"]
    assert comparison.new.gave["content"] == "bGFiZWw="
