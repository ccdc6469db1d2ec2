"""The shop's orders by webhook, from the first delivery to the parcel that the shop is told about."""

import asyncio
import importlib.util
import json
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from tests.end_to_end.api import ADDRESS, Api, row_counts, until
from tests.end_to_end.parcels import arrive, pack_and_send, start_and_pick
from tests.end_to_end.shopify import SECRET, AdminStandIn, Door, order_json, signed

from packhouse.testing.server import RunningServer
from packhouse.testing.shared import shared_path

TOPICS = ["create", "updated", "paid", "cancelled"]
SAMPLE_SKUS = ["SKU2006-001", "LENS-PROTECT-2YR", "CASE-LEATHER-PREM", "SKU2006-020", "SKU2006-035"]
WHOLE_ORDER = """
  number channel externalId status email currency placedAt cancelledAt cancelReason tags
  subtotal { amount } discount { amount } shipping { amount } tax { amount } total { amount currency }
  lines { sku title externalId ordered cancelled unitPrice { amount } total { amount } }
  shippingAddress { name company line1 city region postcode country phone }
  billingAddress { name line1 city region postcode country }
  customer { name email externalId }
  payments { amount { amount } }
"""
MESSAGES = (
    "{ inboundMessages(first: 100) { edges { node { id topic status reason field body order { externalId } } } } }"
)


def sample(name: str) -> dict[str, Any]:
    """Shopify's own sample of a webhook about an order."""
    path = shared_path(
        f"vendor-specs/shopify/webhooks/2026-07/examples/orders/{name}.json", start=Path(__file__).parent
    )
    return cast("dict[str, Any]", json.loads(path.read_text("utf-8"))["response"])


@pytest.fixture
def sign_as_vendor() -> Callable[[bytes, str], dict[str, str]]:
    """The headers that another program than ours computes as Shopify would."""
    path = shared_path("tools/vendor-mocks/send_webhook.py", start=Path(__file__).parent)
    spec = importlib.util.spec_from_file_location("send_webhook", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda body, topic: module.headers("shopify", SECRET, body, topic, str(uuid4()), int(time.time()), "")


async def messages(api: Api) -> list[Any]:
    return [edge["node"] for edge in (await api.ask(MESSAGES))["inboundMessages"]["edges"]]


async def worked_on(api: Api, count: int, status: str) -> list[Any]:
    """The messages, once so many of them have come so far."""

    async def look() -> list[Any] | None:
        found = [each for each in await messages(api) if each["status"] == status]
        return found if len(found) == count else None

    return await until(look, f"{count} messages that are {status}")


async def retry_all(api: Api) -> None:
    for each in await messages(api):
        await api.do("retryInboundMessage", "message { status }", id=each["id"])


async def order_of(api: Api, fields: str) -> Any:
    (found,) = await api.orders()
    return await api.order(found["id"], f"id {fields}")


async def phase_is(api: Api, phase: str) -> None:
    async def look() -> bool:
        return bool((await order_of(api, "phase"))["phase"] == phase)

    await until(look, f"an order that is {phase}")


@pytest.mark.parametrize("name", TOPICS)
async def test_a_sample_is_kept_until_its_skus_are_known_and_becomes_an_order(
    shop_api: Api, door: Door, sign_as_vendor: Callable[[bytes, str], dict[str, str]], name: str
) -> None:
    body = json.dumps(sample(name)).encode()
    status, answer = await door.post(body, sign_as_vendor(body, f"orders/{name}"))
    assert (status, answer) == (200, {"accepted": True, "duplicate": False})

    (message,) = await worked_on(shop_api, 1, "QUARANTINED")
    assert message["reason"] == "UNKNOWN_SKU: there is no variant with SKU SKU2006-001"
    assert message["field"] == "lines.0.sku"
    assert message["body"] == body.decode()
    assert await shop_api.orders() == []

    await shop_api.stock_shop(SAMPLE_SKUS, 5)
    await retry_all(shop_api)
    (message,) = await worked_on(shop_api, 1, "DONE")
    assert message["order"] == {"externalId": "820982911946154508"}
    order = await order_of(shop_api, WHOLE_ORDER)
    order.pop("id")
    lines = order.pop("lines")
    assert [(line["sku"], line["externalId"], line["ordered"], line["cancelled"]) for line in lines] == [
        (item["sku"], item["admin_graphql_api_id"].rsplit("/", 1)[1], item["quantity"], item["quantity"])
        for item in sample(name)["line_items"]
    ]
    assert [Decimal(line["unitPrice"]["amount"]) for line in lines] == [
        Decimal(item["price"]) for item in sample(name)["line_items"]
    ]
    assert sum(Decimal(line["unitPrice"]["amount"]) for line in lines) == Decimal(order["subtotal"]["amount"])
    assert order == {
        "number": "#9999",
        "channel": "our-shop",
        "externalId": "820982911946154508",
        "status": "CANCELLED",
        "email": "jon@example.com",
        "currency": "USD",
        "placedAt": "2022-01-01T00:00:00+00:00",
        "cancelledAt": "2022-01-01T00:00:00+00:00",
        "cancelReason": "customer",
        "tags": ["tag1", "tag2", "test-order"],
        "subtotal": {"amount": "414.95"},
        "discount": {"amount": "20.00"},
        "shipping": {"amount": "10.00"},
        "tax": {"amount": "0.00"},
        "total": {"amount": "404.95", "currency": "USD"},
        "shippingAddress": {
            "name": "Steve Shipper",
            "company": "Shipping Company",
            "line1": "123 Shipping Street",
            "city": "Shippington",
            "region": "KY",
            "postcode": "40003",
            "country": "US",
            "phone": "555-555-SHIP",
        },
        "billingAddress": {
            "name": "Steve Shipper",
            "line1": "123 Shipping Street",
            "city": "Shippington",
            "region": "KY",
            "postcode": "40003",
            "country": "US",
        },
        "customer": {"name": "John Smith", "email": "jon@example.com", "externalId": "115310627314723954"},
        "payments": [],
    }


async def test_all_samples_are_one_order(
    shop_api: Api, door: Door, sign_as_vendor: Callable[[bytes, str], dict[str, str]]
) -> None:
    await shop_api.stock_shop(SAMPLE_SKUS, 5)
    for name in TOPICS:
        body = json.dumps(sample(name)).encode()
        assert (await door.post(body, sign_as_vendor(body, f"orders/{name}")))[0] == 200
    await worked_on(shop_api, len(TOPICS), "DONE")
    assert len(await shop_api.orders()) == 1


async def whole_way(api: Api, door: Door, admin: AdminStandIn, raw: dict[str, Any], lines: dict[str, int]) -> Any:
    """Let an order of the shop go all the way; gives what was told to the shop."""
    admin.units = Counter(lines)
    assert (await door.deliver(raw))[1] == {"accepted": True, "duplicate": False}
    await worked_on(api, 1, "DONE")
    order = await order_of(api, "status paymentStatus holds { reason } fulfillmentOrders { id }")
    assert (order["status"], order["paymentStatus"], order["holds"]) == ("CONFIRMED", "PAID", [])

    (work,) = order["fulfillmentOrders"]
    await start_and_pick(api, work["id"])
    shipment_id = await pack_and_send(api, work["id"], "1Z999AA10123456784")
    await until(lambda: _settled(api, admin), "the shipment at the shop")
    await arrive(api, shipment_id)
    await api.server.house.relay.drain()
    order = await order_of(api, "status phase lines { shipped delivered }")
    assert (order["status"], order["phase"]) == ("COMPLETED", "DELIVERED")
    (told,) = admin.made
    assert told["units"] == Counter(lines)
    return told["input"]


async def _settled(api: Api, admin: AdminStandIn) -> bool:
    await api.server.house.relay.drain()
    return bool(admin.made)


async def test_a_sample_as_a_live_order_goes_all_the_way_and_the_shop_is_told_once(
    shop_api: Api, door: Door, admin: AdminStandIn
) -> None:
    raw = {**sample("create"), "cancelled_at": None, "cancel_reason": None, "financial_status": "paid"}
    await shop_api.stock_shop(SAMPLE_SKUS, 5)
    to_send = {
        item["admin_graphql_api_id"].rsplit("/", 1)[1]: item["quantity"]
        for item in raw["line_items"]
        if item["requires_shipping"]
    }
    told = await whole_way(shop_api, door, admin, raw, to_send)
    assert told["trackingInfo"] == {"company": "UPS", "number": "1Z999AA10123456784"}


async def test_an_order_goes_all_the_way_and_the_shop_is_told_once(
    shop_api: Api, door: Door, admin: AdminStandIn
) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    told = await whole_way(shop_api, door, admin, order_json(), {"71": 2, "72": 1})
    assert told["trackingInfo"] == {"company": "UPS", "number": "1Z999AA10123456784"}
    assert told["notifyCustomer"] is True
    order = await order_of(shop_api, WHOLE_ORDER)
    assert order["total"] == {"amount": "34.99", "currency": "GBP"}
    levels = await shop_api.ask("{ stockLevels { edges { node { onHand allocated } } } }")
    assert sorted(edge["node"]["onHand"] for edge in levels["stockLevels"]["edges"]) == [3, 4]


async def test_an_update_changes_the_order(shop_api: Api, door: Door) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    await door.deliver(order_json(financial_status="pending"))
    await worked_on(shop_api, 1, "DONE")
    order = await order_of(shop_api, "paymentStatus holds { reason releasedAt }")
    assert (order["paymentStatus"], [hold["reason"] for hold in order["holds"]]) == ("NONE", ["PAYMENT"])

    address = {**ADDRESS, "address1": "2 Other Street", "zip": "EC1A 1BB", "country_code": "GB"}
    changed = order_json(updated_at="2026-11-01T11:00:00Z", note="leave it at the door", shipping_address=address)
    await door.deliver(changed, topic="orders/updated")
    await worked_on(shop_api, 2, "DONE")
    order = await order_of(
        shop_api, "status paymentStatus note shippingAddress { line1 postcode } holds { releasedAt } onHold"
    )
    assert (order["status"], order["paymentStatus"], order["note"]) == ("CONFIRMED", "PAID", "leave it at the door")
    assert order["shippingAddress"] == {"line1": "2 Other Street", "postcode": "EC1A 1BB"}
    assert order["onHold"] is False

    cancelled = order_json(
        updated_at="2026-11-01T12:00:00Z", cancelled_at="2026-11-01T12:00:00Z", cancel_reason="fraud"
    )
    await door.deliver(cancelled, topic="orders/cancelled")
    await worked_on(shop_api, 3, "DONE")
    order = await order_of(shop_api, "status cancelReason")
    assert (order["status"], order["cancelReason"]) == ("CANCELLED", "fraud")
    levels = await shop_api.ask("{ stockLevels { edges { node { onHand allocated } } } }")
    assert {edge["node"]["allocated"] for edge in levels["stockLevels"]["edges"]} == {0}


async def test_the_same_delivery_again_is_answered_and_does_nothing(
    shop_api: Api, shop_server: RunningServer, door: Door
) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    await door.deliver(order_json(), message_id="delivery-1")
    await worked_on(shop_api, 1, "DONE")
    before = await row_counts(shop_server)
    assert await door.deliver(order_json(), message_id="delivery-1") == (200, {"accepted": True, "duplicate": True})
    assert await row_counts(shop_server) == before


async def test_the_same_state_under_another_delivery_changes_nothing_but_the_inbox(
    shop_api: Api, shop_server: RunningServer, door: Door
) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    await door.deliver(order_json())
    await worked_on(shop_api, 1, "DONE")
    before = await row_counts(shop_server)
    await door.deliver(order_json(), topic="orders/paid")
    await worked_on(shop_api, 2, "DONE")
    assert await row_counts(shop_server) == {**before, "inbound_message": 2}


async def test_50_posts_of_one_delivery_at_once_make_one_order(shop_api: Api, door: Door) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    body = json.dumps(order_json()).encode()
    headers = signed(body, message_id="delivery-1")
    answers = await asyncio.gather(*(door.post(body, headers) for _ in range(50)))
    assert {status for status, _ in answers} == {200}
    assert sorted(answer["duplicate"] for _, answer in answers) == [False] + [True] * 49
    await worked_on(shop_api, 1, "DONE")
    assert len(await shop_api.orders()) == 1


async def test_50_deliveries_of_one_order_at_once_make_one_order(shop_api: Api, door: Door) -> None:
    await shop_api.stock_shop(["MUG", "PLATE"], 5)
    answers = await asyncio.gather(*(door.deliver(order_json()) for _ in range(50)))
    assert {status for status, _ in answers} == {200}
    await worked_on(shop_api, 50, "DONE")
    assert len(await shop_api.orders()) == 1
