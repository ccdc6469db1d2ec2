from typing import Any

import pytest

from packhouse.catalog.commands.create_variant import CreateVariant, create_variant
from packhouse.catalog.models import BundleComponent, Variant
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.set_bundle import MAX_COMPONENTS, MAX_UNITS, BundlePart, SetBundle, set_bundle
from packhouse.sdk import InvalidValue
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_shop, make_stock, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents, refused

SET = """mutation ($input: SetBundleInput!) { setBundle(input: $input) {
  variant { sku isBundle availableToPromise components { quantity variant { sku isBundle } } }
  userErrors { code field }
} }"""


async def bundle(database: Database, sku: str, **components: int) -> Variant:
    data = SetBundle(sku, tuple(BundlePart(*part) for part in components.items()))
    return await database.write(BY, lambda uow: set_bundle(uow, data))


@pytest.fixture
async def shop(database: Database) -> None:
    await make_shop(database)
    for sku in ("SET", "HAMPER", "TRAY"):
        await make_variant(database, sku)


@pytest.mark.usefixtures("shop")
async def test_components_are_set_replaced_and_taken_away(database: Database) -> None:
    assert (await bundle(database, "SET", MUG=2, PLATE=1)).is_bundle
    assert (await bundle(database, "SET", PLATE=3)).is_bundle
    rows = await BundleComponent.all().prefetch_related("bundle", "component")
    assert [(row.bundle.sku, row.component.sku, row.quantity) for row in rows] == [("SET", "PLATE", 3)]
    assert not (await bundle(database, "SET")).is_bundle
    assert await BundleComponent.all().count() == 0


@pytest.mark.parametrize(
    ("sku", "components", "code", "field"),
    [
        ("NOPE", {"MUG": 1}, "UNKNOWN_SKU", "sku"),
        ("TRAY", {"MUG": 1, "NOPE": 1}, "UNKNOWN_SKU", "components.1.sku"),
        ("TRAY", {"TRAY": 1}, "BUNDLE_CYCLE", "components.0.sku"),
        ("SET", {"HAMPER": 1}, "BUNDLE_CYCLE", "components.0.sku"),
        ("TRAY", {"HAMPER": 1}, "BUNDLE_TOO_DEEP", "components.0.sku"),
        ("MUG", {"PLATE": 1}, "BUNDLE_HAS_STOCK", "sku"),
        ("TRAY", {"GIFT": 1}, "NOT_SHIPPED", "components.0.sku"),
    ],
)
@pytest.mark.usefixtures("shop")
async def test_a_refused_bundle_stays_as_it_was(
    database: Database, sku: str, components: dict[str, int], code: str, field: str
) -> None:
    gift = CreateVariant(sku="GIFT", title="A voucher", requires_shipping=False)
    await database.write(BY, lambda uow: create_variant(uow, gift))
    await bundle(database, "SET", MUG=1)
    await bundle(database, "HAMPER", SET=2, PLATE=1)
    before = await database.fetch("SELECT * FROM bundle_component ORDER BY id")
    async with refused(database, code, field):
        await bundle(database, sku, **components)
    assert list(map(tuple, await database.fetch("SELECT * FROM bundle_component ORDER BY id"))) == list(
        map(tuple, before)
    )
    assert {variant.sku for variant in await Variant.filter(is_bundle=True)} == {"SET", "HAMPER"}


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((("MUG", 1), ("MUG", 2)), "components.1.sku"),
        ((("MUG", 0),), "components.0.quantity"),
        ((("MUG", MAX_UNITS + 1),), "components.0.quantity"),
        (tuple((f"SKU-{n}", 1) for n in range(MAX_COMPONENTS + 1)), "components"),
    ],
)
@pytest.mark.usefixtures("shop")
async def test_a_bundle_that_cannot_be(database: Database, parts: tuple[tuple[str, int], ...], field: str) -> None:
    before = await contents(database)
    data = SetBundle("SET", tuple(BundlePart(*part) for part in parts))
    with pytest.raises(InvalidValue) as invalid:
        await database.write(BY, lambda uow: set_bundle(uow, data))
    assert invalid.value.field == field
    assert await contents(database) == before
    assert await BundleComponent.all().count() == 0


@pytest.mark.usefixtures("shop")
async def test_a_bundle_has_no_stock_of_its_own(database: Database) -> None:
    await bundle(database, "SET", MUG=1)
    leeds = await make_location(database, "leeds")
    data = AdjustStock("SET", leeds.id, "delivered", quantity=1)
    async with refused(database, "IS_BUNDLE", "sku"):
        await database.write(BY, lambda uow: adjust_stock(uow, data))


@pytest.mark.usefixtures("shop")
async def test_what_bundles_can_be_sold_is_what_their_components_make(database: Database, execute: Execute) -> None:
    await make_stock(database, "MUG", await make_location(database, "leeds"), 5)

    async def run(sku: str, *parts: tuple[str, int]) -> Any:
        given = {"sku": sku, "components": [{"sku": part, "quantity": units} for part, units in parts]}
        return (await execute(SET, {"input": given}))["setBundle"]

    assert await run("SET", ("MUG", 2), ("PLATE", 1)) == {
        "variant": {
            "sku": "SET",
            "isBundle": True,
            "availableToPromise": 7,
            "components": [
                {"quantity": units, "variant": {"sku": sku, "isBundle": False}}
                for sku, units in (("MUG", 2), ("PLATE", 1))
            ],
        },
        "userErrors": [],
    }
    # two sets and a plate more: 15 mugs make three of four each, 10 plates make three of three each
    assert (await run("HAMPER", ("SET", 2), ("PLATE", 1)))["variant"]["availableToPromise"] == 3
    assert (await run("SET", ("SET", 1)))["userErrors"] == [
        {"code": "BUNDLE_CYCLE", "field": ["components", "0", "sku"]}
    ]
