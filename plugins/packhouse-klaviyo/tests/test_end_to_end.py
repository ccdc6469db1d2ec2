"""A running Packhouse tells a running Klaviyo of our own writing what happens to an order, once each, and only with consent."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse_klaviyo import Plugin

KEY, BUYER = "pk_planted-key-3f9a", "buyer@example.com"
ADDRESS = '{name: "A Buyer", line1: "2 High Street", city: "Leeds", postcode: "LS1 4AP", country: "GB"}'
ARRIVED = "2026-11-23T10:00:00+00:00"
MONEY = '{amount: "%s", currency: "GBP"}'
SHOP = [
    'createChannel(input: {code: "web", name: "Web"})',
    'createVariant(input: {sku: "MUG", title: "Mug", weightGrams: 300})',
    'createVariant(input: {sku: "PLATE", title: "Plate", weightGrams: 300})',
    f'setPrice(input: {{sku: "MUG", price: {MONEY % "9.50"}}})',
    f'setPrice(input: {{sku: "PLATE", price: {MONEY % "4.00"}}})',
]


@dataclass
class Shop:
    """The API of a running server."""

    running: RunningServer
    session: aiohttp.ClientSession

    async def ask(self, document: str) -> Any:
        async with self.session.post(self.running.graphql, json={"query": document}) as response:
            body = await response.json()
        assert "errors" not in body, body
        return body["data"]

    async def do(self, mutation: str, selection: str = "") -> Any:
        """A mutation that has to work; what was selected of its payload."""
        data = await self.ask(f"mutation {{ done: {mutation} {{ {selection} userErrors {{ code message field }} }} }}")
        assert data["done"]["userErrors"] == [], mutation
        return data["done"]

    async def open(self) -> None:
        for mutation in SHOP:
            await self.do(mutation)
        location = f'createLocation(input: {{code: "london", name: "London", address: {ADDRESS}}})'
        id_ = (await self.do(location, "location { id }"))["location"]["id"]
        for sku in ("MUG", "PLATE"):
            stock = (
                f'adjustStock(input: {{sku: "{sku}", locationId: "{id_}", quantity: 9, reason: "received", bin: "A"}})'
            )
            await self.do(stock)

    async def place(self, email: str = BUYER) -> Any:
        placed = await self.do(
            f'placeOrder(input: {{channel: "web", currency: "GBP", email: "{email}", shippingAddress: {ADDRESS}, '
            'lines: [{sku: "MUG", quantity: 2}, {sku: "PLATE", quantity: 1}], '
            f'payments: [{{kind: "charge", amount: {MONEY % "23.00"}}}]}})',
            "order { id number customer { id } lines { id sku } fulfillmentOrders { id } }",
        )
        return placed["order"]

    async def say(self, customer_id: str, state: str) -> None:
        await self.do(
            f'recordConsent(input: {{customerId: "{customer_id}", purpose: MARKETING_EMAIL, state: {state}, '
            'source: "checkout"})'
        )

    async def ship(self, order: Any) -> str:
        (work,) = order["fulfillmentOrders"]
        picks = await self.do(
            f'startPicking(input: {{fulfillmentOrderIds: ["{work["id"]}"]}})',
            "pickList { picks { id quantity sku } }",
        )
        for pick in picks["pickList"]["picks"]:
            scan = f'code: "{pick["sku"]}", quantity: {pick["quantity"]}'
            await self.do(f'confirmPick(input: {{pickId: "{pick["id"]}", {scan}}})')
        packed = await self.do(f'packParcel(input: {{fulfillmentOrderId: "{work["id"]}"}})', "parcel { id }")
        created = await self.do(
            f'createShipment(input: {{parcelId: "{packed["parcel"]["id"]}", carrier: "own", trackingNumber: "T1"}})',
            "shipment { id }",
        )
        id_ = str(created["shipment"]["id"])
        await self.do(f'handOverShipment(input: {{shipmentId: "{id_}"}})')
        return id_

    async def deliver(self, shipment_id: str) -> None:
        scan = f'status: DELIVERED, occurredAt: "{ARRIVED}"'
        await self.do(f'recordTracking(input: {{shipmentId: "{shipment_id}", {scan}}})')

    async def send_back(self, order: Any) -> None:
        mugs = next(line["id"] for line in order["lines"] if line["sku"] == "MUG")
        requested = await self.do(
            f'requestReturn(input: {{orderId: "{order["id"]}", '
            f'lines: [{{orderLineId: "{mugs}", quantity: 1, reason: DEFECTIVE}}]}})',
            "return { id status lines { id } }",
        )
        opened = requested["return"]
        if opened["status"] == "REQUESTED":
            await self.do(f'approveReturn(input: {{returnId: "{opened["id"]}"}})')
        (line,) = opened["lines"]
        await self.do(
            f'receiveReturn(input: {{returnId: "{opened["id"]}", lines: [{{lineId: "{line["id"]}", quantity: 1}}]}})'
        )
        await self.do(
            f'refundOrder(input: {{orderId: "{order["id"]}", amount: {MONEY % "9.50"}, reason: "came back"}})'
        )

    async def settled(self) -> list[dict[str, Any]]:
        """Wait until every delivery to Klaviyo has ended; the deliveries."""
        document = '{ deliveries(filter: {plugin: "klaviyo/main"}, first: 100) { edges { node { status attempts { error } } } } }'
        async with asyncio.timeout(30):
            while True:
                await self.running.house.relay.drain()
                nodes = [edge["node"] for edge in (await self.ask(document))["deliveries"]["edges"]]
                if all(node["status"] != "PENDING" for node in nodes):
                    return nodes
                await asyncio.sleep(0.1)


def settings_for(database_url: str, klaviyo: Any, **account: Any) -> Any:
    settings = server_settings(database_url)
    accounts = {"main": {"api_key": KEY, "base_url": klaviyo.url, **account}}
    plugins = settings.plugins.model_copy(update={"settings": {"klaviyo": {"accounts": accounts}}})
    return settings.model_copy(update={"plugins": plugins})


async def with_shop(database_url: str, klaviyo: Any, story: Callable[[Shop], Awaitable[None]], **account: Any) -> None:
    async with (
        running_server(settings_for(database_url, klaviyo, **account), [Plugin()]) as running,
        aiohttp.ClientSession(headers=running.headers) as session,
    ):
        shop = Shop(running, session)
        await shop.open()
        await story(shop)


def told(klaviyo: Any) -> Counter[str]:
    return Counter(event["metric"] for event in klaviyo.events)


async def test_a_whole_life_is_told_once_through_lost_answers_and_replays(database_url: str, klaviyo: Any) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def story(shop: Shop) -> None:
        # the first order makes the customer known, who then grants
        first = await shop.place()
        await shop.settled()
        assert klaviyo.events == []
        await shop.say(first["customer"]["id"], "GRANTED")
        await shop.settled()
        assert klaviyo.subscription(BUYER) == "SUBSCRIBED"

        # every kind of event loses its first answer after it was taken
        klaviyo.fail("/api/events", cut, done=True)
        order = await shop.place()
        await shop.settled()
        klaviyo.fail("/api/events", cut, done=True)
        await shop.deliver(await shop.ship(order))
        await shop.send_back(order)
        await shop.do(
            f'recordReview(input: {{orderId: "{order["id"]}", score: 5, title: "Nice", body: "It holds tea", sku: "MUG"}})'
        )
        deliveries = await shop.settled()
        assert {node["status"] for node in deliveries} == {"DONE"}
        assert sum(bool(attempt["error"]) for node in deliveries for attempt in node["attempts"]) == 2
        await shop.do(f'cancelOrder(input: {{orderId: "{first["id"]}", reason: "changed my mind"}})')
        await shop.settled()
        _the_whole_life(klaviyo, order, first)

        # told again, everything is known; the first order is told for the first time, and starts no flows
        before = list(klaviyo.events)
        await shop.do('replayEvents(input: {plugin: "klaviyo/main", since: "2026-01-01T00:00:00Z"})', "events")
        await shop.settled()
        fresh = klaviyo.events[len(before) :]
        assert {event["properties"]["OrderId"] for event in fresh} == {first["number"]}
        assert Counter(event["metric"] for event in fresh) == {"Placed Order": 1, "Ordered Product": 2}
        assert max(klaviyo.taken.values()) > 1, "it was told several times"
        assert klaviyo.subscription(BUYER) == "SUBSCRIBED"

        # a no unsubscribes, and nothing more is told
        await shop.say(first["customer"]["id"], "DENIED")
        await shop.settled()
        assert klaviyo.subscription(BUYER) == "UNSUBSCRIBED"
        count = len(klaviyo.events)
        await shop.place()
        await shop.settled()
        assert len(klaviyo.events) == count

    await with_shop(database_url, klaviyo, story)


def _the_whole_life(klaviyo: Any, order: Any, cancelled: Any) -> None:
    assert told(klaviyo) == {
        "Placed Order": 1,
        "Ordered Product": 2,
        "Fulfilled Order": 1,
        "Delivered Order": 1,
        "Requested Return": 1,
        "Returned Order": 1,
        "Refunded Order": 1,
        "Submitted Review": 1,
        "Cancelled Order": 1,
    }
    assert len({event["unique_id"] for event in klaviyo.events}) == len(klaviyo.events)
    assert {event["who"] for event in klaviyo.events} == {BUYER}
    by_metric = {event["metric"]: event for event in klaviyo.events}
    numbers = {metric: event["properties"]["OrderId"] for metric, event in by_metric.items()}
    assert numbers.pop("Cancelled Order") == cancelled["number"]
    assert set(numbers.values()) == {order["number"]}
    values = {metric: event.get("value") for metric, event in by_metric.items()}
    assert values["Placed Order"] == values["Fulfilled Order"] == values["Delivered Order"] == Decimal("23.00")
    assert values["Refunded Order"] == Decimal("9.50")
    assert sorted(event["value"] for event in klaviyo.events if event["metric"] == "Ordered Product") == [
        Decimal("4.00"),
        Decimal("19.00"),
    ]
    assert by_metric["Delivered Order"]["time"] == ARRIVED
    assert "It holds tea" not in json.dumps(klaviyo.events, default=str)


@pytest.mark.parametrize("mode", ["nothing", "transactional"])
async def test_without_consent_nothing_is_sent_unless_the_setting_says_so(
    database_url: str, klaviyo: Any, mode: str
) -> None:
    async def story(shop: Shop) -> None:
        order = await shop.place()
        await shop.say(order["customer"]["id"], "DENIED")
        await shop.deliver(await shop.ship(order))
        await shop.do(f'recordReview(input: {{orderId: "{order["id"]}", score: 1}})')
        deliveries = await shop.settled()
        assert {node["status"] for node in deliveries} == {"DONE"}

    await with_shop(database_url, klaviyo, story, without_consent=mode)
    subscribed = [asked for asked in klaviyo.asked if "subscription-bulk-create" in asked.path]
    assert subscribed == []
    if mode == "nothing":
        assert (klaviyo.events, klaviyo.profiles) == ([], {})
    else:
        assert told(klaviyo) == {
            "Placed Order": 1,
            "Ordered Product": 2,
            "Fulfilled Order": 1,
            "Delivered Order": 1,
        }
        assert klaviyo.subscription(BUYER) == "UNSUBSCRIBED"


async def test_a_yes_and_a_no_told_late_end_as_the_customer_said_last(database_url: str, klaviyo: Any) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=503)

    async def story(shop: Shop) -> None:
        order = await shop.place()
        klaviyo.fail("/api/profiles", busy, times=2)
        for state in ("GRANTED", "DENIED", "GRANTED", "DENIED"):
            await shop.say(order["customer"]["id"], state)
        await shop.settled()
        assert klaviyo.subscription(BUYER) in {"UNSUBSCRIBED", "no profile"}

    await with_shop(database_url, klaviyo, story)
