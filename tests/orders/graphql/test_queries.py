"""Lists of orders, one order, and what they cost."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.customers.models import Customer
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.states import HoldReason
from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shipped, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.statements import noted_statements, query_plan

NUMBERS = """
query ($filter: OrderFilter, $sort: OrderSort! = PLACED_AT_DESC, $first: Int, $after: String, $last: Int, $before: String) {
  orders(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    edges { cursor node { number } }
  }
}
"""
PAGE = """
query ($filter: OrderFilter, $sort: OrderSort!, $after: String) {
  orders(filter: $filter, sort: $sort, first: 20, after: $after) { edges { node { number } } }
}
"""
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SORTS = [f"{name}_{way}" for name in ("PLACED_AT", "UPDATED_AT", "TOTAL", "NUMBER") for way in ("ASC", "DESC")]


def numbers(data: Any) -> list[str]:
    return [edge["node"]["number"] for edge in data["orders"]["edges"]]


async def write_orders(database: Database, by: Initiator, count: int) -> None:
    """Bare orders in the table: number 0001 was placed first, changed last, and costs most."""
    rows: list[dict[str, object]] = [
        {
            "id": new_id(),
            "number": f"{number:05d}",
            "channel": f"channel-{number % 7}",
            "external_id": f"ext-{number}",
            "status": ("pending", "confirmed", "completed", "cancelled")[number % 4],
            "customer_id": None,
            "email": f"buyer-{number % 500}@example.com",
            "currency": "GBP",
            "subtotal": 0,
            "discount": 0,
            "shipping": 0,
            "tax": 0,
            "total": 100_000 - number,
            "tax_included": False,
            "shipping_address": None,
            "billing_address": None,
            "note": "",
            "tags": [],
            "shipping_speed": "standard",
            "cancel_reason": "",
            "is_imported": number % 2 == 0,
            "is_demo": False,
            "placed_at": START + timedelta(minutes=number),
            "updated_at": START - timedelta(minutes=number),
        }
        for number in range(1, count + 1)
    ]
    await database.write(by, lambda uow: uow.insert("orders", rows))


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_both_ways_in_every_sorting(sort: str, database: Database, by: Initiator, execute: Execute) -> None:
    await write_orders(database, by, 7)
    rising = sort in {"PLACED_AT_ASC", "UPDATED_AT_DESC", "TOTAL_DESC", "NUMBER_ASC"}
    whole = [f"{number:05d}" for number in (range(1, 8) if rising else range(7, 0, -1))]

    first = await execute(NUMBERS, {"sort": sort, "first": 3})
    second = await execute(NUMBERS, {"sort": sort, "first": 3, "after": first["orders"]["pageInfo"]["endCursor"]})
    last = await execute(NUMBERS, {"sort": sort, "last": 3})
    middle = await execute(NUMBERS, {"sort": sort, "last": 3, "before": last["orders"]["pageInfo"]["startCursor"]})

    assert [numbers(page) for page in (first, second, middle, last)] == [whole[:3], whole[3:6], whole[1:4], whole[4:]]
    info = second["orders"]["pageInfo"]
    assert (info["hasPreviousPage"], info["hasNextPage"], second["orders"]["totalCount"]) == (True, True, 7)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"status": "CANCELLED"}, ["00003", "00007"]),
        ({"channel": "channel-1"}, ["00001", "00008"]),
        ({"number": "00005"}, ["00005"]),
        ({"externalId": "ext-6"}, ["00006"]),
        ({"email": " Buyer-2@Example.com "}, ["00002"]),
        ({"placedAfter": "2026-01-05T09:07:00Z"}, ["00007", "00008"]),
        ({"placedBefore": "2026-01-05T09:02:00Z"}, ["00001"]),
        ({"updatedAfter": "2026-01-05T08:58:00+00:00"}, ["00001", "00002"]),
        ({"updatedBefore": "2026-01-05T09:53:00+01:00"}, ["00008"]),
        ({"isImported": True, "channel": "channel-1"}, ["00008"]),
        ({"isDemo": True}, []),
        ({"onHold": True}, []),
    ],
)
async def test_filters(
    condition: dict[str, Any], expected: list[str], database: Database, by: Initiator, execute: Execute
) -> None:
    await write_orders(database, by, 8)
    assert numbers(await execute(NUMBERS, {"filter": condition, "sort": "NUMBER_ASC"})) == expected


async def test_filters_by_what_belongs_to_an_order(database: Database, by: Initiator, execute: Execute) -> None:
    await make_shop(database)
    held, shipped, plate = [await make_order(database, lines) for lines in ({"MUG": 1}, {"MUG": 2}, {"PLATE": 1})]
    await database.write(by, lambda uow: hold(uow, HoldOrder(held.id, HoldReason.FRAUD)))
    await make_shipped(database, shipped)
    customer = await Customer.get()

    async def found(**condition: object) -> set[str]:
        return set(numbers(await execute(NUMBERS, {"filter": condition})))

    assert await found(onHold=True) == {held.number}
    assert await found(onHold=False) == {shipped.number, plate.number}
    assert await found(unshipped=True) == {held.number, plate.number}
    assert await found(unshipped=False) == {shipped.number}
    assert await found(sku="MUG") == {held.number, shipped.number}
    assert await found(sku="MUG", unshipped=True, onHold=True) == {held.number}
    assert await found(customerId=to_base64("Customer", customer.id)) == {held.number, shipped.number, plate.number}
    assert await found(customerId=to_base64("Customer", new_id())) == set()


async def test_refuses_an_id_of_another_type(execute: Execute) -> None:
    [error] = await execute(NUMBERS, {"filter": {"customerId": to_base64("Order", new_id())}}, errors=True)
    assert error["message"].endswith("is not the id of a Customer")


async def test_refuses_a_moment_without_an_offset(execute: Execute) -> None:
    [error] = await execute(NUMBERS, {"filter": {"placedAfter": "2026-01-05T09:00:00"}}, errors=True)
    assert "'2026-01-05T09:00:00' is not a moment in ISO 8601 with an offset" in error["message"]


async def test_names_one_order(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database, external_id="shop-1")
    document = """
    query ($id: ID, $number: String, $externalId: String, $channel: String) {
      order(id: $id, number: $number, externalId: $externalId, channel: $channel) { number }
    }
    """
    found = {"order": {"number": order.number}}

    assert await execute(document, {"id": to_base64("Order", order.id)}) == found
    assert await execute(document, {"number": order.number, "channel": "web"}) == found
    assert await execute(document, {"externalId": "shop-1", "channel": "web"}) == found
    assert await execute(document, {"externalId": "shop-1", "channel": "other"}) == {"order": None}
    assert await execute(document, {"externalId": "", "channel": "web"}) == {"order": None}
    assert await execute(document, {"id": to_base64("Order", new_id())}) == {"order": None}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "id: name the order by one of id, number and externalId"),
        ('number: "1"', "channel: number is only unique within a channel: say which"),
        (
            'number: "1", externalId: "2", channel: "web"',
            "externalId: name the order by one of id, number and externalId",
        ),
    ],
)
async def test_refuses_an_order_without_a_clear_name(arguments: str, message: str, execute: Execute) -> None:
    call = f"order({arguments})" if arguments else "order"
    [error] = await execute(f"{{ {call} {{ number }} }}", errors=True)
    assert error["message"] == message
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_counts_only_when_asked(database: Database, by: Initiator, execute: Execute) -> None:
    await write_orders(database, by, 3)
    with noted_statements() as sent:
        await execute("{ orders(first: 2) { pageInfo { hasNextPage hasPreviousPage } edges { node { number } } } }")
    assert len(sent) == 1
    with noted_statements() as sent:
        await execute("{ orders(first: 2) { totalCount edges { node { number } } } }")
    assert [("COUNT(" in each.sql) for each in sent] == [False, True]


NARROWINGS: list[dict[str, Any]] = [
    {},
    {"status": "PENDING"},
    {"channel": "channel-3"},
    {"email": "buyer-77@example.com"},
    {"customerId": to_base64("Customer", new_id())},
    {"number": "02000"},
    {"externalId": "ext-2000"},
    {"placedAfter": "2026-01-06T00:00:00Z", "status": "PENDING"},
    {"onHold": True},
    {"sku": "MUG"},
]


async def test_no_page_scans_or_sorts_the_table(database: Database, by: Initiator, execute: Execute) -> None:
    await write_orders(database, by, 5000)
    await database.write(by, lambda uow: uow.execute("ANALYZE"))
    cursors = {sort: (await execute(NUMBERS, {"sort": sort, "first": 1})) for sort in SORTS}
    for sort, narrowing in product(SORTS, NARROWINGS):
        after = cursors[sort]["orders"]["pageInfo"]["endCursor"]
        with noted_statements() as sent:
            await execute(PAGE, {"filter": narrowing, "sort": sort, "after": after})
        [page] = sent
        plan = await query_plan(database, page)
        case = f"{sort} {narrowing}:\n{plan}"
        assert "Seq Scan on orders" not in plan, case
        assert "SCAN orders" not in plan.replace("SCAN orders USING INDEX", ""), case
