"""The people of the demo: a picker in each of our warehouses, and a service desk. Clients of the running API, like anybody's.

Whatever a 3PL, a carrier or a review platform would do is done by the product itself, with the simulators as partners.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from packhouse.demo.asking import Api, NotDone
from packhouse.demo.catalogue import VARIANTS
from packhouse.demo.progress import DemoOrder

Say = Callable[[str], None]

# Seconds at speed 1: what a movement of the hand takes, how often one looks up, and what a customer is promised.
_HAND = 0.1
_LOOK = 0.4
_PROMISED = 25.0
_WAITING_CODES = {"ON_HOLD", "NOT_OPEN"}

_LOCATIONS = "query Locations { locations(first: 100) { edges { node { id code isDemo } } } }"
_OPEN_WORK = """
query OpenWork($location: ID!) {
  fulfillmentOrders(filter: {locationId: $location, status: OPEN}, first: 20) {
    edges { node { id order { number isDemo onHold } } }
  }
}
"""
_QUOTES = "query Quotes($parcel: ID!) { shippingQuotes(parcelId: $parcel) { quotes { carrier service } } }"
_DELIVERED = """
query Delivered($id: ID!) {
  order(id: $id) {
    lines { id sku shipped }
    shipments { location { id } }
  }
}
"""
_RETURN = "return { id number status lines { id quantity received } }"


async def location_ids(api: Api, codes: Sequence[str]) -> list[str]:
    """The global ids of demo locations.

    Raises:
        NotDone: the API did not answer as it should.
    """
    found = (await api.ask(_LOCATIONS))["locations"]["edges"]
    ids = {edge["node"]["code"]: edge["node"]["id"] for edge in found if edge["node"]["isDemo"]}
    return [ids[code] for code in codes]


class Picker:
    """Takes open work of one location, picks it with a scanner, packs it, labels it, and hands it over to the carrier."""

    def __init__(self, api: Api, location_id: str, speed: float, say: Say) -> None:
        self._api = api
        self._location_id = location_id
        self._speed = speed
        self._say = say
        self._gave_up: set[str] = set()

    async def work(self) -> None:
        """Work until cancelled. What the API refuses is said once and left alone."""
        while True:
            found = (await self._api.ask(_OPEN_WORK, {"location": self._location_id}))["fulfillmentOrders"]["edges"]
            for edge in found:
                await self._try(edge["node"])
            await asyncio.sleep(_LOOK / self._speed)

    async def _try(self, work: Mapping[str, Any]) -> None:
        order = work["order"]
        if not order["isDemo"] or order["onHold"] or work["id"] in self._gave_up:
            return
        try:
            await self._send(work["id"])
        except NotDone as refused:
            # held or taken by somebody else since we looked
            if refused.code not in _WAITING_CODES:
                self._gave_up.add(work["id"])
                self._say(f"{order['number']} cannot be sent: {refused}")

    async def _send(self, work_id: str) -> None:
        started = await self._change(
            "startPicking", {"fulfillmentOrderIds": [work_id]}, "pickList { picks { id sku quantity } }"
        )
        for pick in started["pickList"]["picks"]:
            scanned = VARIANTS[pick["sku"]].barcode
            await self._change(
                "confirmPick",
                {"pickId": pick["id"], "code": scanned, "quantity": pick["quantity"]},
                "pickList { status }",
            )
        packed = await self._change("packParcel", {"fulfillmentOrderId": work_id}, "parcel { id }")
        parcel_id = packed["parcel"]["id"]
        quotes = (await self._api.ask(_QUOTES, {"parcel": parcel_id}))["shippingQuotes"]["quotes"]
        if not quotes:
            raise NotDone("shippingQuotes", "NO_QUOTE", f"no carrier sends parcel {parcel_id}")
        cheapest = quotes[0]
        drafted = await self._change("createShipment", {"parcelId": parcel_id}, "shipment { id }")
        shipment_id = drafted["shipment"]["id"]
        await self._change(
            "buyLabel",
            {"shipmentId": shipment_id, "carrier": cheapest["carrier"], "service": cheapest["service"]},
            "shipment { trackingNumber }",
        )
        await self._change("handOverShipment", {"shipmentId": shipment_id}, "shipment { status }")

    async def _change(self, mutation: str, input_: Mapping[str, Any], wanted: str) -> dict[str, Any]:
        done = await self._api.change(mutation, input_, wanted)
        await asyncio.sleep(_HAND / self._speed)
        return done


class ServiceDesk:
    """Promises each customer a day of delivery, and takes returns back."""

    def __init__(self, api: Api, speed: float, say: Say) -> None:
        self._api = api
        self._speed = speed
        self._say = say
        self._promised: set[str] = set()
        self._returning: set[str] = set()

    async def work(self, orders: Callable[[], Sequence[DemoOrder]], to_return: Callable[[], Collection[str]]) -> None:
        """Work until cancelled on the orders as they stand; `to_return` are the numbers of those that come back."""
        while True:
            for order in orders():
                try:
                    await self._look_after(order, comes_back=order.number in to_return())
                except NotDone as refused:
                    self._say(f"{order.number}: the service desk could not do its work: {refused}")
            await asyncio.sleep(_LOOK / self._speed)

    async def _look_after(self, order: DemoOrder, *, comes_back: bool) -> None:
        if order.id not in self._promised:
            self._promised.add(order.id)
            await self._promise(order)
        # a customer who has sent everything back is not asked for a review any more
        has_reviewed = order.phase == "delivered" and order.review_score is not None
        if comes_back and has_reviewed and order.id not in self._returning:
            self._returning.add(order.id)
            await self._take_back(order)

    async def _promise(self, order: DemoOrder) -> None:
        until = datetime.fromisoformat(order.placed_at) + timedelta(seconds=_PROMISED / self._speed)
        data = {"orderId": order.id, "promisedBy": until.isoformat(), "source": "demo service desk"}
        await self._api.change("addDeliveryPromise", data, "deliveryPromise { promisedBy }")

    async def _take_back(self, order: DemoOrder) -> None:
        found = (await self._api.ask(_DELIVERED, {"id": order.id}))["order"]
        location_id = found["shipments"][0]["location"]["id"]
        lines = [
            {"orderLineId": line["id"], "quantity": line["shipped"], "reason": "UNWANTED"}
            for line in found["lines"]
            if line["shipped"]
        ]
        requested = await self._change("requestReturn", {"orderId": order.id, "lines": lines})
        return_id = requested["id"]
        self._say(f"{order.number}: the customer sends it back, return {requested['number']}")
        await self._change("approveReturn", {"returnId": return_id})
        arrived = [{"lineId": line["id"], "quantity": line["quantity"]} for line in requested["lines"]]
        await self._change("receiveReturn", {"returnId": return_id, "lines": arrived})
        units = [{**line, "locationId": location_id, "disposition": "RESTOCK"} for line in arrived]
        await self._change("inspectReturn", {"returnId": return_id, "units": units})
        await self._api.change("refundReturn", {"returnId": return_id}, "refund { status }")
        await self._change("closeReturn", {"returnId": return_id})

    async def _change(self, mutation: str, input_: Mapping[str, Any]) -> dict[str, Any]:
        done = await self._api.change(mutation, input_, _RETURN)
        await asyncio.sleep(_HAND / self._speed)
        found: dict[str, Any] = done["return"]
        return found
