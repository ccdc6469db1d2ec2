import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import (
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    PushesShipments,
    ShipmentNotice,
)
from packhouse_shopify import ShopifyChannel

LAST_PAGE = {"hasNextPage": False, "endCursor": None}


def connection(*nodes: Any) -> dict[str, Any]:
    return {"pageInfo": LAST_PAGE, "nodes": list(nodes)}


def fo_line(number: int, line: str, remaining: int) -> dict[str, Any]:
    item = {"id": f"gid://shopify/LineItem/{line}"}
    return {"id": f"gid://shopify/FulfillmentOrderLineItem/{number}", "remainingQuantity": remaining, "lineItem": item}


def fulfillment_order(number: int, *lines: Any, status: str = "OPEN", location: int = 1) -> dict[str, Any]:
    place = {"name": "Hall", "location": {"id": f"gid://shopify/Location/{location}"}}
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": status,
        "assignedLocation": place,
        "lineItems": connection(*lines),
    }


def notice(**changes: Any) -> ShipmentNotice:
    values = {
        "idempotency_key": "k1",
        "external_order_id": "450",
        "carrier": "ups",
        "tracking_number": "1Z999",
        "tracking_url": "https://track.example/1Z999",
        "lines": {"11": 2, "12": 1},
        "shipped_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
        **changes,
    }
    return ShipmentNotice(**values)


class Orders:
    """An order at Shopify that remembers the fulfilments made of it."""

    def __init__(self, admin: Any, *fulfillment_orders: Any) -> None:
        self.fulfillment_orders = fulfillment_orders
        self.fulfillments: list[dict[str, Any]] = []
        self.lines_of: dict[str, list[dict[str, Any]]] = {}
        self.lose_answer = False
        admin.on("OrderFulfillments", lambda _: {"order": {"fulfillments": self.fulfillments}})
        admin.on("FulfillmentLines", lambda asked: {"fulfillment": self.contents(asked["id"])})
        admin.on("FulfillmentOrders", lambda _: {"order": {"fulfillmentOrders": connection(*fulfillment_orders)}})
        admin.on("FulfillmentCreate", self.create)

    def contents(self, gid: str) -> dict[str, Any]:
        return {"fulfillmentLineItems": connection(*self.lines_of[gid])}

    def create(self, asked: dict[str, Any]) -> Any:
        given = asked["fulfillment"]
        gid = f"gid://shopify/Fulfillment/{100 + len(self.fulfillments)}"
        self.lines_of[gid] = []
        for part in given["lineItemsByFulfillmentOrder"]:
            for unit in part["fulfillmentOrderLineItems"]:
                line = self.line(unit["id"])
                line["remainingQuantity"] -= unit["quantity"]
                self.lines_of[gid].append({"quantity": unit["quantity"], "lineItem": line["lineItem"]})
        self.fulfillments.append(
            {
                "id": gid,
                "status": "SUCCESS",
                "createdAt": "2026-11-22T10:05:00Z",
                "trackingInfo": [{"number": given["trackingInfo"].get("number")}],
            }
        )
        if self.lose_answer:
            self.lose_answer = False
            return "drop"
        return {"fulfillmentCreate": {"fulfillment": {"id": gid}, "userErrors": []}}

    def line(self, gid: str) -> dict[str, Any]:
        lines = [line for order in self.fulfillment_orders for line in order["lineItems"]["nodes"]]
        return next(line for line in lines if line["id"] == gid)


async def test_makes_one_fulfilment_with_tracking(admin: Any, channel: ShopifyChannel) -> None:
    Orders(admin, fulfillment_order(1, fo_line(21, "11", 3), fo_line(22, "12", 1)))
    assert isinstance(channel, PushesShipments)
    assert await channel.push_shipment(notice()) == "100"
    assert admin.asked("FulfillmentCreate") == [
        {
            "fulfillment": {
                "lineItemsByFulfillmentOrder": [
                    {
                        "fulfillmentOrderId": "gid://shopify/FulfillmentOrder/1",
                        "fulfillmentOrderLineItems": [
                            {"id": "gid://shopify/FulfillmentOrderLineItem/21", "quantity": 2},
                            {"id": "gid://shopify/FulfillmentOrderLineItem/22", "quantity": 1},
                        ],
                    }
                ],
                "notifyCustomer": True,
                "trackingInfo": {"company": "UPS", "number": "1Z999", "url": "https://track.example/1Z999"},
            }
        }
    ]


async def test_the_same_shipment_twice_has_one_effect(admin: Any, channel: ShopifyChannel) -> None:
    Orders(admin, fulfillment_order(1, fo_line(21, "11", 9), fo_line(22, "12", 9)))
    answers = await asyncio.gather(*(channel.push_shipment(notice()) for _ in range(3)))
    assert answers == ["100", "100", "100"]
    assert len(admin.asked("FulfillmentCreate")) == 1


async def test_a_lost_answer_is_in_doubt_and_found_by_calling_again(admin: Any, channel: ShopifyChannel) -> None:
    orders = Orders(admin, fulfillment_order(1, fo_line(21, "11", 9), fo_line(22, "12", 9)))
    orders.lose_answer = True
    with pytest.raises(ProviderInDoubt):
        await channel.push_shipment(notice())
    assert await channel.push_shipment(notice()) == "100"
    assert len(orders.fulfillments) == 1


async def test_several_locations_make_a_fulfilment_each_and_go_on_after_a_break(
    admin: Any, channel: ShopifyChannel
) -> None:
    orders = Orders(
        admin,
        fulfillment_order(1, fo_line(21, "11", 1), location=1),
        fulfillment_order(2, fo_line(22, "11", 1), fo_line(23, "12", 1), location=2),
    )
    orders.lose_answer = True
    with pytest.raises(ProviderInDoubt):
        await channel.push_shipment(notice())
    assert await channel.push_shipment(notice()) == "100,101"
    assert orders.lines_of["gid://shopify/Fulfillment/101"] == [
        {"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/11"}},
        {"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/12"}},
    ]


async def test_without_a_number_the_same_units_after_the_shipment_are_taken_for_it(
    admin: Any, channel: ShopifyChannel
) -> None:
    orders = Orders(admin, fulfillment_order(1, fo_line(21, "11", 9), fo_line(22, "12", 9)))
    plain = notice(tracking_number="", tracking_url="", carrier="")
    assert [await channel.push_shipment(plain), await channel.push_shipment(plain)] == ["100", "100"]
    later = notice(tracking_number="", tracking_url="", shipped_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert await channel.push_shipment(later) == "101"
    assert len(orders.fulfillments) == 2


async def test_a_cancelled_fulfilment_is_not_the_shipment(admin: Any, channel: ShopifyChannel) -> None:
    orders = Orders(admin, fulfillment_order(1, fo_line(21, "11", 9), fo_line(22, "12", 9)))
    await channel.push_shipment(notice())
    orders.fulfillments[0]["status"] = "CANCELLED"
    assert await channel.push_shipment(notice()) == "101"


async def test_reads_every_page_of_fulfillment_orders_and_their_lines(admin: Any, channel: ShopifyChannel) -> None:
    orders = Orders(admin, fulfillment_order(1, fo_line(21, "11", 2)), fulfillment_order(2, fo_line(22, "12", 1)))
    first, second = orders.fulfillment_orders
    more = {"hasNextPage": True, "endCursor": "c1"}
    tail = first | {"lineItems": {"pageInfo": more, "nodes": []}}
    admin.on(
        "FulfillmentOrders",
        {"order": {"fulfillmentOrders": {"pageInfo": more, "nodes": [tail]}}},
        {"order": {"fulfillmentOrders": connection(second)}},
    )
    admin.on("FulfillmentOrderLines", {"fulfillmentOrder": {"lineItems": first["lineItems"]}})
    assert await channel.push_shipment(notice()) == "100"
    assert [asked["after"] for asked in admin.asked("FulfillmentOrders")] == [None, "c1"]


async def test_more_units_than_are_left_are_refused_and_nothing_is_made(admin: Any, channel: ShopifyChannel) -> None:
    orders = Orders(
        admin,
        fulfillment_order(1, fo_line(21, "11", 1), fo_line(22, "12", 1)),
        fulfillment_order(2, fo_line(23, "11", 5), status="ON_HOLD"),
    )
    with pytest.raises(ProviderRefused, match=r"1 of line 11 \(other fulfillment orders are ON_HOLD\)"):
        await channel.push_shipment(notice())
    assert orders.fulfillments == []


async def test_refusals_before_anything_is_sent(admin: Any, channel: ShopifyChannel) -> None:
    with pytest.raises(ProviderRefused, match="not an order id"):
        await channel.push_shipment(notice(external_order_id="450/../1"))
    with pytest.raises(ProviderRefused, match="no units"):
        await channel.push_shipment(notice(lines={"11": 0}))
    assert admin.journal == []
    admin.on("OrderFulfillments", {"order": None})
    with pytest.raises(ProviderRefused, match="no order 450"):
        await channel.push_shipment(notice())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"fulfillmentCreate": {"fulfillment": None, "userErrors": [{"message": "is closed"}]}}, ProviderRefused),
        ({"fulfillmentCreate": {"fulfillment": None, "userErrors": []}}, ProviderInDoubt),
        ({"fulfillmentCreate": None}, ProviderInDoubt),
        ({"errors": [{"message": "Invalid input"}]}, ProviderRefused),
        ({"data": {"fulfillmentCreate": {}}, "errors": [{"message": "half"}]}, ProviderInDoubt),
        ({"errors": [{"message": "oh", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, ProviderInDoubt),
        ({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}, ProviderRateLimited),
        ((502, {}, "<html>"), ProviderInDoubt),
        ((200, {}, "<html>"), ProviderInDoubt),
        ("drop", ProviderInDoubt),
    ],
)
async def test_each_failure_of_creating_has_its_kind(
    admin: Any, channel: ShopifyChannel, answer: Any, error: type[Exception]
) -> None:
    Orders(admin, fulfillment_order(1, fo_line(21, "11", 9), fo_line(22, "12", 9)))
    admin.on("FulfillmentCreate", answer)
    with pytest.raises(error) as caught:
        await channel.push_shipment(notice())
    assert type(caught.value) is error


async def test_a_break_while_looking_is_not_in_doubt(admin: Any, channel: ShopifyChannel) -> None:
    admin.on("OrderFulfillments", "drop")
    with pytest.raises(ProviderUnavailable):
        await channel.push_shipment(notice())
