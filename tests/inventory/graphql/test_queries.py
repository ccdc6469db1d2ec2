"""What is sold, where it lies, and the ledger."""

from strawberry.relay import to_base64

from packhouse.catalog.models import Variant
from packhouse.storage import Database
from packhouse.testing.factories import make_location, make_order, make_shop, make_stock
from packhouse.testing.graphql import Execute


async def test_shows_a_variant_with_prices_and_stock_everywhere(database: Database, execute: Execute) -> None:
    await make_shop(database, units=10)
    await make_stock(database, "MUG", await make_location(database, "leeds", priority=200), 5, "B-7")
    await make_order(database, {"MUG": 2})

    data = await execute(
        """{ variant(sku: "MUG") {
          sku title barcode weightGrams lengthMm requiresShipping availableToPromise
          prices { minQuantity price { amount currency } priceList { code channel } variant { sku } }
          stock { bin onHand allocated availableToPromise location { code } variant { sku } }
        } }"""
    )

    assert data["variant"].pop("stock") == [
        {
            "bin": bin_code,
            "onHand": on_hand,
            "allocated": allocated,
            "availableToPromise": on_hand - allocated,
            "location": {"code": code},
            "variant": {"sku": "MUG"},
        }
        for bin_code, on_hand, allocated, code in (("A-1", 10, 2, "london"), ("B-7", 5, 0, "leeds"))
    ]
    assert data["variant"] == {
        "sku": "MUG",
        "title": "Title of MUG",
        "barcode": "BAR-MUG",
        "weightGrams": 300,
        "lengthMm": None,
        "requiresShipping": True,
        "availableToPromise": 13,
        "prices": [
            {
                "minQuantity": 1,
                "price": {"amount": "10.00", "currency": "GBP"},
                "priceList": {"code": "all-GBP", "channel": None},
                "variant": {"sku": "MUG"},
            }
        ],
    }
    assert await execute('{ variant(sku: "NONE") { sku } }') == {"variant": None}


async def test_lists_variants_by_sku(database: Database, execute: Execute) -> None:
    await make_shop(database)
    document = "query ($filter: VariantFilter) { variants(filter: $filter) { totalCount edges { node { sku } } } }"

    async def skus(**condition: object) -> list[str]:
        found = (await execute(document, {"filter": condition}))["variants"]
        assert found["totalCount"] == len(found["edges"])
        return [edge["node"]["sku"] for edge in found["edges"]]

    assert await skus() == ["MUG", "PLATE"]
    assert await skus(sku="PLATE") == ["PLATE"]
    assert await skus(barcode="BAR-MUG", isDemo=False) == ["MUG"]
    assert await skus(isDemo=True) == []


async def test_lists_locations_by_code_and_names_one(database: Database, execute: Execute) -> None:
    await make_location(database, "london")
    await make_location(database, "berlin", network="3pl", priority=7)

    data = await execute(
        """{
          locations { edges { node { code kind network priority address { city country } } } }
          location(code: "london") { name } unknown: location(code: "paris") { name }
        }"""
    )

    address = {"city": "London", "country": "GB"}
    assert [edge["node"] for edge in data["locations"]["edges"]] == [
        {"code": "berlin", "kind": "THIRD_PARTY", "network": "3pl", "priority": 7, "address": address},
        {"code": "london", "kind": "WAREHOUSE", "network": None, "priority": 100, "address": address},
    ]
    assert data["location"] == {"name": "London"}
    assert data["unknown"] is None


async def test_filters_balances_and_reads_the_ledger(database: Database, execute: Execute) -> None:
    london = await make_shop(database, units=10)
    leeds = await make_location(database, "leeds", priority=200)
    await make_stock(database, "MUG", leeds, 5)
    await make_order(database, {"MUG": 2})
    mug = await Variant.get(sku="MUG")
    document = "query ($filter: StockLevelFilter) { stockLevels(filter: $filter) { edges { node { onHand } } } }"

    async def on_hand(**condition: str) -> list[int]:
        found = await execute(document, {"filter": condition})
        return [edge["node"]["onHand"] for edge in found["stockLevels"]["edges"]]

    assert sorted(await on_hand()) == [5, 10, 10]
    assert sorted(await on_hand(sku="MUG")) == [5, 10]
    assert await on_hand(locationId=to_base64("Location", leeds.id)) == [5]
    ids = {"variantId": to_base64("Variant", mug.id), "locationId": to_base64("Location", london.id)}
    assert await on_hand(**ids) == [10]
    ledger = await execute(
        """query ($filter: StockMovementFilter!) { stockMovements(filter: $filter) {
          edges { node { kind onHand allocated reason actor } }
        } }""",
        {"filter": ids},
    )
    assert [edge["node"] for edge in ledger["stockMovements"]["edges"]] == [
        {"kind": "ALLOCATE", "onHand": 0, "allocated": 2, "reason": "order placed", "actor": "tester"},
        {"kind": "ADJUST", "onHand": 10, "allocated": 0, "reason": "received for a test", "actor": "tester"},
    ]
