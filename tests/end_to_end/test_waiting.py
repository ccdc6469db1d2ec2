"""What waits for stock gets it from a running server, in turn, and never what was promised to somebody before."""

from functools import partial
from typing import Any

from tests.end_to_end.api import ADDRESS, Api, until

_STATE = """query ($id: ID!) { order(id: $id) {
  phase lines { allocated backordered } backorders { status waiting supplies { quantity place source } }
} }"""


async def place(api: Api, quantity: int) -> str:
    lines = [{"sku": "MUG", "quantity": quantity}]
    placed = await api.do(
        "placeOrder", "order { id }", channel="web", currency="GBP", lines=lines, shippingAddress=ADDRESS
    )
    return str(placed["order"]["id"])


async def state(api: Api, order: str) -> Any:
    return (await api.ask(_STATE, id=order))["order"]


async def ready(api: Api, order: str) -> Any:
    """How the order stands, once nothing of it waits."""
    now = await state(api, order)
    return now if now["phase"] == "READY" else None


async def test_arrivals_go_to_those_who_wait(api: Api) -> None:
    await api.do("createVariant", "variant { id }", sku="MUG", title="Mug")
    await api.do("setPrice", "variant { id }", sku="MUG", price={"amount": "12.50", "currency": "GBP"})
    made = await api.do("createLocation", "location { id }", code="london", name="London", address=ADDRESS)
    location = made["location"]["id"]
    await api.do("adjustStock", "stockLevel { id }", sku="MUG", locationId=location, quantity=2, reason="received")
    await api.do("setBackorderTerms", "stockLevel { id }", sku="MUG", locationId=location, limit=6)
    await api.do("createChannel", "channel { code }", code="web", name="Web")

    first = await place(api, 4)
    second = await place(api, 3)
    over = await api.refusal(
        "placeOrder",
        "order { id }",
        channel="web",
        currency="GBP",
        lines=[{"sku": "MUG", "quantity": 2}],
        shippingAddress=ADDRESS,
    )
    assert over["code"] == "INSUFFICIENT_STOCK"
    waits = await state(api, first)
    assert (waits["phase"], waits["lines"]) == ("BACKORDERED", [{"allocated": 2, "backordered": 2}])

    announced = await api.do(
        "announceInbound",
        "inboundShipment { id }",
        locationId=location,
        supplier="Potters",
        lines=[{"sku": "MUG", "quantity": 9}],
    )
    inbound = announced["inboundShipment"]["id"]
    # else what was announced may be heard of when it is there already, and be what the first was served for
    await api.server.house.relay.drain()
    await api.do(
        "receiveInbound", "inboundShipment { id }", inboundShipmentId=inbound, lines=[{"sku": "MUG", "quantity": 3}]
    )
    served = await until(partial(ready, api, first), "what the first waits for")
    assert served["backorders"] == [
        {"status": "SUPPLIED", "waiting": 0, "supplies": [{"quantity": 2, "place": 1, "source": "received"}]}
    ]
    # one unit of the three is left, and belongs to the second: nobody who comes now gets it
    third = await place(api, 1)
    assert (await state(api, third))["lines"] == [{"allocated": 0, "backordered": 1}]

    await api.do(
        "receiveInbound", "inboundShipment { id }", inboundShipmentId=inbound, lines=[{"sku": "MUG", "quantity": 3}]
    )
    for order in (second, third):
        await until(partial(ready, api, order), "what the others wait for")
