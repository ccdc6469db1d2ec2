"""Returns as the API lists them, and what they make of an order."""

from strawberry.relay import to_base64

from packhouse.orders.models import OrderLine
from packhouse.returns.models import Return, ReturnLine
from packhouse.sdk import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.factories import make_delivered, make_order, make_shop
from packhouse.testing.graphql import Execute

RETURNS = """
query ($filter: ReturnFilter) { returns(filter: $filter) { edges { node {
  number status order { number phase returnStatus availableActions { action allowed reason } }
  lines { quantity refund { amount currency } custody money }
} } } }
"""


async def test_shows_returns_with_the_money_of_their_order(database: Database, by: Initiator, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 1}, paid="10.00")
    await make_delivered(database, order)
    line = await OrderLine.get(order_id=order.id)

    async def write(_: UnitOfWork) -> None:
        row = await Return.create(order_id=order.id, number="R-1", status="requested", requested_at=now())
        await ReturnLine.create(
            return_request_id=row.id,
            order_line_id=line.id,
            quantity=1,
            reason="other",
            custody="advised",
            money="pending",
            refund=1000,
        )

    await database.write(by, write)

    async def found(**condition: str) -> list[str]:
        data = await execute(RETURNS, {"filter": condition})
        return [edge["node"]["number"] for edge in data["returns"]["edges"]]

    assert await found() == await found(number="R-1") == await found(status="REQUESTED") == ["R-1"]
    assert await found(orderId=to_base64("Order", order.id)) == ["R-1"]
    assert await found(status="CLOSED") == []
    [edge] = (await execute(RETURNS))["returns"]["edges"]
    assert edge["node"]["lines"] == [
        {
            "quantity": 1,
            "refund": {"amount": "10.00", "currency": "GBP"},
            "custody": "ADVISED",
            "money": "PENDING",
        }
    ]
    shown = edge["node"]["order"]
    assert (shown["phase"], shown["returnStatus"]) == ("DELIVERED", "IN_PROGRESS")
    reasons = {each["action"]: each["reason"] for each in shown["availableActions"]}
    assert reasons["REQUEST_RETURN"] == "Every shipped unit has come back or is in a return (1 open)."
    assert reasons["REFUND"] is None
