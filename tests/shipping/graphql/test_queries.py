"""Parcels as the API lists them."""

from strawberry.relay import to_base64

from packhouse.storage import Database
from packhouse.testing.factories import make_delivered, make_order, make_shipped, make_shop
from packhouse.testing.graphql import Execute

PARCELS = """
query ($filter: ShipmentFilter) { shipments(filter: $filter) { edges { node {
  status trackingStatus trackingNumber carrier order { number } location { code } price { amount }
  trackingEvents { status }
} } } }
"""


async def test_finds_parcels(database: Database, execute: Execute) -> None:
    london = await make_shop(database)
    first, second = await make_order(database), await make_order(database)
    [gone] = await make_shipped(database, first)
    await make_delivered(database, second)

    async def found(**condition: str) -> list[str]:
        data = await execute(PARCELS, {"filter": condition})
        return [edge["node"]["order"]["number"] for edge in data["shipments"]["edges"]]

    assert await found() == [first.number, second.number]
    assert await found(trackingNumber=gone.tracking_number) == [first.number]
    assert await found(status="DELIVERED") == [second.number]
    assert await found(orderId=to_base64("Order", first.id)) == [first.number]
    assert await found(locationId=to_base64("Location", london.id)) == [first.number, second.number]
    assert await found(trackingNumber="unknown") == []


async def test_shows_where_a_parcel_is(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    [parcel] = await make_delivered(database, order)

    data = await execute(PARCELS, {"filter": {}})

    assert [edge["node"] for edge in data["shipments"]["edges"]] == [
        {
            "status": "DELIVERED",
            "trackingStatus": "DELIVERED",
            "trackingNumber": parcel.tracking_number,
            "carrier": "test",
            "order": {"number": order.number},
            "location": {"code": "london"},
            "price": None,
            "trackingEvents": [{"status": "DELIVERED"}],
        }
    ]
