"""Bins and lots in GraphQL."""

from typing import Any

from strawberry.relay import to_base64

from packhouse.storage import Database
from packhouse.testing.factories import make_shop
from packhouse.testing.graphql import Execute

MUTATIONS = """
mutation ($location: ID!) {
  setBin(input: {locationId: $location, code: "A-1", sequence: 3}) { bin { code sequence kind isActive location { code } } }
  other: setBin(input: {locationId: $location, code: "B-2"}) { userErrors { code } }
  trackLots(input: {sku: "MUG", minimumDays: 3}) { variant { sku } userErrors { code } }
  assignLot(input: {sku: "MUG", locationId: $location, quantity: 10, bin: "A-1", lot: "L-1", reason: "read", expiresOn: "2999-01-01"}) {
    userErrors { code }
  }
  moveStock(input: {sku: "MUG", locationId: $location, quantity: 4, fromBin: "A-1", toBin: "B-2", reason: "tidied"}) {
    stockLevel { onHand holdings { bin lot onHand damaged quarantined location { code } } }
  }
  wrong: moveStock(input: {sku: "MUG", locationId: $location, quantity: 4, fromBin: "A-1", toBin: "C-3", reason: "tidied"}) {
    stockLevel { onHand } userErrors { code field }
  }
  late: adjustStock(input: {sku: "MUG", locationId: $location, quantity: 1, reason: "came"}) { userErrors { code field } }
}
"""
QUERIES = """
query ($location: ID!) {
  bins(locationId: $location) { edges { node { code } } }
  lot(sku: "MUG", code: "L-1") {
    code expiresOn status reason variant { sku } inboundShipment { id } remaining { bin onHand }
  }
  none: lot(sku: "MUG", code: "L-9") { code }
  lots(sku: "MUG") { totalCount edges { node { code } } }
  stockLevels(filter: {sku: "PLATE"}) { edges { node { holdings { bin } } } }
}
"""


async def test_bins_and_lots_are_described_moved_and_read(database: Database, execute: Execute) -> None:
    london = await make_shop(database)
    variables: dict[str, Any] = {"location": to_base64("Location", london.id)}
    done = await execute(MUTATIONS, variables)
    assert done["setBin"] == {
        "bin": {"code": "A-1", "sequence": 3, "kind": "PICK_FACE", "isActive": True, "location": {"code": "london"}}
    }
    clean = ("other", "trackLots", "assignLot")
    assert [done[name]["userErrors"] for name in clean] == [[], [], []]
    assert done["moveStock"]["stockLevel"] == {
        "onHand": 10,
        "holdings": [
            {"bin": bin_, "lot": "L-1", "onHand": units, "damaged": 0, "quarantined": 0, "location": {"code": "london"}}
            for bin_, units in (("A-1", 6), ("B-2", 4))
        ],
    }
    assert done["wrong"] == {"stockLevel": None, "userErrors": [{"code": "UNKNOWN_BIN", "field": ["toBin"]}]}
    assert done["late"]["userErrors"] == [{"code": "LOT_REQUIRED", "field": ["lot"]}]
    assert await execute(QUERIES, variables) == {
        "bins": {"edges": [{"node": {"code": "A-1"}}, {"node": {"code": "B-2"}}]},
        "lot": {
            "code": "L-1",
            "expiresOn": "2999-01-01",
            "status": "RELEASED",
            "reason": None,
            "variant": {"sku": "MUG"},
            "inboundShipment": None,
            "remaining": [{"bin": "A-1", "onHand": 6}, {"bin": "B-2", "onHand": 4}],
        },
        "none": None,
        "lots": {"totalCount": 1, "edges": [{"node": {"code": "L-1"}}]},
        "stockLevels": {"edges": [{"node": {"holdings": []}}]},
    }
