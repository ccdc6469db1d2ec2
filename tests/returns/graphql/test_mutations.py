from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import ProviderInDoubt
from packhouse.testing.graphql import Execute
from packhouse.testing.payments import FakeBank
from packhouse.web.context import Context

SHOWN = """
  return { id number status lines { id quantity received reason custody money refund { amount } inspections { disposition } } }
  order { returnStatus }
  userErrors { code field }
"""


def mutation(name: str) -> str:
    return f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {SHOWN} }} }}"


REFUND = f"""
mutation ($input: RefundReturnInput!) {{
  refundReturn(input: $input) {{ refund {{ status amount {{ amount currency }} }} {SHOWN} }}
}}
"""


class Client:
    """Runs mutations one after another on the same return."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self.return_id = ""

    async def __call__(self, name: str, **fields: Any) -> dict[str, Any]:
        document = REFUND if name == "refundReturn" else mutation(name)
        given = fields if name == "requestReturn" else {"returnId": self.return_id, **fields}
        payload: dict[str, Any] = (await self._execute(document, {"input": given}))[name]
        return payload

    async def works(self, name: str, **fields: Any) -> dict[str, Any]:
        payload = await self(name, **fields)
        assert payload["userErrors"] == []
        return payload

    async def refused(self, name: str, **fields: Any) -> tuple[str, list[str] | None]:
        (error,) = (await self(name, **fields))["userErrors"]
        return error["code"], error["field"]


@pytest.fixture
def client(execute: Execute, graphql_context: Context, bank: FakeBank) -> Client:
    graphql_context.providers = bank.providers
    return Client(execute)


async def lines_of(order: Order, **units: int) -> list[dict[str, Any]]:
    return [
        {
            "orderLineId": to_base64("OrderLine", (await OrderLine.get(order_id=order.id, sku=sku)).id),
            "quantity": count,
            "reason": "DOES_NOT_FIT",
        }
        for sku, count in units.items()
    ]


async def test_a_return_from_the_request_to_its_end(client: Client, order: Order, shop: Location) -> None:
    asked = await client.works(
        "requestReturn", orderId=to_base64("Order", order.id), lines=await lines_of(order, MUG=2, PLATE=1)
    )
    client.return_id = asked["return"]["id"]
    mug, plate = (line["id"] for line in asked["return"]["lines"])
    assert (asked["return"]["status"], asked["order"]) == ("REQUESTED", {"returnStatus": "IN_PROGRESS"})
    assert asked["return"]["lines"][0] == {
        "id": mug,
        "quantity": 2,
        "received": 0,
        "reason": "DOES_NOT_FIT",
        "custody": "ADVISED",
        "money": "PENDING",
        "refund": {"amount": "0.00"},
        "inspections": [],
    }

    assert (await client.works("approveReturn"))["return"]["status"] == "APPROVED"
    part = await client.works("receiveReturn", lines=[{"lineId": mug, "quantity": 2}])
    assert part["return"]["status"] == "PARTIALLY_RECEIVED"
    assert (await client.works("receiveReturn", lines=[{"lineId": plate, "quantity": 1}]))["return"][
        "status"
    ] == "RECEIVED"
    here = to_base64("Location", shop.id)
    seen = await client.works(
        "inspectReturn",
        units=[
            {"lineId": mug, "locationId": here, "quantity": 2},
            {"lineId": plate, "locationId": here, "quantity": 1, "disposition": "SCRAP", "note": "in pieces"},
        ],
    )
    assert [line["inspections"] for line in seen["return"]["lines"]] == [
        [{"disposition": "RESTOCK"}],
        [{"disposition": "SCRAP"}],
    ]
    await client.works("denyReturnRefund", lineIds=[plate], reason="broken by the customer")
    refunded = await client.works("refundReturn")
    assert refunded["refund"] == {"status": "DONE", "amount": {"amount": "20.00", "currency": "GBP"}}
    closed = await client.works("closeReturn")
    assert (closed["return"]["status"], closed["order"]) == ("CLOSED", {"returnStatus": "PARTIALLY_RETURNED"})
    assert [(line["custody"], line["money"], line["refund"]["amount"]) for line in closed["return"]["lines"]] == [
        ("DISPOSED", "REFUNDED", "20.00"),
        ("DISPOSED", "DENIED", "0.00"),
    ]


async def test_refusals_are_user_errors_with_the_path_of_the_field(
    client: Client, order: Order, shop: Location, bank: FakeBank
) -> None:
    order_id, lines = to_base64("Order", order.id), await lines_of(order, MUG=4)
    assert await client.refused("requestReturn", orderId=order_id, lines=lines) == (
        "NOT_RETURNABLE",
        ["lines", "0", "quantity"],
    )
    assert await client.refused("requestReturn", orderId=order_id, lines=[]) == ("INVALID_VALUE", ["lines"])
    wrong = [{"orderLineId": order_id, "quantity": 1, "reason": "OTHER"}]
    assert await client.refused("requestReturn", orderId=order_id, lines=wrong) == (
        "INVALID_ID",
        ["lines", "0", "orderLineId"],
    )
    client.return_id = order_id
    for name in ("approveReturn", "cancelReturn", "closeReturn", "refundReturn"):
        assert await client.refused(name) == ("INVALID_ID", ["returnId"])

    asked = await client.works("requestReturn", orderId=order_id, lines=await lines_of(order, MUG=1))
    client.return_id = asked["return"]["id"]
    mug = asked["return"]["lines"][0]["id"]
    assert await client.refused("declineReturn", reason=" ") == ("INVALID_VALUE", ["reason"])
    assert await client.refused("closeReturn") == ("ILLEGAL_STATE", None)
    assert await client.refused("refundReturn") == ("RETURN_NOT_APPROVED", ["returnId"])
    await client.works("approveReturn")
    assert await client.refused("receiveReturn", lines=[{"lineId": mug, "quantity": 2}]) == (
        "TOO_MANY_RECEIVED",
        ["lines", "0", "quantity"],
    )
    units = [{"lineId": mug, "locationId": to_base64("Location", shop.id), "quantity": 1}]
    assert await client.refused("inspectReturn", units=units) == ("NOT_RECEIVED", ["units", "0", "quantity"])
    await client.works("receiveReturn", lines=[{"lineId": mug, "quantity": 1}])
    assert await client.refused("cancelReturn") == ("ILLEGAL_STATE", None)
    bank.error = ProviderInDoubt("no answer")
    doubtful = await client("refundReturn")
    assert doubtful["userErrors"] == [{"code": "PROVIDER_IN_DOUBT", "field": None}]
    assert (doubtful["refund"], doubtful["return"]["lines"][0]["money"]) == (None, "IN_DOUBT")


async def test_a_return_is_declined_or_called_off(client: Client, order: Order) -> None:
    order_id = to_base64("Order", order.id)
    for name, status in (("declineReturn", "DECLINED"), ("cancelReturn", "CANCELLED")):
        asked = await client.works("requestReturn", orderId=order_id, lines=await lines_of(order, MUG=3))
        client.return_id = asked["return"]["id"]
        ended = await client.works(name, reason="worn")
        assert (ended["return"]["status"], ended["order"]) == (status, {"returnStatus": "NONE"})
