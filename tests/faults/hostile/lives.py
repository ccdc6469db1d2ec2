"""What honest clients do, step by step, so that a request that is wrong in one thing alone comes at every step."""

from typing import Any

from tests.faults.hostile.walking import Walks

ADDRESS = {"name": "Test Buyer", "line1": "1 Example Street", "city": "London", "postcode": "SW1A 1AA", "country": "GB"}
_WORK = "id fulfillmentOrders { id status location { id } lines { id sku quantity } } lines { id sku ordered } total { amount currency }"
LATER = "2040-01-01T12:00:00Z"


def money(amount: str) -> dict[str, str]:
    """Pounds."""
    return {"amount": amount, "currency": "GBP"}


async def placed(walk: Walks, **lines: int) -> Any:
    """An order of these SKUs."""
    return await walk(
        "placeOrder", f"order {{ {_WORK} }}", channel="web", currency="GBP", email="buyer@example.com", customerName="Test Buyer",
        lines=[{"sku": sku, "quantity": units} for sku, units in lines.items()], shippingAddress=ADDRESS, tags=["vip"],
        shipping=money("3.99"), payments=[{"kind": "charge", "amount": money("13.99"), "provider": "bank", "externalId": "c-1"}],
    )  # fmt: skip


async def sent(walk: Walks, order: Any) -> Any:
    """Pick, pack and send it; gives the shipment."""
    work = order["fulfillmentOrders"][0]
    picking = await walk(
        "startPicking", "pickList { id picks { id sku quantity lot } }", fulfillmentOrderIds=[work["id"]]
    )
    for pick in picking["picks"]:
        await walk(
            "confirmPick",
            "pickList { id status }",
            pickId=pick["id"],
            code=pick["sku"],
            quantity=pick["quantity"],
            lot=pick["lot"] or "",
        )
    size = {"lengthMm": 200, "widthMm": 200, "heightMm": 100}
    parcel = await walk("packParcel", "parcel { id }", fulfillmentOrderId=work["id"], weightGrams=400, dimensions=size)
    await walk("unpackParcel", "fulfillmentOrder { id status }", parcelId=parcel["id"])
    items = [{"fulfillmentOrderLineId": line["id"], "quantity": line["quantity"]} for line in work["lines"]]
    parcel = await walk("packParcel", "parcel { id }", fulfillmentOrderId=work["id"], items=items)
    shipment = await walk("createShipment", "shipment { id }", parcelId=parcel["id"], carrier="test", service="express")
    await walk("buyLabel", "shipment { id status }", shipmentId=shipment["id"], carrier="test", service="standard")
    await walk("voidLabel", "shipment { id status }", shipmentId=shipment["id"], reason="another service")
    parcels = await walk(
        "createShipment", "shipment { id }", parcelId=parcel["id"], carrier="test", trackingNumber="T-1"
    )
    return await walk(
        "handOverShipment", "shipment { id status }", shipmentId=parcels["id"], carrier="test", trackingNumber="T-2"
    )


async def delivered(walk: Walks) -> None:
    """From the click to the door, and the review."""
    order = await placed(walk, MUG=2, JAM=1)
    await walk("setOrderPriority", "order { id }", orderId=order["id"], priority=5)
    held = await walk("holdOrder", "order { id holds { id } }", orderId=order["id"], reason="FRAUD", note="two names")
    await walk("releaseHold", "order { id }", holdId=held["holds"][0]["id"], reason="married")
    await walk("addDeliveryPromise", "deliveryPromise { id }", orderId=order["id"], promisedBy=LATER, source="shop")
    shipment = await sent(walk, order)
    for status in ("IN_TRANSIT", "DELIVERED", "RETURN_TO_SENDER"):
        await walk(
            "recordTracking",
            "shipment { id status }",
            shipmentId=shipment["id"],
            status=status,
            occurredAt=LATER,
            place="Leeds",
        )
    review = await walk(
        "recordReview",
        "review { id }",
        orderId=order["id"],
        score=5,
        title="Good",
        platform="stars",
        externalId=order["id"],
    )
    await walk("replyToReview", "review { id }", reviewId=review["id"], text="Thank you")
    await walk("refreshReview", "review { id }", reviewId=review["id"])


async def cancelled(walk: Walks) -> None:
    """Work that is refused by the warehouse, then an order that is cancelled."""
    order = await placed(walk, MUG=1, PLATE=2)
    work = order["fulfillmentOrders"][0]
    await walk(
        "rejectFulfillment", "fulfillmentOrder { id }", fulfillmentOrderId=work["id"], reason="DAMAGED",
        fulfillmentOrderLineIds=[work["lines"][0]["id"]],
    )  # fmt: skip
    await walk("cancelOrder", "order { id }", orderId=order["id"], reason="changed their mind")


async def given_away(walk: Walks) -> None:
    """Work that somebody else has, and that we want back."""
    order = await placed(walk, FAR=1)
    work = order["fulfillmentOrders"][0]["id"]
    await walk(
        "requestFulfillmentCancellation",
        "fulfillmentOrder { id }",
        fulfillmentOrderId=work,
        reason="late",
        elsewhere=True,
    )


async def returned(walk: Walks) -> None:
    """Goods that come back, and their money."""
    order = await placed(walk, MUG=3)
    shipment = await sent(walk, order)
    await walk(
        "recordTracking",
        "shipment { id }",
        shipmentId=shipment["id"],
        status="DELIVERED",
        occurredAt="2026-11-01T12:00:00Z",
    )
    line = order["lines"][0]["id"]
    declined = await walk(
        "requestReturn",
        "return { id }",
        orderId=order["id"],
        lines=[{"orderLineId": line, "quantity": 1, "reason": "UNWANTED"}],
        overrideReason="-",
    )
    await walk("declineReturn", "return { id }", returnId=declined["id"], reason="worn")
    wanted = [{"orderLineId": line, "quantity": 2, "reason": "DEFECTIVE"}]
    back = await walk(
        "requestReturn", "return { id lines { id } }", orderId=order["id"], lines=wanted, overrideReason="regular"
    )
    await walk("approveReturn", "return { id }", returnId=back["id"])
    units = {"lineId": back["lines"][0]["id"], "quantity": 1}
    await walk("receiveReturn", "return { id }", returnId=back["id"], lines=[units])
    await walk("receiveReturn", "return { id }", returnId=back["id"], lines=[units], nothingMoreComes=True)
    place = order["fulfillmentOrders"][0]["location"]["id"]
    for disposition in ("RESTOCK", "SCRAP"):
        seen = {**units, "locationId": place, "disposition": disposition, "note": "scratched"}
        await walk("inspectReturn", "return { id }", returnId=back["id"], units=[seen])
    await walk("refundReturn", "refund { id status }", returnId=back["id"], freight=money("1.00"), reason="sent back")
    await walk(
        "denyReturnRefund", "return { id }", returnId=back["id"], lineIds=[back["lines"][0]["id"]], reason="again"
    )
    await walk("closeReturn", "return { id }", returnId=back["id"])


async def paid(walk: Walks) -> None:
    """Money to and fro."""
    order = await placed(walk, PLATE=1)
    for kind, amount in (("AUTHORIZATION", "5.00"), ("CHARGE", "5.00"), ("CHARGEBACK", "1.00")):
        await walk(
            "recordPayment",
            "payment { id }",
            orderId=order["id"],
            kind=kind,
            amount=money(amount),
            provider="bank",
            method="card",
            externalId=f"{order['id'][-9:]}{kind}",
        )
    # the bank says nothing clear about this amount
    await walk("refundOrder", "refund { id }", orderId=order["id"], amount=money("1.13"), reason="late")
    refund = (
        await walk("refundOrder", "order { refunds { id } }", orderId=order["id"], amount=money("1.00"), reason="late")
    )["refunds"][0]
    await walk("retryRefund", "refund { id }", refundId=refund["id"])
    await walk(
        "refundOrder", "refund { id }", orderId=order["id"], amount=money("1.00"), byHand=True, reference="till 7"
    )


async def reserved(walk: Walks) -> None:
    """A basket that is reserved, kept longer, and bought."""
    lines = [{"sku": "MUG", "quantity": 1}, {"sku": "SET", "quantity": 1}]
    basket = await walk("reserveStock", "reservation { id }", lines=lines, seconds=600)
    await walk("extendReservation", "reservation { id }", reservationId=basket["id"], seconds=900)
    await walk(
        "placeOrder",
        "order { id }",
        channel="web",
        currency="GBP",
        lines=lines,
        shippingAddress=ADDRESS,
        reservationId=basket["id"],
        promisedBy=LATER,
    )
    await walk("releaseReservation", "reservation { id }", reservationId=basket["id"])
