"""Counting stock from the draft to the ledger, as an API client does it."""

from typing import Any

from strawberry.relay import to_base64

from packhouse.inventory.models import StockLevel
from packhouse.settings import InventorySettings
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute
from packhouse.web.context import Context

COUNT = """
fragment Count on StockCountPayload {
  stockCount {
    id status isBlind reason approver location { code }
    lines { edges { node { sku bin counted expected moved away variance varianceValue { amount currency } variant { sku } } } }
    blocked { line { sku } missing reserved orders { number } }
  }
  userErrors { code field }
}
"""
STEPS = {
    "createStockCount": "mutation ($input: CreateStockCountInput!) { createStockCount(input: $input) { ...Count } }",
    "startStockCount": "mutation ($input: ID!) { startStockCount(id: $input) { ...Count } }",
    "recordStockCount": "mutation ($input: RecordStockCountInput!) { recordStockCount(input: $input) { ...Count } }",
    "submitStockCount": "mutation ($input: SubmitStockCountInput!) { submitStockCount(input: $input) { ...Count } }",
    "approveStockCount": "mutation ($input: DecideStockCountInput!) { approveStockCount(input: $input) { ...Count } }",
    "rejectStockCount": "mutation ($input: DecideStockCountInput!) { rejectStockCount(input: $input) { ...Count } }",
    "recountStock": "mutation ($input: RecountStockInput!) { recountStock(input: $input) { ...Count } }",
    "cancelStockCount": "mutation ($input: CancelStockCountInput!) { cancelStockCount(input: $input) { ...Count } }",
    "postStockCount": "mutation ($input: ID!) { postStockCount(id: $input) { ...Count } }",
}


async def test_a_blind_count_from_the_draft_to_the_ledger(
    database: Database, execute: Execute, graphql_context: Context
) -> None:
    location = await make_shop(database)
    order = await make_order(database, {"MUG": 8})
    graphql_context.settings = graphql_context.settings.model_copy(
        update={"inventory": InventorySettings(count_auto_units=1, count_currency="GBP", count_auto_value=10)}
    )

    async def step(name: str, given: Any) -> Any:
        return (await execute(STEPS[name] + COUNT, {"input": given}))[name]

    place = to_base64("Location", location.id)
    made = (await step("createStockCount", {"locationId": place, "reason": "yearly", "skus": ["MUG"]}))["stockCount"]
    count = {"stockCountId": made["id"]}
    assert (made["status"], made["isBlind"], made["location"]) == ("DRAFT", True, {"code": "london"})
    await step("startStockCount", made["id"])
    figures = {**count, "counter": "Ann", "counted": [{"sku": "MUG", "units": 6}]}
    blind = (await step("recordStockCount", figures))["stockCount"]
    unseen = dict.fromkeys(("expected", "moved", "away", "variance", "varianceValue"))
    line = {"sku": "MUG", "bin": "A-1", "counted": 6, "variant": {"sku": "MUG"}}
    assert blind["lines"]["edges"] == [{"node": {**line, **unseen}}]
    peek = "query ($id: ID!) { node(id: $id) { ... on StockCount { lines(onlyOff: true) { edges { cursor } } } } }"
    assert (await execute(peek, {"id": made["id"]}, errors=True))[0]["extensions"]["code"] == "BAD_USER_INPUT"
    seen = (await step("submitStockCount", count))["stockCount"]
    off = {
        "expected": 10,
        "moved": 0,
        "away": 0,
        "variance": -4,
        "varianceValue": {"amount": "-40.00", "currency": "GBP"},
    }
    assert (seen["status"], seen["lines"]["edges"]) == ("SUBMITTED", [{"node": {**line, **off}}])
    same = await step("approveStockCount", {**count, "approver": "ANN"})
    assert same == {"stockCount": None, "userErrors": [{"code": "SAME_PERSON", "field": ["approver"]}]}
    kept = (await step("approveStockCount", {**count, "approver": "Bob"}))["stockCount"]
    blocked = [{"line": {"sku": "MUG"}, "missing": 2, "reserved": 0, "orders": [{"number": order.number}]}]
    assert (kept["status"], kept["blocked"], kept["approver"]) == ("APPROVED", blocked, "Bob")
    assert (await step("postStockCount", made["id"]))["userErrors"] == [{"code": "CLAIMED", "field": ["stockCountId"]}]
    again = (await step("recountStock", {**count, "reason": "look again"}))["stockCount"]
    assert (again["status"], again["approver"], again["blocked"]) == ("COUNTING", None, [])
    await step("recordStockCount", {**figures, "counted": [{"sku": "MUG", "units": 9}]})
    booked = (await step("submitStockCount", count))["stockCount"]
    assert (booked["status"], booked["approver"]) == ("CLOSED", "automatic")
    assert (await StockLevel.get(variant__sku="MUG")).on_hand == 9
    listed = "query ($place: ID) { stockCounts(status: CLOSED, locationId: $place) { edges { node { id requestedBy { id } } } } }"
    assert (await execute(listed, {"place": place}))["stockCounts"]["edges"] == [
        {"node": {"id": made["id"], "requestedBy": None}}
    ]
    given_up = (await step("cancelStockCount", {**count, "reason": "late"}))["userErrors"]
    assert given_up == [{"code": "ILLEGAL_STATE", "field": None}]


async def test_a_rejected_count_is_given_up(database: Database, execute: Execute) -> None:
    location = await make_shop(database)

    async def step(name: str, given: Any) -> Any:
        return (await execute(STEPS[name] + COUNT, {"input": given}))[name]["stockCount"]

    made = await step(
        "createStockCount", {"locationId": to_base64("Location", location.id), "reason": "yearly", "mostMoved": 1}
    )
    count = {"stockCountId": made["id"]}
    sku = made["lines"]["edges"][0]["node"]["sku"]
    await step("startStockCount", made["id"])
    await step("recordStockCount", {**count, "counter": "Ann", "counted": [{"sku": sku, "units": 1}]})
    await step("submitStockCount", {**count, "leaveOutUncounted": True})
    assert (await step("rejectStockCount", {**count, "approver": "Bob", "note": "absurd"}))["status"] == "REJECTED"
    assert (await step("cancelStockCount", {**count, "reason": "no time"}))["status"] == "CANCELLED"
    assert (await StockLevel.get(variant__sku=sku)).on_hand == 10
