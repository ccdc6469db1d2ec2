from typing import Any

from strawberry.relay import to_base64

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.sdk import new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents
from packhouse.testing.statements import noted_statements

RESERVATION = "reservation { id status endedAt expiresAt lines { quantity variant { sku } location { code } } }"
ERRORS = "userErrors { code field message }"


async def run(execute: Execute, mutation: str, **values: Any) -> Any:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {RESERVATION} {ERRORS} }} }}"
    return (await execute(document, {"input": values}))[mutation]


async def test_a_checkout_reserves_extends_and_orders(database: Database, execute: Execute) -> None:
    await make_shop(database)
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    made = (await run(execute, "reserveStock", lines=[{"sku": "MUG", "quantity": 8}], seconds=60))["reservation"]
    assert (made["status"], made["endedAt"]) == ("ACTIVE", None)
    assert made["lines"] == [{"quantity": 8, "variant": {"sku": "MUG"}, "location": {"code": "london"}}]
    longer = (await run(execute, "extendReservation", reservationId=made["id"], seconds=120))["reservation"]
    assert longer["expiresAt"] > made["expiresAt"]
    address = {"name": "A Buyer", "line1": "2 High Street", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB"}
    order = {
        "channel": "web",
        "currency": "GBP",
        "lines": [{"sku": "MUG", "quantity": 8}],
        "shippingAddress": address,
        "reservationId": made["id"],
    }
    document = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { status } userErrors { code field } } }"
    placed = (await execute(document, {"input": order}))["placeOrder"]
    assert placed == {"order": {"status": "CONFIRMED"}, "userErrors": []}
    again = (await execute(document, {"input": order}))["placeOrder"]
    assert again["userErrors"] == [{"code": "RESERVATION_ENDED", "field": ["reservationId"]}]
    found = await execute("query ($id: ID!) { node(id: $id) { ... on Reservation { status } } }", {"id": made["id"]})
    assert found == {"node": {"status": "CONSUMED"}}


async def test_refusals_change_nothing(database: Database, execute: Execute) -> None:
    await make_shop(database)
    before = await contents(database)
    unknown = to_base64("Reservation", new_id())
    for mutation, values, code, field in (
        ("reserveStock", {"lines": [{"sku": "MUG", "quantity": 11}]}, "INSUFFICIENT_STOCK", ["lines", "0", "quantity"]),
        ("reserveStock", {"lines": []}, "INVALID_VALUE", ["lines"]),
        ("extendReservation", {"reservationId": unknown}, "NOT_FOUND", ["reservationId"]),
        ("extendReservation", {"reservationId": to_base64("Order", new_id())}, "INVALID_ID", ["reservationId"]),
        ("releaseReservation", {"reservationId": unknown}, "NOT_FOUND", ["reservationId"]),
    ):
        payload = await run(execute, mutation, **values)
        (error,) = payload["userErrors"]
        assert (payload["reservation"], error["code"], error["field"]) == (None, code, field)
    assert await contents(database) == before


async def test_a_list_of_reservations_costs_the_same_for_more(database: Database, execute: Execute) -> None:
    await make_shop(database)
    document = f"query {{ reservations(status: ACTIVE, first: 50) {{ edges {{ node {{ {RESERVATION[14:-2]} }} }} }} }}"
    counts = []
    for _ in range(2):
        for _ in range(2):
            await run(execute, "reserveStock", lines=[{"sku": "MUG", "quantity": 1}, {"sku": "PLATE", "quantity": 1}])
        with noted_statements() as sent:
            found = await execute(document)
        counts.append(len(sent))
    assert len(found["reservations"]["edges"]) == 4
    assert counts[0] == counts[1]
    released = await run(execute, "releaseReservation", reservationId=found["reservations"]["edges"][0]["node"]["id"])
    assert released["reservation"]["status"] == "RELEASED"
    assert len((await execute(document))["reservations"]["edges"]) == 3
