"""What waits, whose turn it was and why, over GraphQL."""

from typing import Any

from strawberry.relay import to_base64

from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.models import Backorder, Location
from packhouse.ordering.commands.give_out import GiveOut, give_out_stock
from packhouse.orders.models import Order
from packhouse.sdk import new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents
from packhouse.testing.statements import noted_statements

_ORDERS = """{ orders(first: 50) { edges { node {
  number phase priority
  backorders {
    sku status asked waiting promisedAt expectedAt location { code } variant { sku }
    fulfillmentOrderLine { sku quantity } supplies { quantity place waiting source explanation }
  }
  timeline { type }
} } } }"""


async def _waiting(database: Database, orders: int) -> tuple[Location, list[Order]]:
    london = await make_shop(database, units=0)
    terms = SetBackorderTerms("MUG", london.id, limit=100)
    await database.write(BY, lambda uow: set_backorder_terms(uow, terms))
    return london, [await make_order(database, {"MUG": 2}) for _ in range(orders)]


async def _come(database: Database, london: Location, units: int) -> None:
    await make_stock(database, "MUG", london, units)
    variant_id = await Backorder.all().first().values_list("variant_id", flat=True)  # type: ignore[misc]  # Tortoise types a first() of values as optional
    data = GiveOut(variant_id, london.id, "received for a test")
    await database.write(BY, lambda uow: give_out_stock(uow, data))


async def test_an_order_says_what_waits_and_why_it_was_its_turn(database: Database, execute: Execute) -> None:
    london, (first, second) = await _waiting(database, 2)
    await _come(database, london, 3)
    found = {each["node"]["number"]: each["node"] for each in (await execute(_ORDERS))["orders"]["edges"]}
    assert (found[first.number]["phase"], found[second.number]["phase"]) == ("READY", "BACKORDERED")
    (served,), (waits,) = found[first.number]["backorders"], found[second.number]["backorders"]
    assert (served["status"], served["asked"], served["waiting"]) == ("SUPPLIED", 2, 0)
    assert (waits["status"], waits["asked"], waits["waiting"], waits["expectedAt"]) == ("WAITING", 2, 1, None)
    assert (waits["location"], waits["variant"]) == ({"code": "london"}, {"sku": "MUG"})
    assert waits["fulfillmentOrderLine"] == {"sku": "MUG", "quantity": 2}
    (supply,) = served["supplies"]
    assert (supply["quantity"], supply["place"], supply["waiting"]) == (2, 1, 2)
    assert supply["source"] == "received for a test"
    assert supply["explanation"].endswith(f"next {second.number}, as this one is older")
    types = [event["type"] for event in found[second.number]["timeline"]]
    assert types.count("ORDER_BACKORDERED") == types.count("STOCK_ASSIGNED") == 1


async def test_many_orders_cost_as_many_statements_as_few(database: Database, execute: Execute) -> None:
    london, _ = await _waiting(database, 2)
    await _come(database, london, 1)
    with noted_statements() as few:
        await execute(_ORDERS)
    for _ in range(6):
        await make_order(database, {"MUG": 2})
    await _come(database, london, 9)
    with noted_statements() as many:
        await execute(_ORDERS)
    assert len(many) == len(few)


async def _run(execute: Execute, mutation: str, kind: str, payload: str, **values: Any) -> Any:
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} userErrors {{ code field }} }} }}"
    return (await execute(document, {"input": values}))[mutation]


async def test_priority_day_and_another_place(database: Database, execute: Execute) -> None:
    _, (order,) = await _waiting(database, 1)
    york = await make_location(database, "york", priority=200)
    await make_stock(database, "MUG", york, 5)
    id_ = to_base64("Order", order.id)
    set_ = await _run(
        execute, "setOrderPriority", "SetOrderPriorityInput", "order { priority }", orderId=id_, priority=3
    )
    assert set_ == {"order": {"priority": 3}, "userErrors": []}
    moved = await _run(execute, "rerouteBackorders", "RerouteBackordersInput", "order { phase }", orderId=id_)
    assert moved == {"order": {"phase": "READY"}, "userErrors": []}
    day = "2040-03-01T09:00:00+00:00"
    later = await _run(
        execute, "setPreorder", "SetPreorderInput", "variant { availableFrom }", sku="PLATE", availableFrom=day
    )
    assert later == {"variant": {"availableFrom": day}, "userErrors": []}


async def test_refusals_change_nothing(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    before = await contents(database)
    unknown, known = to_base64("Order", new_id()), to_base64("Order", order.id)
    refusals: tuple[tuple[str, str, str, dict[str, Any], str, list[str]], ...] = (
        ("setPreorder", "SetPreorderInput", "variant", {"sku": "NOPE", "availableFrom": None}, "UNKNOWN_SKU", ["sku"]),
        (
            "setOrderPriority",
            "SetOrderPriorityInput",
            "order",
            {"orderId": unknown, "priority": 1},
            "NOT_FOUND",
            ["orderId"],
        ),
        (
            "setOrderPriority",
            "SetOrderPriorityInput",
            "order",
            {"orderId": known, "priority": 9_000_000},
            "INVALID_VALUE",
            ["priority"],
        ),
        ("rerouteBackorders", "RerouteBackordersInput", "order", {"orderId": known}, "NOTHING_WAITS", ["orderId"]),
    )
    for mutation, kind, payload, values, code, field in refusals:
        answer = await _run(execute, mutation, kind, f"{payload} {{ id }}", **values)
        assert answer == {payload: None, "userErrors": [{"code": code, "field": field}]}
    assert await contents(database) == before
