from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.inventory.models import Location, StockLevel
from packhouse.sdk import new_id
from packhouse.storage import Database
from packhouse.testing.factories import make_location, make_stock, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents

CREATE = """
mutation ($input: CreateLocationInput!) {
  createLocation(input: $input) {
    location { code name kind network priority isActive address { city postcode country } }
    userErrors { code field message }
  }
}
"""
ADJUST = """
mutation ($input: AdjustStockInput!) {
  adjustStock(input: $input) {
    stockLevel { onHand safetyStock availableToPromise bin variant { sku availableToPromise } location { code } }
    userErrors { code field message }
  }
}
"""


async def test_a_location_is_created_and_shown(database: Database, execute: Execute) -> None:  # noqa: ARG001  (open)
    given = {
        "code": "leeds",
        "name": "Leeds",
        "kind": "THIRD_PARTY",
        "network": "acme-3pl",
        "priority": 5,
        "address": {"city": "Leeds", "postcode": "LS1 1AA", "country": "GB"},
    }
    payload = (await execute(CREATE, {"input": given}))["createLocation"]
    assert payload == {"location": {**given, "isActive": True}, "userErrors": []}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"code": "london"}, "DUPLICATE_CODE", ["code"]),
        ({"code": " "}, "INVALID_VALUE", ["code"]),
        ({"name": "x" * 256}, "INVALID_VALUE", ["name"]),
        ({"address": {"country": "Britain"}}, "INVALID_VALUE", ["address", "country"]),
    ],
)
async def test_a_refused_location_is_not_kept(
    database: Database, execute: Execute, changes: dict[str, Any], code: str, field: list[str]
) -> None:
    await make_location(database)
    payload = (await execute(CREATE, {"input": {"code": "leeds", "name": "Leeds", **changes}}))["createLocation"]
    (error,) = payload["userErrors"]
    assert (payload["location"], error["code"], error["field"]) == (None, code, field)
    assert await Location.all().count() == 1


async def adjust(execute: Execute, location_id: object, **values: Any) -> Any:
    given = {"sku": "MUG", "locationId": to_base64("Location", location_id), "reason": "delivered", **values}
    return (await execute(ADJUST, {"input": given}))["adjustStock"]


async def test_stock_is_changed_and_the_balances_after_it_are_shown(database: Database, execute: Execute) -> None:
    await make_variant(database)
    london = await make_location(database)
    payload = await adjust(execute, london.id, quantity=5, bin="A-1", safetyStock=2)
    assert payload == {
        "stockLevel": {
            "onHand": 5,
            "safetyStock": 2,
            "availableToPromise": 3,
            "bin": "A-1",
            "variant": {"sku": "MUG", "availableToPromise": 3},
            "location": {"code": "london"},
        },
        "userErrors": [],
    }
    payload = await adjust(execute, london.id, counted=4, reason="counted")
    assert payload["stockLevel"]["onHand"] == 4


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"sku": "NOPE", "quantity": 1}, "UNKNOWN_SKU", ["sku"]),
        ({"quantity": -6}, "INSUFFICIENT_STOCK", None),
        ({"quantity": 2**31 - 1}, "INVALID_VALUE", ["quantity"]),
        ({"counted": -1}, "INVALID_VALUE", ["counted"]),
        ({"safetyStock": -1}, "INVALID_VALUE", ["safetyStock"]),
        ({"reason": ""}, "INVALID_VALUE", ["reason"]),
        ({"locationId": to_base64("Location", new_id())}, "NOT_FOUND", ["locationId"]),
        ({"locationId": to_base64("Variant", new_id())}, "INVALID_ID", ["locationId"]),
    ],
)
async def test_a_refused_change_changes_nothing(
    database: Database, execute: Execute, changes: dict[str, Any], code: str, field: list[str] | None
) -> None:
    await make_variant(database)
    london = await make_location(database)
    await make_stock(database, "MUG", london, 5)
    before = await contents(database)
    payload = await adjust(execute, london.id, **changes)
    (error,) = payload["userErrors"]
    assert (payload["stockLevel"], error["code"], error["field"]) == (None, code, field)
    assert await contents(database) == before
    assert (await StockLevel.get()).on_hand == 5
