"""Buyers as the API lists them."""

from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute


async def test_finds_buyers(database: Database, execute: Execute) -> None:
    await make_shop(database)
    await make_order(database)
    await make_order(database)
    document = "query ($f: CustomerFilter) { customers(filter: $f) { edges { node { email name orderCount } } } }"
    buyer = {"node": {"email": "buyer@example.com", "name": "Test Buyer", "orderCount": 2}}

    assert (await execute(document))["customers"]["edges"] == [buyer]
    assert (await execute(document, {"f": {"email": "Buyer@Example.com "}}))["customers"]["edges"] == [buyer]
    assert (await execute(document, {"f": {"channel": "web", "externalId": "7"}}))["customers"]["edges"] == []
