"""What honest clients do, step by step, so that a request that is wrong in one thing alone comes at every step."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

ADDRESS = {"name": "Test Buyer", "line1": "1 Example Street", "city": "London", "postcode": "SW1A 1AA", "country": "GB"}
_WORK = "id fulfillmentOrders { id status location { id } lines { id sku quantity } } lines { id sku ordered } total { amount currency }"
_LATER = "2040-01-01T12:00:00Z"


class EndOfLife(Exception):
    """The next step cannot be made: what it needs was refused, because a spoilt request before was good enough to be done."""


class Nothing(dict[str, Any]):
    """What a step gave that was refused: a life may do without it, or ends where it needs it."""

    def __missing__(self, name: str) -> Any:
        raise EndOfLife(name)


class Walks(Protocol):
    """Does one step; gives what the mutation gave."""

    async def __call__(self, mutation: str, selection: str, **values: Any) -> Any: ...


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
    await walk("addDeliveryPromise", "deliveryPromise { id }", orderId=order["id"], promisedBy=_LATER, source="shop")
    shipment = await sent(walk, order)
    for status in ("IN_TRANSIT", "DELIVERED", "RETURN_TO_SENDER"):
        await walk(
            "recordTracking",
            "shipment { id status }",
            shipmentId=shipment["id"],
            status=status,
            occurredAt=_LATER,
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


def _named(places: Sequence[Any], code: str) -> str:
    return str(next(each["id"] for each in places if each["code"] == code))


async def stocked(walk: Walks, places: Sequence[Any]) -> None:
    """Stock that is counted, moved, announced, received and set apart."""
    leeds, london = _named(places, "leeds"), _named(places, "london")
    await walk(
        "adjustStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=5,
        reason="found",
        bin="A-2",
        safetyStock=0,
    )
    await walk(
        "moveStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=2,
        fromBin="A-2",
        toBin="A-1",
        reason="tidy",
    )
    await walk(
        "reclassifyStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=1,
        **{"from": "SELLABLE"},
        to="DAMAGED",
        reason="fell",
        bin="A-1",
    )
    await walk("setBackorderTerms", "stockLevel { onHand }", sku="MUG", locationId=leeds, limit=5, preorderLimit=5)
    line = {"sku": "MUG", "quantity": 3}
    coming = await walk(
        "announceInbound",
        "inboundShipment { id }",
        locationId=leeds,
        supplier="Potters",
        lines=[line],
        expectedAt=_LATER,
        reference="PO-1",
    )
    await walk(
        "rescheduleInbound", "inboundShipment { id }", inboundShipmentId=coming["id"], expectedAt="2041-01-01T00:00:00Z"
    )
    await walk(
        "receiveInbound",
        "inboundShipment { id }",
        inboundShipmentId=coming["id"],
        lines=[{"sku": "MUG", "quantity": 1, "bin": "A-1"}],
    )
    await walk("cancelInbound", "inboundShipment { id }", inboundShipmentId=coming["id"], reason="lost")
    moving = await walk(
        "sendTransfer",
        "inboundShipment { id }",
        fromLocationId=leeds,
        toLocationId=london,
        lines=[{**line, "bin": "A-1"}],
        expectedAt=_LATER,
    )
    await walk("receiveInbound", "inboundShipment { id }", inboundShipmentId=moving["id"], nothingMoreComes=True)
    await walk("setBin", "bin { code }", locationId=leeds, code="A-3", sequence=3)


async def kept_in_lots(walk: Walks, places: Sequence[Any]) -> None:
    """Lots."""
    leeds = _named(places, "leeds")
    await walk(
        "adjustStock",
        "stockLevel { onHand }",
        sku="JAM",
        locationId=leeds,
        quantity=2,
        reason="made",
        bin="B-1",
        lot="L-3",
        expiresOn="2040-01-01",
    )
    for mutation in ("quarantineLot", "releaseLot", "recallLot", "releaseLot"):
        await walk(mutation, "lot { code }", sku="JAM", code="L-3", reason="mould")
    await walk("trackLots", "variant { id }", sku="PLATE", minimumDays=3)
    await walk(
        "assignLot",
        "stockLevel { onHand }",
        sku="PLATE",
        locationId=leeds,
        quantity=1,
        bin="A-1",
        lot="P-1",
        reason="seen",
        expiresOn="2040-01-01",
    )


async def counted(walk: Walks, places: Sequence[Any]) -> None:
    """A stock count with four eyes, counted twice."""
    made = await walk(
        "createStockCount",
        "stockCount { id }",
        locationId=_named(places, "leeds"),
        reason="yearly",
        skus=["MUG", "PLATE"],
    )
    count = made["id"]
    await walk("startStockCount", "stockCount { id }", id=count)
    for round_ in (1, 2):
        seen = [{"sku": "MUG", "units": 30 + round_}, {"sku": "PLATE", "units": 20}]
        await walk("recordStockCount", "stockCount { id }", stockCountId=count, counter="Ann", counted=seen)
        await walk("submitStockCount", "stockCount { id }", stockCountId=count, leaveOutUncounted=True)
        if round_ == 1:
            await walk("recountStock", "stockCount { id }", stockCountId=count, reason="far off", skus=["MUG"])
    await walk("approveStockCount", "stockCount { id }", stockCountId=count, approver="Bob", note="fine")
    await walk("postStockCount", "stockCount { id }", id=count)


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
        promisedBy=_LATER,
    )
    await walk("releaseReservation", "reservation { id }", reservationId=basket["id"])


async def set_up(walk: Walks, places: Sequence[Any]) -> None:
    """What a shop decides: what it sells, where, by which rules and calendars."""
    leeds = _named(places, "leeds")
    await walk(
        "createVariant",
        "variant { id }",
        sku="BOWL",
        title="Bowl",
        weightGrams=200,
        lengthMm=100,
        hsCode="691200",
        countryOfOrigin="GB",
    )
    await walk("setPrice", "variant { id }", sku="BOWL", price=money("5.00"), channel="web", minQuantity=2)
    await walk(
        "setBundle",
        "variant { id }",
        sku="BOWL",
        components=[{"sku": "MUG", "quantity": 2}, {"sku": "PLATE", "quantity": 1}],
    )
    await walk("setPreorder", "variant { id }", sku="LATER", availableFrom=_LATER)
    calendar = {
        "timeZone": "Europe/London",
        "cutOff": "15:00",
        "handlingDays": 1,
        "holidays": ["2026-12-25"],
        "workingDays": [1, 2, 3],
    }
    await walk("setLocationCalendar", "location { id }", locationId=leeds, calendar=calendar)
    await walk(
        "setCountryCalendar",
        "countryCalendar { country }",
        country="GB",
        timeZone="Europe/London",
        holidays=["2026-12-25"],
    )
    times = [
        {"country": "GB", "minDays": 1, "maxDays": 2, "postcodePrefix": "SW", "timeZone": "Europe/London"},
        {"country": "DE", "minDays": 2, "maxDays": 5},
    ]
    await walk("setTransitTimes", "count", origin={"location": "leeds"}, times=times)
    rules = {
        "rules": [
            {"kind": "KEEP_BACK", "options": {"locations": ["london"], "units": 1}},
            {"kind": "DESTINATIONS", "options": {"locations": ["leeds"], "countries": ["GB"]}},
            {"kind": "CAPACITY", "options": {"limits": [{"location": "leeds", "unitsPerDay": 500, "cutOff": "15:00", "timeZone": "Europe/London"}]}},
            {"kind": "NEAREST"},
        ],
        "split": "LIMITED", "mostParcels": 3, "mostExtraCost": money("9.00"), "mostExtraPercent": 50.0,
    }  # fmt: skip
    for rule in rules["rules"]:
        await walk(
            "setRoutingRules", "routingRules { version }", rules={**rules, "rules": [rule]}, channel="web", note="one"
        )
    await walk("setRoutingRules", "routingRules { version }", rules=rules, channel="web", note="all")
    await walk("createChannel", "channel { id }", code="fair", name="The fair")
    await walk("addListing", "listing { id }", channel="shop", channelSku="P-1", sku="PLATE")
    await walk("setListingBuffer", "listing { id }", channel="shop", channelSku="P-1", units=2)
    await walk("setChannelBuffer", "channel { id }", channel="shop", units=1)
    await walk("setServingLocations", "channel { id }", channel="shop", locations=["leeds"], networks=False)
    await walk("pushStock", "channel { id }", channel="shop")
    made = await walk("createLocation", "location { id }", code="york", name="York", address=ADDRESS, group="north")
    await walk("setLocationActive", "location { id }", locationId=made["id"], isActive=False)


async def served(walk: Walks, customers: Sequence[Any]) -> None:
    """Consents, and the plugins."""
    for customer in customers[:1]:
        await walk(
            "recordConsent",
            "consent { id }",
            customerId=customer["id"],
            purpose="MARKETING_EMAIL",
            state="GRANTED",
            source="form",
            givenAt="2026-01-01T00:00:00Z",
        )
    await walk("pausePlugin", "deliveries { plugin }", plugin="packhouse-fulfillment", reason="moving house")
    await walk("resumePlugin", "deliveries { plugin }", plugin="packhouse-fulfillment")
    await walk(
        "replayEvents",
        "events position",
        plugin="packhouse-fulfillment",
        since="2026-01-01T00:00:00Z",
        types=["STOCK_ADJUSTED"],
    )


Life = Callable[[Walks], Awaitable[None]]


def lives(places: Sequence[Any], customers: Sequence[Any]) -> dict[str, Life]:
    """All of them, by name."""
    return {
        "delivered": delivered,
        "cancelled": cancelled,
        "given away": given_away,
        "returned": returned,
        "paid": paid,
        "stocked": lambda walk: stocked(walk, places),
        "lots": lambda walk: kept_in_lots(walk, places),
        "counted": lambda walk: counted(walk, places),
        "reserved": reserved,
        "set up": lambda walk: set_up(walk, places),
        "served": lambda walk: served(walk, customers),
    }
