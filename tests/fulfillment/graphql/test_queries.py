"""What is to be picked and packed, and by whom."""

from strawberry.relay import to_base64

from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_shop
from packhouse.testing.graphql import Execute

WORK = """
query ($filter: FulfillmentOrderFilter) { fulfillmentOrders(filter: $filter) { totalCount edges { node {
  status requestStatus order { number } location { code } lines { sku quantity picked }
} } } }
"""
ROUNDS = """
query ($filter: PickListFilter) { pickLists(filter: $filter) { edges { node {
  status location { code } picks { bin sku quantity picked fulfillmentOrder { order { number } } }
} } } }
"""


async def test_lists_the_work_of_a_location(database: Database, by: Initiator, execute: Execute) -> None:
    london = await make_shop(database)
    leeds = await make_location(database, "leeds")
    first, second = await make_order(database), await make_order(database)
    begun = await FulfillmentOrder.get(order_id=first.id)
    await database.write(by, lambda uow: start_picking(uow, StartPicking((begun.id,))))

    async def listed(**condition: str) -> list[str]:
        found = (await execute(WORK, {"filter": condition}))["fulfillmentOrders"]
        assert found["totalCount"] == len(found["edges"])
        return [edge["node"]["order"]["number"] for edge in found["edges"]]

    here = {"locationId": to_base64("Location", london.id)}
    assert await listed() == [first.number, second.number]
    assert await listed(**here) == [first.number, second.number]
    assert await listed(**here, status="OPEN") == [second.number]
    assert await listed(status="IN_PROGRESS") == [first.number]
    assert await listed(locationId=to_base64("Location", leeds.id)) == []


async def test_shows_a_round_with_its_picks(database: Database, by: Initiator, execute: Execute) -> None:
    london = await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    work = await FulfillmentOrder.get(order_id=order.id)
    await database.write(by, lambda uow: start_picking(uow, StartPicking((work.id,))))

    here = to_base64("Location", london.id)
    [edge] = (await execute(ROUNDS, {"filter": {"locationId": here, "status": "OPEN"}}))["pickLists"]["edges"]

    assert edge["node"] == {
        "status": "OPEN",
        "location": {"code": "london"},
        "picks": [
            {
                "bin": "A-1",
                "sku": "MUG",
                "quantity": 2,
                "picked": 0,
                "fulfillmentOrder": {"order": {"number": order.number}},
            }
        ],
    }
    assert (await execute(ROUNDS, {"filter": {"status": "COMPLETED"}}))["pickLists"]["edges"] == []
