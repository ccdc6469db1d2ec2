"""What two cannot both do with one order: send and cancel it, give its money back twice, take a return in and give it up."""

from typing import Any

from tests.faults.hostile.lives import money, placed
from tests.faults.hostile.racer import Ask, Racer, expect


async def _shipment(racer: Racer, **lines: int) -> tuple[Any, str]:
    order = await placed(racer.walk, **lines)
    work = order["fulfillmentOrders"][0]
    picking = await racer.walk(
        "startPicking", "pickList { picks { id sku quantity } }", fulfillmentOrderIds=[work["id"]]
    )
    for pick in picking["picks"]:
        await racer.walk(
            "confirmPick", "pickList { id }", pickId=pick["id"], code=pick["sku"], quantity=pick["quantity"]
        )
    parcel = await racer.walk("packParcel", "parcel { id }", fulfillmentOrderId=work["id"])
    shipment = await racer.walk("createShipment", "shipment { id }", parcelId=parcel["id"], carrier="test")
    return order, shipment["id"]


def _hand_over(shipment: str) -> Ask:
    return "handOverShipment", "shipment { id }", {"shipmentId": shipment, "carrier": "test", "trackingNumber": "T-1"}


def _cancel(order: Any) -> Ask:
    return "cancelOrder", "order { id }", {"orderId": order["id"], "reason": "changed their mind"}


def _hold(order: Any) -> Ask:
    return "holdOrder", "order { id }", {"orderId": order["id"], "reason": "FRAUD"}


async def cancel_or_send(racer: Racer) -> None:
    """A parcel leaves while its order is cancelled, and held."""
    order, shipment = await _shipment(racer, MUG=1)
    codes = await racer.race(_cancel(order), _hand_over(shipment), _hand_over(shipment), _hold(order), _cancel(order))
    expect(racer, [codes[0], codes[4], *codes[1:3]], 0, 1, "cancelled or sent")


async def cancel_or_pick(racer: Racer) -> None:
    """The warehouse starts while the order is cancelled, its work refused, its priority changed."""
    order = await placed(racer.walk, MUG=1, PLATE=1)
    work = order["fulfillmentOrders"][0]["id"]
    start: Ask = ("startPicking", "pickList { id }", {"fulfillmentOrderIds": [work]})
    reject: Ask = ("rejectFulfillment", "fulfillmentOrder { id }", {"fulfillmentOrderId": work, "reason": "OTHER"})
    first: Ask = ("setOrderPriority", "order { id }", {"orderId": order["id"], "priority": 7})
    codes = await racer.race(start, start, _cancel(order), reject, first)
    expect(racer, codes[:2], 0, 1, "picking was started")


async def pick_twice(racer: Racer) -> None:
    """Two pickers scan the last unit, and a third packs."""
    order = await placed(racer.walk, PLATE=1)
    work = order["fulfillmentOrders"][0]["id"]
    (pick,) = (await racer.walk("startPicking", "pickList { picks { id } }", fulfillmentOrderIds=[work]))["picks"]
    scan: Ask = ("confirmPick", "pickList { id }", {"pickId": pick["id"], "code": "PLATE", "quantity": 1})
    pack: Ask = ("packParcel", "parcel { id }", {"fulfillmentOrderId": work})
    codes = await racer.race(scan, scan, pack, pack, _cancel(order))
    expect(racer, codes[:2], 0, 1, "one unit was picked")
    expect(racer, codes[2:4], 0, 1, "one parcel was packed")


async def refund_twice(racer: Racer) -> None:
    """Three refunds of more than half, with the bank and by hand, and a chargeback."""
    order = await placed(racer.walk, MUG=1)
    asked = {"orderId": order["id"], "amount": money("9.00"), "reason": "late"}
    refund: Ask = ("refundOrder", "refund { id }", asked)
    by_hand: Ask = ("refundOrder", "refund { id }", {**asked, "byHand": True, "reference": "till"})
    codes = await racer.race(refund, refund, by_hand)
    expect(racer, codes, 1, 1, "9.00 of 13.99 was given back")


async def pay_twice(racer: Racer) -> None:
    """One charge told of by three."""
    order = await placed(racer.walk, MUG=1)
    charge = {
        "orderId": order["id"],
        "kind": "CHARGE",
        "amount": money("1.00"),
        "externalId": "same",
        "provider": "bank",
    }
    codes = await racer.race(*(("recordPayment", "payment { id }", charge) for _ in range(3)), _cancel(order))
    expect(racer, codes[:3], 1, 3, "the charge was told")


async def settle_return(racer: Racer) -> None:
    """A return is received, cancelled, refunded and closed by several desks."""
    order, shipment = await _shipment(racer, MUG=2)
    await racer.walk(*_hand_over(shipment)[:2], **_hand_over(shipment)[2])
    line = order["lines"][0]["id"]
    ask: Ask = (
        "requestReturn",
        "return { id lines { id } }",
        {
            "orderId": order["id"],
            "lines": [{"orderLineId": line, "quantity": 2, "reason": "UNWANTED"}],
            "overrideReason": "-",
        },
    )
    expect(racer, await racer.race(ask, ask), 1, 1, "two units came back once")
    read = f'{{ node(id: "{order["id"]}") {{ ... on Order {{ returns {{ id lines {{ id }} }} }} }} }}'
    async with racer.http.post(racer.server.graphql, json={"query": read}, headers=racer.server.headers) as response:
        (back,) = (await response.json())["data"]["node"]["returns"]
    named = {"returnId": back["id"]}
    approve: Ask = ("approveReturn", "return { id }", named)
    decline: Ask = ("declineReturn", "return { id }", {**named, "reason": "worn"})
    cancel: Ask = ("cancelReturn", "return { id }", named)
    codes = await racer.race(approve, decline, cancel, approve)
    expect(racer, codes, 1, 2, "the return was decided on")
    units = {"lineId": back["lines"][0]["id"], "quantity": 2}
    receive: Ask = ("receiveReturn", "return { id }", {**named, "lines": [units]})
    codes = await racer.race(receive, receive, cancel)
    expect(racer, codes, 0, 1, "the goods were received, or the return cancelled")
    place = order["fulfillmentOrders"][0]["location"]["id"]
    inspect: Ask = (
        "inspectReturn",
        "return { id }",
        {**named, "units": [{**units, "locationId": place, "disposition": "RESTOCK"}]},
    )
    refund: Ask = ("refundReturn", "refund { id }", {**named, "byHand": True, "reference": "till"})
    deny: Ask = ("denyReturnRefund", "return { id }", {**named, "lineIds": [back["lines"][0]["id"]], "reason": "worn"})
    close: Ask = ("closeReturn", "return { id }", named)
    codes = await racer.race(inspect, inspect, refund, refund, deny, close)
    expect(racer, codes[:2], 0, 1, "two units were inspected")
    expect(racer, codes[2:5], 0, 1, "the money was decided on")
