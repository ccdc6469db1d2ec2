"""Placing orders over GraphQL, and looking after channels and what they sent."""

from collections.abc import Mapping
from typing import Any

import pytest
from strawberry.relay import to_base64
from tests.channels.partner import make_channel, make_message

from packhouse.channels.models import Channel, InboundMessage, Listing
from packhouse.orders.models import Order
from packhouse.sdk import Facts, Objection, OrderSnapshot, Verdict, new_id
from packhouse.storage import Database
from packhouse.testing.factories import make_shop, make_variant
from packhouse.testing.graphql import Execute, NoObjections
from packhouse.testing.proofs import contents, contradictions
from packhouse.web.context import Context

ERRORS = "userErrors { code field message }"
ADDRESS = {"name": "Test Buyer", "line1": "1 Example Street", "city": "London", "postcode": "SW1A 1AA", "country": "GB"}
ORDER = """order {
  number channel externalId status phase email note tags taxIncluded
  subtotal { amount } discount { amount } shipping { amount } tax { amount } total { amount currency }
  lines { sku title externalId ordered allocated unitPrice { amount } discount { amount } total { amount } }
  shippingAddress { name city } billingAddress { city } customer { name email }
  payments { kind amount { amount } provider method externalId } paymentStatus
  shippingSpeed
  deliveryPromises { promisedBy source }
  fulfillmentOrders { status location { code } lines { sku quantity } }
  timeline { type actor origin }
}"""


async def run(execute: Execute, mutation: str, selection: str, **values: Any) -> Any:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    return (await execute(document, {"input": values}))[mutation]


def request(**changes: Any) -> dict[str, Any]:
    values = {
        "channel": "shop",
        "currency": "GBP",
        "lines": [{"sku": "MUG", "quantity": 1}],
        "shippingAddress": ADDRESS,
    }
    return {**values, **changes}


def gbp(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}


@pytest.fixture
async def channel(database: Database) -> Channel:
    await make_shop(database)
    return await make_channel(database)


@pytest.mark.usefixtures("channel")
async def test_an_order_is_placed_with_everything_that_is_known_of_it(database: Database, execute: Execute) -> None:
    payload = await run(
        execute,
        "placeOrder",
        ORDER,
        **request(
            lines=[
                {"sku": "MUG", "quantity": 2, "unitPrice": gbp("10.00"), "externalId": "l1"},
                {"sku": "PLATE", "quantity": 1, "discount": gbp("1.50"), "tax": gbp("1.00"), "externalId": "l2"},
            ],
            email="Buyer@Example.com",
            customerName="Test Buyer",
            billingAddress={**ADDRESS, "city": "Leeds"},
            shipping=gbp("3.99"),
            externalId="1001",
            number="W-1001",
            payments=[
                {
                    "kind": "charge",
                    "amount": gbp("33.49"),
                    "externalId": "ch_1",
                    "provider": "bank",
                    "method": "card",
                }
            ],
            promisedBy="2030-01-05T18:00:00Z",
            shippingSpeed="PRIORITY",
            note="ring twice",
            tags=["gift", "vip"],
        ),
    )
    assert payload["userErrors"] == []
    order = payload["order"]
    assert {each["type"] for each in order.pop("timeline")} == {
        "ORDER_PLACED",
        "ORDER_CONFIRMED",
        "PAYMENT_RECORDED",
        "FULFILLMENT_REQUESTED",
    }
    assert order == {
        "number": "W-1001",
        "channel": "shop",
        "externalId": "1001",
        "status": "CONFIRMED",
        "phase": "READY",
        "email": "buyer@example.com",
        "note": "ring twice",
        "tags": ["gift", "vip"],
        "taxIncluded": False,
        "subtotal": {"amount": "30.00"},
        "discount": {"amount": "1.50"},
        "shipping": {"amount": "3.99"},
        "tax": {"amount": "1.00"},
        "total": {"amount": "33.49", "currency": "GBP"},
        "lines": [
            {
                "sku": "MUG",
                "title": "Title of MUG",
                "externalId": "l1",
                "ordered": 2,
                "allocated": 2,
                "unitPrice": {"amount": "10.00"},
                "discount": {"amount": "0.00"},
                "total": {"amount": "20.00"},
            },
            {
                "sku": "PLATE",
                "title": "Title of PLATE",
                "externalId": "l2",
                "ordered": 1,
                "allocated": 1,
                "unitPrice": {"amount": "10.00"},
                "discount": {"amount": "1.50"},
                "total": {"amount": "9.50"},
            },
        ],
        "shippingAddress": {"name": "Test Buyer", "city": "London"},
        "billingAddress": {"city": "Leeds"},
        "customer": {"name": "Test Buyer", "email": "buyer@example.com"},
        "payments": [
            {
                "kind": "CHARGE",
                "amount": {"amount": "33.49"},
                "provider": "bank",
                "method": "card",
                "externalId": "ch_1",
            }
        ],
        "paymentStatus": "PAID",
        "shippingSpeed": "PRIORITY",
        "deliveryPromises": [{"promisedBy": "2030-01-05T18:00:00+00:00", "source": "checkout"}],
        "fulfillmentOrders": [
            {
                "status": "OPEN",
                "location": {"code": "london"},
                "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "PLATE", "quantity": 1}],
            }
        ],
    }
    assert await contradictions(database) == []


class Guard(NoObjections):
    """A plugin that looks at a score before the order is placed."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.scored: list[str] = []

    @property
    def gathers_facts(self) -> bool:
        return True

    async def gather_order_facts(self, order: OrderSnapshot) -> Mapping[str, Facts]:
        self.scored.append(order.number)
        return {"guard": Facts({"score": 97})}

    def check(
        self, hook_name: str, order: OrderSnapshot, facts: Mapping[str, Facts] | None = None
    ) -> list[tuple[str, Objection]]:
        assert (hook_name, self.scored) == ("check_order", [order.number]), "facts are of the order that is placed"
        score = (facts or {})["guard"].values["score"]
        return [("guard", Objection(self.verdict, "FRAUD", f"score {score}", "email"))]


@pytest.mark.usefixtures("channel")
async def test_a_plugin_may_refuse_an_order(database: Database, execute: Execute, graphql_context: Context) -> None:
    graphql_context.checks = Guard(Verdict.REFUSE)
    before = await contents(database)
    payload = await run(execute, "placeOrder", "order { number }", **request())
    assert payload["order"] is None
    assert payload["userErrors"] == [{"code": "FRAUD", "field": ["email"], "message": "score 97 (guard)"}]
    assert await contents(database) == before


@pytest.mark.usefixtures("channel")
async def test_a_plugin_may_hold_an_order(execute: Execute, graphql_context: Context) -> None:
    graphql_context.checks = Guard(Verdict.HOLD)
    payload = await run(execute, "placeOrder", "order { status phase holds { reason note } }", **request())
    assert payload["order"] == {
        "status": "CONFIRMED",
        "phase": "HELD",
        "holds": [{"reason": "FRAUD", "note": "score 97 (guard)"}],
    }


async def test_orders_of_a_demo_channel_are_of_the_demo(channel: Channel, execute: Execute) -> None:
    await Channel.filter(id=channel.id).update(is_demo=True)
    payload = await run(execute, "placeOrder", "order { isDemo customer { isDemo } }", **request(email="a@example.com"))
    assert payload["order"] == {"isDemo": True, "customer": {"isDemo": True}}


@pytest.mark.usefixtures("channel")
async def test_what_needs_no_parcel_is_completed_at_once(database: Database, execute: Execute) -> None:
    variant = await make_variant(database, "EBOOK")
    await type(variant).filter(id=variant.id).update(requires_shipping=False)
    values = request(lines=[{"sku": "EBOOK", "quantity": 1}], shippingAddress=None)
    payload = await run(execute, "placeOrder", "order { status fulfillmentOrders { id } }", **values)
    assert payload == {"order": {"status": "COMPLETED", "fulfillmentOrders": []}, "userErrors": []}


async def test_a_channel_is_created_once(database: Database, execute: Execute) -> None:  # noqa: ARG001  (open)
    shown = "channel { code name provider isActive isDemo }"
    payload = await run(execute, "createChannel", shown, code="web", name="Web shop")
    assert payload["channel"] == {
        "code": "web",
        "name": "Web shop",
        "provider": None,
        "isActive": True,
        "isDemo": False,
    }
    for code, expected in (("web", "DUPLICATE_CODE"), ("Web Shop", "INVALID_VALUE")):
        payload = await run(execute, "createChannel", shown, code=code, name="Web shop")
        assert payload["channel"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(expected, ["code"])]
    assert await Channel.all().count() == 1


@pytest.mark.usefixtures("channel")
async def test_a_listing_is_added_and_pointed_elsewhere(execute: Execute) -> None:
    shown = "listing { channelSku variant { sku } }"
    for sku in ("MUG", "PLATE"):
        payload = await run(execute, "addListing", shown, channel="shop", channelSku="S-1", sku=sku)
        assert payload == {"listing": {"channelSku": "S-1", "variant": {"sku": sku}}, "userErrors": []}
    payload = await run(execute, "addListing", shown, channel="shop", channelSku="S-1", sku="NOPE")
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [("UNKNOWN_SKU", ["sku"])]
    assert await Listing.all().count() == 1


async def test_a_quarantined_message_is_retried(database: Database, channel: Channel, execute: Execute) -> None:
    message = await make_message(database, channel, "m1", "{}")
    shown = "message { status reason attempts body }"
    id_ = to_base64("InboundMessage", message.id)
    payload = await run(execute, "retryInboundMessage", shown, id=id_)
    assert (payload["message"], payload["userErrors"][0]["code"]) == (None, "ILLEGAL_STATE")

    await InboundMessage.filter(id=message.id).update(status="quarantined", reason="no such SKU", due_at=None)
    payload = await run(execute, "retryInboundMessage", shown, id=id_)
    assert payload["message"] == {"status": "RECEIVED", "reason": None, "attempts": 0, "body": "{}"}
    for wrong, code in (
        (to_base64("InboundMessage", new_id()), "NOT_FOUND"),
        (to_base64("Order", new_id()), "INVALID_ID"),
    ):
        payload = await run(execute, "retryInboundMessage", shown, id=wrong)
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, ["id"])]
    assert await Order.all().count() == 0
