"""Confirming, holding, releasing and cancelling over GraphQL: the payload shows the order after it."""

from collections.abc import Mapping
from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.inventory.models import StockLevel
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.orders.models import Hold, Order
from packhouse.sdk import Facts, Objection, OrderSnapshot, Verdict, new_id
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_order, make_shipped, make_shop, make_stock
from packhouse.testing.graphql import Execute, NoObjections
from packhouse.testing.proofs import contents, contradictions
from packhouse.web.context import Context

ERRORS = "userErrors { code field message }"
ORDER = "order { status phase onHold cancelReason holds { reason note releasedAt } }"


async def run(execute: Execute, mutation: str, **values: Any) -> Any:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {ORDER} {ERRORS} }} }}"
    return (await execute(document, {"input": values}))[mutation]


async def refused(execute: Execute, database: Database, mutation: str, **values: Any) -> tuple[str, list[str] | None]:
    """The refusal's code and field; nothing has changed."""
    before = await contents(database)
    payload = await run(execute, mutation, **values)
    assert payload["order"] is None
    (error,) = payload["userErrors"]
    assert await contents(database) == before
    return error["code"], error["field"]


def order_id(order: Order) -> str:
    return to_base64("Order", order.id)


class Guard(NoObjections):
    """A plugin that says no to one question."""

    def __init__(self, hook_name: str, verdict: Verdict = Verdict.REFUSE) -> None:
        self.hook_name = hook_name
        self.verdict = verdict

    def check(
        self,
        hook_name: str,
        order: OrderSnapshot,  # noqa: ARG002
        facts: Mapping[str, Facts] | None = None,  # noqa: ARG002
    ) -> list[tuple[str, Objection]]:
        return [("guard", Objection(self.verdict, "BLOCKED", "ask first"))] if hook_name == self.hook_name else []


async def test_an_order_is_held_and_released(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    payload = await run(execute, "holdOrder", orderId=order_id(order), reason="ADDRESS", note="which house?")
    assert payload["userErrors"] == []
    held = payload["order"]
    assert (held["status"], held["phase"], held["onHold"]) == ("CONFIRMED", "HELD", True)
    assert held["holds"] == [{"reason": "ADDRESS", "note": "which house?", "releasedAt": None}]

    hold = await Hold.get(order_id=order.id)
    payload = await run(execute, "releaseHold", holdId=to_base64("Hold", hold.id), reason="number 1")
    assert (payload["order"]["onHold"], payload["order"]["phase"]) == (False, "READY")
    assert payload["order"]["holds"][0]["releasedAt"]
    assert await refused(execute, database, "releaseHold", holdId=to_base64("Hold", hold.id)) == (
        "ALREADY_RELEASED",
        ["holdId"],
    )


async def test_an_order_that_waits_for_stock_is_confirmed_by_releasing_it(database: Database, execute: Execute) -> None:
    await make_shop(database, units=1)
    data = PlaceOrder("web", "GBP", (PlaceLine("MUG", 2),), shipping_address=ADDRESS, on_shortage=OnShortage.HOLD)
    id_ = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    hold = to_base64("Hold", (await Hold.get(order_id=id_)).id)
    assert await refused(execute, database, "releaseHold", holdId=hold) == (
        "INSUFFICIENT_STOCK",
        None,
    )
    assert await refused(execute, database, "confirmOrder", orderId=to_base64("Order", id_)) == (
        "ON_HOLD",
        ["orderId"],
    )
    await make_stock(database, "MUG", await make_location(database, "york"), 2)
    payload = await run(execute, "releaseHold", holdId=hold)
    assert (payload["order"]["status"], payload["userErrors"]) == ("CONFIRMED", [])
    assert await contradictions(database) == []


async def test_a_pending_order_that_nothing_holds_is_confirmed(database: Database, execute: Execute) -> None:
    await make_shop(database, units=1)
    data = PlaceOrder("web", "GBP", (PlaceLine("MUG", 2),), shipping_address=ADDRESS, on_shortage=OnShortage.HOLD)
    id_ = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    await Hold.filter(order_id=id_).delete()
    await make_stock(database, "MUG", await make_location(database, "york"), 2)
    payload = await run(execute, "confirmOrder", orderId=to_base64("Order", id_))
    assert (payload["order"]["status"], payload["userErrors"]) == ("CONFIRMED", [])
    assert await refused(execute, database, "confirmOrder", orderId=to_base64("Order", id_)) == ("ILLEGAL_STATE", None)


async def test_a_cancelled_order_gives_its_stock_back(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    assert await refused(execute, database, "cancelOrder", orderId=order_id(order), reason=" ") == (
        "REASON_NEEDED",
        ["reason"],
    )
    payload = await run(execute, "cancelOrder", orderId=order_id(order), reason="x" * 300)
    assert (payload["order"]["status"], payload["order"]["phase"]) == ("CANCELLED", "CANCELLED")
    assert payload["order"]["cancelReason"] == "x" * 255
    assert {level.allocated for level in await StockLevel.all()} == {0}
    assert await contradictions(database) == []
    for mutation, more in (("cancelOrder", {"reason": "again"}), ("holdOrder", {"reason": "FRAUD"})):
        code, _ = await refused(execute, database, mutation, orderId=order_id(order), **more)
        assert code in {"ILLEGAL_STATE", "ORDER_ENDED"}


async def test_a_shipped_order_is_not_cancelled(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    await make_shipped(database, order)
    assert await refused(execute, database, "cancelOrder", orderId=order_id(order), reason="too late") == (
        "ALREADY_SHIPPED",
        ["orderId"],
    )


@pytest.mark.parametrize(
    ("mutation", "field", "more"),
    [
        ("confirmOrder", "orderId", {}),
        ("holdOrder", "orderId", {"reason": "FRAUD"}),
        ("releaseHold", "holdId", {}),
        ("cancelOrder", "orderId", {"reason": "why"}),
    ],
)
async def test_ids_of_nothing_and_of_something_else(
    database: Database, execute: Execute, mutation: str, field: str, more: dict[str, str]
) -> None:
    kind = "Hold" if field == "holdId" else "Order"
    for id_, code in (
        (to_base64(kind, new_id()), "NOT_FOUND"),
        (to_base64("Variant", new_id()), "INVALID_ID"),
        (to_base64(kind, "5"), "INVALID_ID"),
    ):
        assert await refused(execute, database, mutation, **{field: id_}, **more) == (code, [field])


async def test_plugins_have_their_say(database: Database, execute: Execute, graphql_context: Context) -> None:
    await make_shop(database)
    order = await make_order(database)
    graphql_context.checks = Guard("check_cancellation")
    assert await refused(execute, database, "cancelOrder", orderId=order_id(order), reason="why") == ("BLOCKED", None)
    await run(execute, "holdOrder", orderId=order_id(order), reason="FRAUD")
    hold = to_base64("Hold", (await Hold.get(order_id=order.id)).id)
    graphql_context.checks = Guard("check_release")
    assert await refused(execute, database, "releaseHold", holdId=hold) == ("BLOCKED", None)
