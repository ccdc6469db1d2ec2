"""What clients do while things break: mutations with idempotency keys, and subscriptions that resume."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from tests.faults.machines import Machines

SETUP = (
    'mutation { createChannel(input: {code: "web", name: "Web"}) { userErrors { code } } }',
    'mutation { createVariant(input: {sku: "PRINT", title: "Print"}) { userErrors { code } } }',
    'mutation { setPrice(input: {sku: "PRINT", price: {amount: "9.50", currency: "GBP"}}) { userErrors { code } } }',
    'mutation { createVariant(input: {sku: "MUG", title: "Mug"}) { userErrors { code } } }',
)
LOCATION = """
mutation { createLocation(input: {code: "london", name: "London"}) { location { id } userErrors { code } } }
"""
PLACE = """
mutation Place($email: String!) {
  placeOrder(input: {
    channel: "web", currency: "GBP", email: $email, lines: [{sku: "PRINT", quantity: 1}]
    shippingAddress: {name: "A Buyer", line1: "2 High Street", city: "Leeds", postcode: "LS1 4AP", country: "GB"}
  }) {
    order { id email } userErrors { code }
  }
}
"""
STOCK = """
mutation Stock($location: ID!) {
  adjustStock(input: {sku: "PRINT", locationId: $location, quantity: 1000000, reason: "received"}) {
    userErrors { code }
  }
}
"""
ADJUST = """
mutation Adjust($location: ID!) {
  adjustStock(input: {sku: "MUG", locationId: $location, quantity: 1, reason: "found one"}) { userErrors { code } }
}
"""
HOLD = """
mutation Hold($order: ID!) {
  holdOrder(input: {orderId: $order, reason: OTHER, note: "a look"}) { order { id } userErrors { code } }
}
"""
FOLLOW = "subscription Follow($after: String) { orderEvents(after: $after) { position } }"
BEGINNING = "query { eventLog { oldest } }"


@dataclass
class Acknowledged:
    """What clients were told is done."""

    orders: dict[str, str] = field(default_factory=dict)
    adjusted: int = 0
    held: int = 0


async def set_up(machines: Machines) -> str:
    """A channel and two articles; returns the id of the location of one of them."""
    for document in SETUP:
        ((_, answer),) = (await machines.ask(document)).items()
        assert answer["userErrors"] == [], answer
    answer = (await machines.ask(LOCATION))["createLocation"]
    assert answer["userErrors"] == [], answer
    location = str(answer["location"]["id"])
    assert (await machines.ask(STOCK, {"location": location}))["adjustStock"]["userErrors"] == []
    return location


async def client(
    machines: Machines, location: str, name: str, done: Acknowledged, enough: asyncio.Event, *, pause: float
) -> None:
    """Place, count and hold, each with a key of its own, round after round; the last one is finished."""
    number = 0
    while not enough.is_set():
        number += 1
        email = f"{name}-{number}@example.com"
        placed = (await machines.ask(PLACE, {"email": email}, key=f"place-{email}", turn=number))["placeOrder"]
        assert placed["userErrors"] == [], placed
        assert placed["order"]["email"] == email
        done.orders[email] = placed["order"]["id"]
        adjusted = await machines.ask(ADJUST, {"location": location}, key=f"adjust-{email}", turn=number)
        assert adjusted["adjustStock"]["userErrors"] == [], adjusted
        done.adjusted += 1
        held = await machines.ask(HOLD, {"order": placed["order"]["id"]}, key=f"hold-{email}", turn=number)
        assert held["holdOrder"]["userErrors"] == [], held
        done.held += 1
        await asyncio.sleep(pause)


async def follow(machines: Machines, seen: list[int], first_turn: int) -> None:
    """Goes on behind its last cursor, wherever somebody answers, by one protocol and the other in turn, until cancelled."""
    turn = first_turn
    cursor = (await machines.ask(BEGINNING))["eventLog"]["oldest"]
    while True:
        turn += 1
        if addresses := machines.addresses():
            results = (_by_socket, _by_stream)[turn % 2](machines, addresses[turn % len(addresses)], cursor)
            with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
                async for result in results:
                    seen.append(int(result["data"]["orderEvents"]["position"]))
                    cursor = result["extensions"]["cursor"]
        await asyncio.sleep(0.05)


async def _by_socket(machines: Machines, address: str, cursor: str) -> AsyncIterator[Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, protocols=["graphql-transport-ws"]) as socket,
    ):
        await socket.send_json({"type": "connection_init", "payload": {"token": machines.token}})
        if (await socket.receive()).type is not aiohttp.WSMsgType.TEXT:
            return
        payload = {"query": FOLLOW, "variables": {"after": cursor}}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT or (body := message.json())["type"] != "next":
                return
            yield body["payload"]


async def _by_stream(machines: Machines, address: str, cursor: str) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {machines.token}", "Accept": "text/event-stream"}
    body = {"query": FOLLOW, "variables": {"after": cursor}}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
        session.post(address, json=body, headers=headers) as response,
    ):
        async for line in response.content:
            if line.startswith(b"data: "):
                result = json.loads(line.removeprefix(b"data: "))
                if "errors" in result:
                    return
                yield result
