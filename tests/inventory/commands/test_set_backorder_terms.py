import pytest

from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import StockLevel
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_shop, make_variant
from packhouse.testing.graphql import Execute

_SET = """mutation ($input: SetBackorderTermsInput!) { setBackorderTerms(input: $input) {
  stockLevel { backorderLimit preorderLimit backordered availableToPromise } userErrors { code field } } }"""


async def _limits() -> list[tuple[int, int]]:
    return [(row.backorder_limit, row.preorder_limit) for row in await StockLevel.all().order_by("id")]


async def test_a_limit_is_set_where_nothing_ever_lay(database: Database) -> None:
    london = await make_location(database)
    await make_variant(database)
    data = SetBackorderTerms("MUG", london.id, limit=5)
    level = await database.write(BY, lambda uow: set_backorder_terms(uow, data))
    assert (level.backorder_limit, level.preorder_limit, level.on_hand) == (5, 0, 0)
    other = SetBackorderTerms("MUG", london.id, preorder_limit=7)
    await database.write(BY, lambda uow: set_backorder_terms(uow, other))
    assert await _limits() == [(5, 7)]


async def test_what_cannot_be_is_refused_and_nothing_is_set(database: Database) -> None:
    london = await make_shop(database)
    await make_variant(database, "SET")
    await database.write(BY, lambda uow: set_bundle(uow, SetBundle("SET", (BundlePart("MUG", 2),))))
    refusals = {
        (SetBackorderTerms("NOPE", london.id, 1), "UNKNOWN_SKU", "sku"),
        (SetBackorderTerms("SET", london.id, 1), "IS_BUNDLE", "sku"),
        (SetBackorderTerms("MUG", new_id(), 1), "NOT_FOUND", "locationId"),
    }
    for data, code, field in refusals:
        with pytest.raises(Refused) as refused:
            await database.write(BY, lambda uow, data=data: set_backorder_terms(uow, data))
        assert (refused.value.code, refused.value.field) == (code, field)
    for impossible, field in (
        (SetBackorderTerms("MUG", london.id), "limit"),
        (SetBackorderTerms("MUG", london.id, -1), "limit"),
        (SetBackorderTerms("MUG", london.id, 1, 2_000_000_000), "preorderLimit"),
    ):
        with pytest.raises(InvalidValue) as invalid:
            await database.write(BY, lambda uow, data=impossible: set_backorder_terms(uow, data))
        assert invalid.value.field == field
    assert await _limits() == [(0, 0), (0, 0)]


async def test_terms_in_graphql(database: Database, execute: Execute) -> None:
    await make_shop(database, units=3)
    [location] = (await execute("{ locations { edges { node { id } } } }"))["locations"]["edges"]
    given = {"sku": "MUG", "locationId": location["node"]["id"], "limit": 4, "preorderLimit": 9}
    assert (await execute(_SET, {"input": given}))["setBackorderTerms"] == {
        "stockLevel": {"backorderLimit": 4, "preorderLimit": 9, "backordered": 0, "availableToPromise": 3},
        "userErrors": [],
    }
    refused = (await execute(_SET, {"input": {**given, "sku": "NOPE"}}))["setBackorderTerms"]
    assert refused == {"stockLevel": None, "userErrors": [{"code": "UNKNOWN_SKU", "field": ["sku"]}]}
