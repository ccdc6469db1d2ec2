from strawberry.relay import to_base64

from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute

_START = """
mutation ($ids: [ID!]!) {
  startPicking(input: {fulfillmentOrderIds: $ids}) {
    pickList { id status picks { id bin sku quantity picked } }
    userErrors { code field message }
  }
}
"""
_PICK = """
mutation ($id: ID!, $code: String!, $quantity: Int!) {
  confirmPick(input: {pickId: $id, code: $code, quantity: $quantity}) {
    pickList { status picks { picked } }
    userErrors { code field }
  }
}
"""
_PACK = """
mutation ($input: PackParcelInput!) {
  packParcel(input: $input) {
    parcel { weightGrams lengthMm items { quantity fulfillmentOrderLine { sku } } }
    userErrors { code field }
  }
}
"""
_REJECT = """
mutation ($id: ID!) {
  rejectFulfillment(input: {fulfillmentOrderId: $id, reason: DAMAGED, note: "wet"}) {
    fulfillmentOrder { status reason lines { cancelled } }
    userErrors { code field }
  }
}
"""


async def test_work_is_picked_and_packed(database: Database, execute: Execute) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 2})).id)
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    work_id = to_base64("FulfillmentOrder", work.id)

    started = (await execute(_START, {"ids": [work_id]}))["startPicking"]
    assert started["userErrors"] == []
    (pick,) = started["pickList"]["picks"]
    assert (started["pickList"]["status"], pick["bin"], pick["sku"], pick["quantity"]) == ("OPEN", "A-1", "MUG", 2)

    wrong = (await execute(_PICK, {"id": pick["id"], "code": "PLATE", "quantity": 1}))["confirmPick"]
    assert wrong == {"pickList": None, "userErrors": [{"code": "WRONG_ITEM", "field": ["code"]}]}
    picked = (await execute(_PICK, {"id": pick["id"], "code": "BAR-MUG", "quantity": 2}))["confirmPick"]
    assert picked == {"pickList": {"status": "COMPLETED", "picks": [{"picked": 2}]}, "userErrors": []}

    data = {
        "fulfillmentOrderId": work_id,
        "items": [{"fulfillmentOrderLineId": to_base64("FulfillmentOrderLine", line.id), "quantity": 2}],
        "dimensions": {"lengthMm": 300, "widthMm": 200, "heightMm": 100},
    }
    packed = (await execute(_PACK, {"input": data}))["packParcel"]
    items = [{"quantity": 2, "fulfillmentOrderLine": {"sku": "MUG"}}]
    assert packed == {"parcel": {"weightGrams": 600, "lengthMm": 300, "items": items}, "userErrors": []}
    again = (await execute(_PACK, {"input": {"fulfillmentOrderId": work_id}}))["packParcel"]
    assert again["userErrors"] == [{"code": "NOT_IN_PROGRESS", "field": ["fulfillmentOrderId"]}]


async def test_work_is_rejected(database: Database, execute: Execute) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 2})).id)

    answer = (await execute(_REJECT, {"id": to_base64("FulfillmentOrder", work.id)}))["rejectFulfillment"]

    assert answer["fulfillmentOrder"] == {"status": "CANCELLED", "reason": "wet", "lines": [{"cancelled": 2}]}
    wrong = (await execute(_REJECT, {"id": to_base64("Order", work.order_id)}))["rejectFulfillment"]
    assert wrong["userErrors"] == [{"code": "INVALID_ID", "field": ["fulfillmentOrderId"]}]
