"""A shop in which every mutation is done once, room by room."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strawberry.relay import to_base64
from tests.end_to_end.api import ADDRESS, Api

from packhouse.feedback.commands.take_in_review import TakeInReview, take_in_review
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.orders.models import Hold
from packhouse.sdk import IncomingReview, ProviderUnavailable
from packhouse.storage import Initiator
from packhouse.testing.factories import ADDRESS as _ADDRESS
from packhouse.testing.payments import FakeBank

Do = Callable[..., Awaitable[Any]]
SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="
_BY = Initiator("tester", "test")
LATER = "2030-01-05T09:00:00Z"


@dataclass
class Everything:
    """`do` does a mutation by its input; `by_id` one that takes an id alone."""

    api: Api
    bank: FakeBank
    do: Do
    by_id: Do
    london: str = ""
    leeds: str = ""

    async def run(self) -> None:
        """Every mutation, each at least once."""
        await self.sell()
        await self.stock()
        await self.lots()
        await self.count()
        await self.reserve()
        await self.send()
        await self.work_again()
        await self.give_back()
        await self.hear()
        await self.plugins()
        await self.tokens()

    async def sell(self) -> None:
        """What is sold, where, and how it gets there."""
        for code in ("london", "leeds"):
            made = await self.do("createLocation", "location { id }", code=code, name=code.title(), address=ADDRESS)
            setattr(self, code, made["location"]["id"])
        for sku in ("MUG", "PAIR", "TEA", "CUP", "BOOK"):
            await self.do("createVariant", "variant { id }", sku=sku, title=sku, weightGrams=300)
        for sku in ("MUG", "CUP", "BOOK"):
            await self.do("setPrice", "variant { id }", sku=sku, price=_pounds("10.00"))
        await self.do("setBundle", "variant { id }", sku="PAIR", components=[{"sku": "MUG", "quantity": 2}])
        await self.do("setPreorder", "variant { id }", sku="TEA", availableFrom=LATER)
        await self.do("setPreorder", "variant { id }", sku="TEA", availableFrom=None)
        await self.do("createChannel", "channel { code }", code="web", name="Web")
        await self.do("addListing", "listing { id }", channel="web", channelSku="W-MUG", sku="MUG")
        await self.do("setChannelBuffer", "channel { code }", channel="web", units=1)
        await self.do("setListingBuffer", "listing { id }", channel="web", channelSku="W-MUG", units=0)
        await self.do("setServingLocations", "channel { code }", channel="web", locations=["london", "leeds"])
        await self.do(
            "setRoutingRules", "routingRules { version }", channel="web", rules={"rules": [{"kind": "PRIORITY"}]}
        )
        await self.do(
            "setTransitTimes",
            "count",
            origin={"country": "GB"},
            times=[{"country": "GB", "minDays": 1, "maxDays": 2}],
        )
        await self.do("setCountryCalendar", "countryCalendar { country }", country="GB", timeZone="Europe/London")
        calendar = {"timeZone": "Europe/London", "cutOff": "15:00"}
        await self.do("setLocationCalendar", "location { id }", locationId=self.london, calendar=calendar)
        await self.do("setLocationCalendar", "location { id }", locationId=self.london, calendar=None)

    async def stock(self) -> None:
        """Units come, lie in bins, move, and are given terms."""
        level, here = "stockLevel { onHand }", {"sku": "MUG", "locationId": self.london}
        await self.do("adjustStock", level, **here, quantity=100, reason="received")
        await self.do("setBin", "bin { id }", locationId=self.london, code="A-1")
        await self.do("setBin", "bin { id }", locationId=self.london, code="A-2")
        await self.do("moveStock", level, **here, quantity=100, fromBin="", toBin="A-1", reason="put away")
        move = {"from": "SELLABLE", "to": "DAMAGED"}
        await self.do("reclassifyStock", level, **here, quantity=1, bin="A-1", reason="dropped", **move)
        await self.do("setBackorderTerms", level, **here, limit=5)
        inbound = "inboundShipment { id }"
        for ending in ("receive", "cancel"):
            lines = [{"sku": "MUG", "quantity": 10}]
            made = await self.do("announceInbound", inbound, locationId=self.london, supplier="Potters", lines=lines)
            id_ = made["inboundShipment"]["id"]
            await self.do("rescheduleInbound", inbound, inboundShipmentId=id_, expectedAt=LATER)
            if ending == "receive":
                await self.do("receiveInbound", inbound, inboundShipmentId=id_, lines=[{**lines[0], "bin": "A-2"}])
            else:
                await self.do("cancelInbound", inbound, inboundShipmentId=id_, reason="no clay")
        lines = [{"sku": "MUG", "quantity": 5, "bin": "A-1"}]
        await self.do("sendTransfer", inbound, fromLocationId=self.london, toLocationId=self.leeds, lines=lines)
        for is_active in (False, True):
            await self.do("setLocationActive", "location { id }", locationId=self.leeds, isActive=is_active)

    async def lots(self) -> None:
        """Tea has lots."""
        level, here = "stockLevel { onHand }", {"sku": "TEA", "locationId": self.london}
        await self.do("adjustStock", level, **here, quantity=10, reason="received", bin="A-1")
        await self.do("trackLots", "variant { id }", sku="TEA")
        await self.do(
            "assignLot",
            level,
            **here,
            quantity=10,
            bin="A-1",
            lot="L1",
            reason="read from the box",
            expiresOn="2099-01-01",
        )
        for mutation in ("quarantineLot", "releaseLot", "recallLot"):
            await self.do(mutation, "lot { status }", sku="TEA", code="L1", reason="a smell")

    async def count(self) -> None:
        """Counts that are posted, rejected, counted again and given up."""
        fields = "stockCount { id status lines(first: 5) { edges { node { sku } } } }"

        async def begin() -> str:
            made = await self.do("createStockCount", fields, locationId=self.london, reason="monthly", skus=["MUG"])
            id_ = str(made["stockCount"]["id"])
            await self.by_id("startStockCount", id_)
            return id_

        async def counted(id_: str, units: int = 90) -> None:
            figures = [{"sku": "MUG", "units": units}]
            await self.do("recordStockCount", fields, stockCountId=id_, counter="Ann", counted=figures)
            await self.do("submitStockCount", fields, stockCountId=id_)

        claim = {"lines": [{"sku": "MUG", "quantity": 95}], "seconds": 600}
        claimed = await self.do("reserveStock", "reservation { id }", **claim)
        first = await begin()
        await counted(first)
        await self.do("recountStock", fields, stockCountId=first, reason="sure?", skus=["MUG"])
        await counted(first)
        await self.do("approveStockCount", fields, stockCountId=first, approver="Ben")
        # booked only when nobody claims what was not found
        await self.do("releaseReservation", "reservation { id }", reservationId=claimed["reservation"]["id"])
        await self.by_id("postStockCount", first)
        second = await begin()
        await counted(second, 70)
        await self.do("rejectStockCount", fields, stockCountId=second, approver="Ben", note="no")
        await self.do("cancelStockCount", fields, stockCountId=await begin(), reason="enough")

    async def reserve(self) -> None:
        """A checkout holds units, for longer, and gives them back."""
        fields, lines = "reservation { id }", [{"sku": "MUG", "quantity": 1}]
        made = await self.do("reserveStock", fields, lines=lines, seconds=600)
        id_ = made["reservation"]["id"]
        await self.do("extendReservation", fields, reservationId=id_, seconds=1200)
        await self.do("releaseReservation", fields, reservationId=id_)

    async def place(self, units: int = 2, sku: str = "MUG") -> Any:
        """An order that is paid by the bank."""
        made = await self.do(
            "placeOrder",
            "order { id number customer { id } lines { id } fulfillmentOrders { id } }",
            channel="web",
            currency="GBP",
            email="buyer@example.com",
            lines=[{"sku": sku, "quantity": units}],
            shippingAddress=ADDRESS,
        )
        order = made["order"]
        amount = _pounds(f"{units * 10}.00")
        await self.do(
            "recordPayment",
            "payment { id }",
            orderId=order["id"],
            kind="CHARGE",
            outcome="SUCCESS",
            amount=amount,
            provider="bank",
            externalId=f"ch-{order['number']}",
        )
        return order

    async def send(self) -> None:
        """One order from the hold to the door."""
        order = await self.place()
        fields = "order { holds { id } }"
        held = await self.do("holdOrder", fields, orderId=order["id"], reason="OTHER", note="a look")
        await self.do("releaseHold", fields, holdId=held["order"]["holds"][0]["id"], reason="fine")
        await self.do("setOrderPriority", fields, orderId=order["id"], priority=5)
        await self.do(
            "addDeliveryPromise", "deliveryPromise { id }", orderId=order["id"], promisedBy=LATER, source="shop"
        )
        work = order["fulfillmentOrders"][0]["id"]
        made = await self.do("startPicking", "pickList { picks { id sku quantity } }", fulfillmentOrderIds=[work])
        for pick in made["pickList"]["picks"]:
            await self.do("confirmPick", "pickList { id }", pickId=pick["id"], code="MUG", quantity=pick["quantity"])
        parcel = await self.do("packParcel", "parcel { id }", fulfillmentOrderId=work)
        await self.do("unpackParcel", "fulfillmentOrder { id }", parcelId=parcel["parcel"]["id"])
        parcel = await self.do("packParcel", "parcel { id }", fulfillmentOrderId=work)
        for last in (False, True):
            made = await self.do("createShipment", "shipment { id }", parcelId=parcel["parcel"]["id"])
            shipment = {"shipmentId": made["shipment"]["id"]}
            await self.do("buyLabel", "shipment { id }", **shipment, carrier="test", service="standard")
            if not last:
                await self.do("voidLabel", "shipment { id }", **shipment, reason="too dear")
        await self.do("handOverShipment", "shipment { id }", **shipment)
        await self.do("recordTracking", "shipment { id }", **shipment, status="DELIVERED", occurredAt=LATER)
        self.sent = order

    async def work_again(self) -> None:
        """Work that is refused or taken back, orders that wait, are confirmed and called off."""
        first = await self.place(1)
        note = {"reason": "OTHER", "note": "the shelf fell"}
        work = first["fulfillmentOrders"][0]["id"]
        await self.do("rejectFulfillment", "fulfillmentOrder { id }", fulfillmentOrderId=work, **note)
        await self.do("cancelOrder", "order { id }", orderId=first["id"], reason="changed their mind")
        there = {"sku": "CUP", "reason": "received"}
        await self.do("setBackorderTerms", "stockLevel { id }", sku="CUP", locationId=self.london, limit=5)
        waiting = await self.place(2, "CUP")
        await self.do("adjustStock", "stockLevel { id }", **there, locationId=self.leeds, quantity=2)
        await self.do("rerouteBackorders", "order { id }", orderId=waiting["id"])
        sold = await self._sold_elsewhere()
        await self.do("adjustStock", "stockLevel { id }", **there, locationId=self.leeds, quantity=9)
        await self.do("confirmOrder", "order { id }", orderId=sold)
        await self._take_back()

    async def _sold_elsewhere(self) -> str:
        """An order of more than there is, held by nothing any more."""
        data = PlaceOrder("web", "GBP", (PlaceLine("CUP", 9),), shipping_address=_ADDRESS, on_shortage=OnShortage.HOLD)
        database = self.api.server.house.database
        order_id = await database.write(_BY, lambda uow: place(uow, data, lambda _: []))
        await database.write(_BY, lambda _: Hold.filter(order_id=order_id).delete())
        return to_base64("Order", order_id)

    async def _take_back(self) -> None:
        """Work that somebody else has."""
        made = await self.do("createLocation", "location { id }", code="3pl", name="3PL", network="test-3pl")
        there = {"sku": "BOOK", "locationId": made["location"]["id"]}
        await self.do("adjustStock", "stockLevel { id }", **there, quantity=5, reason="counted")
        order = await self.place(1, "BOOK")
        await self.api.server.house.relay.drain()
        work = order["fulfillmentOrders"][0]["id"]
        await self.do(
            "requestFulfillmentCancellation", "fulfillmentOrder { id }", fulfillmentOrderId=work, reason="a wrong title"
        )

    async def give_back(self) -> None:
        """Returns to every end, and money."""
        fields, order = "return { id lines { id } }", self.sent

        async def ask(units: int = 1) -> Any:
            lines = [{"orderLineId": order["lines"][0]["id"], "quantity": units, "reason": "UNWANTED"}]
            made = await self.do("requestReturn", fields, orderId=order["id"], lines=lines)
            return made["return"]

        await self.do("declineReturn", fields, returnId=(await ask())["id"], reason="too late")
        await self.do("cancelReturn", fields, returnId=(await ask())["id"], reason="kept it")
        for refunds in (True, False):
            back = await ask()
            (line,) = back["lines"]
            id_ = {"returnId": back["id"]}
            await self.do("approveReturn", fields, **id_)
            await self.do("receiveReturn", fields, **id_, lines=[{"lineId": line["id"], "quantity": 1}])
            units = [{"lineId": line["id"], "locationId": self.london, "quantity": 1, "disposition": "SCRAP"}]
            await self.do("inspectReturn", fields, **id_, units=units)
            if refunds:
                await self.do("refundReturn", "refund { id }", **id_, reason="sent back")
            else:
                await self.do("denyReturnRefund", fields, **id_, lineIds=[line["id"]], reason="worn")
            await self.do("closeReturn", fields, **id_)
        await self.do("refundOrder", "refund { id }", orderId=order["id"], amount=_pounds("1.00"), reason="late")
        self.bank.error = ProviderUnavailable("lunch")
        late = {"orderId": order["id"], "amount": _pounds("2.00"), "reason": "later"}
        await self.api.change("refundOrder", "refund { id }", **late)
        self.bank.error = None
        ((row),) = await self.api.server.house.database.fetch("SELECT id FROM refund WHERE amount = 200")
        await self.do("retryRefund", "refund { id }", refundId=to_base64("Refund", row["id"]))

    async def hear(self) -> None:
        """Reviews, and what buyers agree to."""
        order = self.sent
        given = {"orderId": order["id"], "score": 4, "platform": "stars", "externalId": "r1"}
        review = (await self.do("recordReview", "review { id }", **given))["review"]["id"]
        await self.do("replyToReview", "review { id }", reviewId=review, text="Thank you")
        database = self.api.server.house.database
        for external_id in ("r2", "r3"):
            stray = TakeInReview("stars", IncomingReview(external_id, "NOBODY", 5))
            await database.write(_BY, lambda uow, stray=stray: take_in_review(uow, stray))
        rows = await database.fetch("SELECT id FROM quarantined_review")
        tied, strange = (to_base64("QuarantinedReview", row["id"]) for row in rows)
        await self.do("assignQuarantinedReview", "review { id }", id=tied, orderId=order["id"])
        await self.do("dismissQuarantinedReview", "quarantinedReview { id }", id=strange)
        consent = {"purpose": "REVIEWS", "state": "DENIED", "source": "phone"}
        await self.do("recordConsent", "consent { id }", customerId=order["customer"]["id"], **consent)

    async def plugins(self) -> None:
        """A plugin is set up, paused, and put away."""
        plugin, code = "plugin { code }", {"code": "webhooks"}
        for mutation in ("disablePlugin", "enablePlugin"):
            await self.do(mutation, plugin, **code)
        await self.do("setPluginSecret", plugin, **code, name="shop", value=SECRET)
        endpoint = {"url": "https://shop.example.com/hooks", "secrets": [{"secret": "shop"}], "events": ["order_held"]}
        await self.do("configurePlugin", plugin, **code, set=[{"key": "endpoints.shop", "value": endpoint}])
        await self.do("pausePlugin", "deliveries { plugin }", plugin="webhooks/shop", reason="they moved")
        await self.do("resumePlugin", "deliveries { plugin }", plugin="webhooks/shop")
        await self.do("configurePlugin", plugin, **code, unset=["endpoints.shop"])
        await self.do("deletePluginSecret", plugin, **code, name="shop")

    async def tokens(self) -> None:
        """Somebody may ask, may ask for more, and may not any longer."""
        token, name = "accessToken { name }", {"name": "temporary"}
        await self.do("createAccessToken", token, **name, permissions=["orders.read"])
        await self.do("changeAccessToken", token, **name, permissions=["orders.write"])
        await self.do("revokeAccessToken", token, **name)


def _pounds(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}
