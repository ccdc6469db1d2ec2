from typing import Any

import pytest
from strawberry.relay import to_base64
from tests.fulfillment.partner import Desk, give_work, make_network_location, state, work_of

from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.orders.models import Order
from packhouse.testing.factories import make_order
from packhouse.testing.graphql import Execute
from packhouse.testing.partners import TestCooperatingNetwork
from packhouse.testing.proofs import contents, contradictions

ASK = """
mutation ($input: RequestFulfillmentCancellationInput!) {
  requestFulfillmentCancellation(input: $input) {
    fulfillmentOrder { requestStatus withdrawnFor reason }
    userErrors { code field }
  }
}
"""
CANCEL = """
mutation ($input: CancelOrderInput!) {
  cancelOrder(input: $input) {
    order {
      status cancelRequestedAt cancelReason phase
      fulfillmentOrders { requestStatus }
      availableActions { action allowed reason }
    }
    userErrors { code field }
  }
}
"""


async def _ask(execute: Execute, order: Order, **more: Any) -> Any:
    work = await work_of(order)
    given = {"fulfillmentOrderId": to_base64("FulfillmentOrder", work.id), "reason": "wrong address", **more}
    return (await execute(ASK, {"input": given}))["requestFulfillmentCancellation"]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_work_is_taken_back_and_routed_again(desk: Desk, execute: Execute, elsewhere: bool) -> None:
    order = await give_work(desk)
    york = await make_network_location(desk.database, desk.network, "york")

    asked = await _ask(execute, order, elsewhere=elsewhere)

    assert asked == {
        "fulfillmentOrder": {
            "requestStatus": "CANCELLATION_REQUESTED",
            "withdrawnFor": "MOVED" if elsewhere else "TAKEN_BACK",
            "reason": "wrong address",
        },
        "userErrors": [],
    }
    await desk.deliver()
    first = await work_of(order)
    assert await state(order) == ("confirmed", False, "cancelled", "cancellation_accepted")
    again = await FulfillmentOrder.get(order_id=order.id, status="in_progress")
    assert again.location_id == (york.id if elsewhere else first.location_id)
    assert await contradictions(desk.database) == []


@pytest.mark.parametrize(
    ("request_status", "reason", "code", "field"),
    [
        ("unsubmitted", "why", "NOT_GIVEN_AWAY", "fulfillmentOrderId"),
        ("closed", "why", "NOT_GIVEN_AWAY", "fulfillmentOrderId"),
        ("cancellation_requested", "why", "CANCELLATION_REQUESTED", "fulfillmentOrderId"),
        ("accepted", " ", "REASON_NEEDED", "reason"),
    ],
)
async def test_what_cannot_be_asked_for_is_left_as_it_is(
    desk: Desk, execute: Execute, request_status: str, reason: str, code: str, field: str
) -> None:
    order = await give_work(desk)
    await FulfillmentOrder.filter(order_id=order.id).update(request_status=request_status)
    before = await contents(desk.database)
    asked = await _ask(execute, order, reason=reason)
    assert asked == {"fulfillmentOrder": None, "userErrors": [{"code": code, "field": [field]}]}
    assert await contents(desk.database) == before


async def test_the_caller_sees_that_a_cancellation_waits(desk: Desk, execute: Execute) -> None:
    order = await give_work(desk)
    given = {"orderId": to_base64("Order", order.id), "reason": "changed their mind"}

    answer = (await execute(CANCEL, {"input": given}))["cancelOrder"]

    assert answer["userErrors"] == []
    shown = answer["order"]
    assert (shown["status"], shown["phase"], shown["cancelReason"]) == ("CONFIRMED", "HELD", "changed their mind")
    assert shown["cancelRequestedAt"] is not None
    assert shown["fulfillmentOrders"] == [{"requestStatus": "CANCELLATION_REQUESTED"}]
    (cancel,) = [each for each in shown["availableActions"] if each["action"] == "CANCEL"]
    assert (
        cancel["reason"] == "1 fulfillment order is with somebody else, who was asked to cancel: wait for the answer."
    )


async def test_an_order_of_a_network_may_be_cancelled(
    desk: Desk, execute: Execute, network: TestCooperatingNetwork
) -> None:
    await make_network_location(desk.database, network)
    order = await make_order(desk.database, {"MUG": 1})
    await desk.deliver()
    document = "query ($id: ID!) { order(id: $id) { shippingSpeed availableActions { action allowed } } }"
    shown = (await execute(document, {"id": to_base64("Order", order.id)}))["order"]
    assert {"action": "CANCEL", "allowed": True} in shown["availableActions"]
    assert shown["shippingSpeed"] == "STANDARD"
