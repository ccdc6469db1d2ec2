"""Consents as the API takes and shows them."""

import pytest
from strawberry.relay import to_base64

from packhouse.customers.models import Customer
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents

RECORD = """
mutation ($input: RecordConsentInput!) {
  recordConsent(input: $input) {
    consent { purpose state contact source evidence isCurrent givenAt }
    customer { email consents { purpose state } }
    userErrors { code field }
  }
}
"""
READ = """
query ($id: ID!) {
  node(id: $id) { ... on Customer { consents { purpose state } consentHistory { id state isCurrent } } }
}
"""


@pytest.fixture
async def customer_id(database: Database) -> str:
    await make_shop(database)
    await make_order(database)
    return to_base64("Customer", (await Customer.get()).id)


async def test_a_word_is_recorded_and_the_last_one_is_in_force(execute: Execute, customer_id: str) -> None:
    given = {"customerId": customer_id, "purpose": "MARKETING_EMAIL", "state": "GRANTED", "source": "checkout"}
    recorded = await execute(
        RECORD, {"input": given | {"evidence": "box ticked", "givenAt": "2026-11-01T13:00:00+01:00"}}
    )
    assert recorded["recordConsent"] == {
        "consent": {
            "purpose": "MARKETING_EMAIL",
            "state": "GRANTED",
            "contact": None,
            "source": "checkout",
            "evidence": "box ticked",
            "isCurrent": True,
            "givenAt": "2026-11-01T12:00:00+00:00",
        },
        "customer": {
            "email": "buyer@example.com",
            "consents": [{"purpose": "MARKETING_EMAIL", "state": "GRANTED"}],
        },
        "userErrors": [],
    }
    denied = await execute(RECORD, {"input": given | {"state": "DENIED", "source": "letter"}})
    now_in_force = [{"purpose": "MARKETING_EMAIL", "state": "DENIED"}]
    assert denied["recordConsent"]["customer"]["consents"] == now_in_force
    read = (await execute(READ, {"id": customer_id}))["node"]
    assert read["consents"] == now_in_force
    assert [(each["state"], each["isCurrent"]) for each in read["consentHistory"]] == [
        ("GRANTED", False),
        ("DENIED", True),
    ]
    (first, _) = read["consentHistory"]
    node = await execute("query ($id: ID!) { node(id: $id) { ... on Consent { evidence } } }", {"id": first["id"]})
    assert node == {"node": {"evidence": "box ticked"}}


async def test_refusals_are_user_errors_and_change_nothing(
    database: Database, execute: Execute, customer_id: str
) -> None:
    given = {"customerId": customer_id, "purpose": "MARKETING_SMS", "state": "GRANTED", "source": "checkout"}
    before = await contents(database)
    for changes, code, field in (
        ({"source": ""}, "INVALID_VALUE", "source"),
        ({"contact": "07700 900000"}, "INVALID_VALUE", "contact"),
        ({"givenAt": "2099-01-01T00:00:00Z"}, "INVALID_VALUE", "givenAt"),
        ({"customerId": to_base64("Order", "0" * 8)}, "INVALID_ID", "customerId"),
        ({"customerId": to_base64("Customer", "00000000-0000-4000-8000-000000000000")}, "NOT_FOUND", "customerId"),
    ):
        refused = (await execute(RECORD, {"input": given | changes}))["recordConsent"]
        assert refused == {"consent": None, "customer": None, "userErrors": [{"code": code, "field": [field]}]}
    assert await contents(database) == before
