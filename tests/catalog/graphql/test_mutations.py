from typing import Any

import pytest

from packhouse.catalog.models import Variant
from packhouse.storage import Database
from packhouse.testing.factories import make_variant
from packhouse.testing.graphql import Execute

CREATE = """
mutation ($input: CreateVariantInput!) {
  createVariant(input: $input) {
    variant { sku title barcode weightGrams lengthMm widthMm heightMm hsCode countryOfOrigin requiresShipping isDemo }
    userErrors { code field message }
  }
}
"""
SET_PRICE = """
mutation ($input: SetPriceInput!) {
  setPrice(input: $input) {
    variant { prices { minQuantity price { amount currency } priceList { channel } } }
    userErrors { code field message }
  }
}
"""


async def test_a_variant_is_created_and_shown(database: Database, execute: Execute) -> None:  # noqa: ARG001  (open)
    given = {
        "sku": "MUG",
        "title": "Mug",
        "barcode": "5012345678900",
        "weightGrams": 300,
        "lengthMm": 90,
        "widthMm": 91,
        "heightMm": 92,
        "hsCode": "691110",
        "countryOfOrigin": "GB",
        "requiresShipping": False,
    }
    payload = (await execute(CREATE, {"input": given}))["createVariant"]
    assert payload == {"variant": {**given, "isDemo": False}, "userErrors": []}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"weightGrams": -1}, "INVALID_VALUE", ["weightGrams"]),
        ({"countryOfOrigin": "Britain"}, "INVALID_VALUE", ["countryOfOrigin"]),
        ({"sku": "x" * 101}, "INVALID_VALUE", ["sku"]),
        ({"sku": "PLATE"}, "DUPLICATE_SKU", ["sku"]),
    ],
)
async def test_a_refused_variant_is_not_kept(
    database: Database, execute: Execute, changes: dict[str, Any], code: str, field: list[str]
) -> None:
    await make_variant(database, "PLATE")
    payload = (await execute(CREATE, {"input": {"sku": "MUG", "title": "Mug", **changes}}))["createVariant"]
    (error,) = payload["userErrors"]
    assert (payload["variant"], error["code"], error["field"]) == (None, code, field)
    assert await Variant.all().count() == 1


async def test_a_price_is_set_and_shown(database: Database, execute: Execute) -> None:
    await make_variant(database, price=None)
    values = {"sku": "MUG", "price": {"amount": "9.5", "currency": "GBP"}, "channel": "web", "minQuantity": 3}
    payload = (await execute(SET_PRICE, {"input": values}))["setPrice"]
    assert payload["userErrors"] == []
    assert payload["variant"]["prices"] == [
        {"minQuantity": 3, "price": {"amount": "9.50", "currency": "GBP"}, "priceList": {"channel": "web"}}
    ]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"sku": "NOPE"}, "UNKNOWN_SKU", ["sku"]),
        ({"minQuantity": 0}, "INVALID_VALUE", ["minQuantity"]),
        ({"price": {"amount": "-1", "currency": "GBP"}}, "INVALID_VALUE", ["price", "amount"]),
        ({"price": {"amount": "1.001", "currency": "GBP"}}, "INVALID_VALUE", ["price", "amount"]),
        ({"price": {"amount": "1", "currency": "pounds"}}, "INVALID_VALUE", ["price", "currency"]),
    ],
)
async def test_a_refused_price_is_not_kept(
    database: Database, execute: Execute, changes: dict[str, Any], code: str, field: list[str]
) -> None:
    await make_variant(database, price=None)
    values = {"sku": "MUG", "price": {"amount": "9.50", "currency": "GBP"}, **changes}
    payload = (await execute(SET_PRICE, {"input": values}))["setPrice"]
    (error,) = payload["userErrors"]
    assert (payload["variant"], error["code"], error["field"]) == (None, code, field)
    assert await database.fetch("SELECT id FROM price") == []
