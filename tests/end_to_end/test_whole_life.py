"""One order from the click to the money back, by an API client that knows nothing else of the product."""

from typing import Any

from tests.end_to_end.api import ADDRESS, Api, following
from tests.end_to_end.parcels import arrive, pack_and_send, start_and_pick

from packhouse.testing.server import RunningServer

EVENTS = """
subscription { orderEvents(filter: {channels: ["web"]}) { type position actor origin payload order { number } } }
"""
TIMELINE = "timeline { type position actor origin payload }"
ALL_ACTIONS = {"CONFIRM", "HOLD", "RELEASE_HOLD", "CANCEL", "SHIP", "REQUEST_RETURN", "REFUND"}


async def allowed(api: Api, order_id: str) -> set[str]:
    """What may be done now; what may not has a reason."""
    actions = (await api.order(order_id, "availableActions { action allowed reason }"))["availableActions"]
    assert {each["action"] for each in actions} == ALL_ACTIONS
    assert all(each["allowed"] != bool(each["reason"]) for each in actions), actions
    return {each["action"] for each in actions if each["allowed"]}


async def place(api: Api) -> Any:
    return (
        await api.do(
            "placeOrder",
            "order { id number status total { amount currency } lines { id sku } fulfillmentOrders { id lines { id sku } } }",
            channel="web",
            currency="GBP",
            lines=[{"sku": "MUG", "quantity": 3}, {"sku": "PLATE", "quantity": 1}],
            email="buyer@example.com",
            customerName="Test Buyer",
            shippingAddress=ADDRESS,
            shipping={"amount": "3.99", "currency": "GBP"},
            payments=[
                {
                    "kind": "charge",
                    "amount": {"amount": "43.99", "currency": "GBP"},
                    "externalId": "ch_1",
                    "method": "card",
                }
            ],
            promisedBy="2030-01-05T18:00:00Z",
        )
    )["order"]


async def hold_and_release(api: Api, order: Any) -> None:
    """A held order is not picked; a released one is."""
    work_id = order["fulfillmentOrders"][0]["id"]
    held = await api.do(
        "holdOrder",
        "order { onHold phase holds { id reason note } }",
        orderId=order["id"],
        reason="FRAUD",
        note="two names on one card",
    )
    assert (held["order"]["onHold"], held["order"]["phase"]) == (True, "HELD")
    assert await allowed(api, order["id"]) == {"HOLD", "RELEASE_HOLD", "CANCEL", "REFUND"}
    refused = await api.refusal("startPicking", "pickList { id }", fulfillmentOrderIds=[work_id])
    assert (refused["code"], refused["field"][0]) == ("ON_HOLD", "fulfillmentOrderIds")
    (hold,) = held["order"]["holds"]
    released = await api.do("releaseHold", "order { onHold }", holdId=hold["id"], reason="they are married")
    assert released["order"] == {"onHold": False}


async def send_in_two_parcels(api: Api, order: Any) -> None:
    (work,) = order["fulfillmentOrders"]
    lines = {line["sku"]: line["id"] for line in work["lines"]}
    picks = await start_and_pick(api, work["id"])
    assert sorted((pick["sku"], pick["quantity"]) for pick in picks) == [("MUG", 3), ("PLATE", 1)]
    first = await pack_and_send(api, work["id"], "PARCEL-1", [{"fulfillmentOrderLineId": lines["MUG"], "quantity": 2}])
    seen = await api.order(order["id"], "fulfillmentStatus phase lines { sku shipped }")
    assert seen["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
    assert {line["sku"]: line["shipped"] for line in seen["lines"]} == {"MUG": 2, "PLATE": 0}
    second = await pack_and_send(api, work["id"], "PARCEL-2")
    await arrive(api, first)
    assert (await api.order(order["id"], "status"))["status"] == "CONFIRMED"
    await arrive(api, second)
    seen = await api.order(
        order["id"], "status phase completedAt shipments { trackingNumber status lines { quantity orderLine { sku } } }"
    )
    assert (seen["status"], seen["phase"]) == ("COMPLETED", "DELIVERED")
    assert seen["completedAt"]
    assert [
        (
            each["trackingNumber"],
            each["status"],
            sorted((line["orderLine"]["sku"], line["quantity"]) for line in each["lines"]),
        )
        for each in seen["shipments"]
    ] == [("PARCEL-1", "DELIVERED", [("MUG", 2)]), ("PARCEL-2", "DELIVERED", [("MUG", 1), ("PLATE", 1)])]


async def send_one_back(api: Api, order: Any, location_id: str) -> None:
    mug = next(line["id"] for line in order["lines"] if line["sku"] == "MUG")
    asked = await api.do(
        "requestReturn",
        "return { id status lines { id } }",
        orderId=order["id"],
        lines=[{"orderLineId": mug, "quantity": 1, "reason": "UNWANTED"}],
    )
    back = asked["return"]
    (line,) = back["lines"]
    await api.do("approveReturn", "return { status }", returnId=back["id"])
    await api.do(
        "receiveReturn", "return { status }", returnId=back["id"], lines=[{"lineId": line["id"], "quantity": 1}]
    )
    await api.do(
        "inspectReturn",
        "return { status }",
        returnId=back["id"],
        units=[{"lineId": line["id"], "locationId": location_id, "quantity": 1, "disposition": "RESTOCK"}],
    )
    refunded = await api.do(
        "refundReturn",
        "refund { status amount { amount currency } }",
        returnId=back["id"],
        byHand=True,
        reference="till 7",
        reason="sent back",
    )
    assert refunded["refund"] == {"status": "DONE", "amount": {"amount": "10.00", "currency": "GBP"}}
    closed = await api.do("closeReturn", "return { status } order { returnStatus paymentStatus }", returnId=back["id"])
    assert closed["return"] == {"status": "CLOSED"}
    assert closed["order"]["paymentStatus"] == "PARTIALLY_REFUNDED"


async def test_an_order_lives_its_whole_life_and_every_event_is_told_once(api: Api, server: RunningServer) -> None:
    location_id = await api.stock_shop(["MUG", "PLATE"], 10, price="10.00")
    await api.do("createChannel", "channel { code }", code="web", name="Web shop")
    async with following(server, EVENTS) as live:
        assert await live.pong() == []
        order = await place(api)
        assert (order["status"], order["total"]) == ("CONFIRMED", {"amount": "43.99", "currency": "GBP"})
        assert await allowed(api, order["id"]) == {"HOLD", "CANCEL", "REFUND"}
        await hold_and_release(api, order)
        await send_in_two_parcels(api, order)
        assert await allowed(api, order["id"]) == {"REQUEST_RETURN", "REFUND"}
        await send_one_back(api, order, location_id)

        await server.house.relay.drain()
        timeline = (await api.order(order["id"], TIMELINE))["timeline"]
        told = [await live.event() for _ in timeline]
        assert await live.pong() == []

    assert {each.pop("order")["number"] for each in told} == {order["number"]}
    assert told == sorted(timeline, key=lambda each: int(each["position"]))
    assert [each["type"] for each in told] == [
        "ORDER_PLACED",
        "PAYMENT_RECORDED",
        "FULFILLMENT_REQUESTED",
        "ORDER_CONFIRMED",
        "ORDER_HELD",
        "ORDER_RELEASED",
        "FULFILLMENT_STARTED",
        "FULFILLMENT_PICKED",
        "FULFILLMENT_PICKED",
        "PARCEL_PACKED",
        "SHIPMENT_CREATED",
        "SHIPMENT_DISPATCHED",
        "PARCEL_PACKED",
        "FULFILLMENT_PACKED",
        "SHIPMENT_CREATED",
        "SHIPMENT_DISPATCHED",
        "TRACKING_UPDATED",
        "SHIPMENT_DELIVERED",
        "TRACKING_UPDATED",
        "SHIPMENT_DELIVERED",
        "ORDER_COMPLETED",
        "RETURN_REQUESTED",
        "RETURN_APPROVED",
        "RETURN_RECEIVED",
        "RETURN_INSPECTED",
        "PAYMENT_RECORDED",
        "PAYMENT_RECORDED",
        "REFUND_MADE",
        "RETURN_CLOSED",
    ]
    levels = await api.ask("{ stockLevels { edges { node { onHand allocated variant { sku } } } } }")
    assert {
        edge["node"]["variant"]["sku"]: (edge["node"]["onHand"], edge["node"]["allocated"])
        for edge in levels["stockLevels"]["edges"]
    } == {"MUG": (8, 0), "PLATE": (9, 0)}
