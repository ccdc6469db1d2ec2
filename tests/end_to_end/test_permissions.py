"""What tokens that may do little can have done, over HTTP: by every way in, nothing beyond it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio
from tests.end_to_end.test_plugin_surfaces import Loyalty
from tests.web.graphql.asking import GRAPHQL, JSON, Answer, ask, send

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.orders.models import Order
from packhouse.sdk import global_id
from packhouse.settings import MetricsSettings
from packhouse.storage import Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.permissions import Permissions

BOARD = "{ orders { edges { node { id number timeline { type actor } } } } }"
HOLD = """mutation Hold($input: HoldOrderInput!) {
  holdOrder(input: $input) { order { number onHold } userErrors { code } }
}"""
SECRETS = ("buyer@example.com", "hunter2")


@pytest_asyncio.fixture
async def shop(database_url: str, by: Initiator) -> AsyncIterator[RunningServer]:
    settings = server_settings(database_url).model_copy(
        update={"metrics": MetricsSettings.model_validate({"token": "a token of the metrics' own"})}
    )
    async with running_server(settings, [Loyalty()]) as server:
        database = server.house.database
        await make_shop(database)
        await database.write(by, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
        await make_order(database, {"MUG": 1}, paid="10.00")
        yield server


async def state(server: RunningServer) -> dict[str, int]:
    """How many rows there are of what the tests' requests would change."""
    tables = ("orders", "event", "hold", "stock_movement", "kept_request", "request_step", "access_token")
    found = {table: await server.house.database.fetch(f"SELECT COUNT(*) AS n FROM {table}") for table in tables}
    return {table: int(rows[0]["n"]) for table, rows in found.items()}


async def narrow(server: RunningServer, by: Initiator, name: str, *words: str) -> None:
    """Let a token do something else; the server's memory of a few seconds is over."""
    await server.house.database.write(by, lambda uow: change_token(uow, name, Permissions.of(words), OPERATOR))
    server.house.gate._known.clear()


def denied(answer: Answer) -> list[tuple[str, str]]:
    """What is missing of each refusal, with its place; nothing was executed."""
    assert set(answer.json) == {"errors"}, answer.text
    assert {error["extensions"]["code"] for error in answer.json["errors"]} == {"FORBIDDEN"}
    return [(error["extensions"]["permission"], ".".join(error["path"])) for error in answer.json["errors"]]


async def test_what_a_token_does_not_allow_is_not_executed(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    clerk = await shop.seen_by("orders.read")
    order = await Order.first()
    assert order is not None
    before = await state(shop)
    hold = {"input": {"orderId": global_id("Order", order.id), "reason": "OTHER"}}

    for accept, status in ((GRAPHQL, 403), (JSON, 200)):
        answer = await ask(http, clerk, HOLD, accept, variables=hold)
        assert (answer.status, denied(answer)) == (status, [("orders.write", "holdOrder")])
    keyed = await send(
        http, clerk, json={"query": HOLD, "variables": hold}, headers={"Idempotency-Key": "k", "Accept": GRAPHQL}
    )
    assert (keyed.status, denied(keyed)) == (403, [("orders.write", "holdOrder")])
    for query, missing in (
        ("{ orders { totalCount } customers { totalCount } }", [("customers.read", "customers")]),
        ("{ mine: orders { edges { node { b: customer { email } } } } }", [("customers.read", "mine.edges.node.b")]),
        (
            "{ ...All } fragment All on Query { nodes(ids: []) { ...Who } } fragment Who on Customer { email }",
            [("customers.read", "nodes")],
        ),
        ('{ node(id: "x") { ... on Node { ... on Variant { availableToPromise } } } }', CATALOG_AND_STOCK),
        ("query ($x: Boolean = false) { jobs @include(if: $x) { name } }", [("jobs.read", "jobs")]),
    ):
        assert denied(await ask(http, clerk, query)) == missing
        by_url = await send(http, clerk, "GET", params={"query": query}, headers={"Accept": GRAPHQL})
        assert (by_url.status, denied(by_url)) == (403, missing)
    batch = await send(http, clerk, json=[{"query": BOARD}, {"query": "{ customers { totalCount } }"}])
    assert batch.code == "BAD_USER_INPUT"
    assert await state(shop) == before

    assert (await ask(http, clerk, BOARD)).json["data"]["orders"]["edges"][0]["node"]["number"] == order.number
    free = await ask(http, clerk, "{ __typename __schema { queryType { name } } eventLog { newest } }")
    assert "errors" not in free.json


CATALOG_AND_STOCK = [("catalog.read", "node"), ("inventory.read", "node.availableToPromise")]


async def test_what_is_changed_is_no_way_to_read_other_rooms(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    picker = await shop.seen_by("orders.write", "fulfillment.write")
    order = await Order.first()
    assert order is not None
    before = await state(shop)
    hold = {"input": {"orderId": global_id("Order", order.id), "reason": "OTHER"}}
    peek = "mutation P($input: HoldOrderInput!) { holdOrder(input: $input) { order { customer { email } refunds { id } } } }"
    answer = await ask(http, picker, peek, variables=hold)
    assert denied(answer) == [
        ("customers.read", "holdOrder.order.customer"),
        ("payments.read", "holdOrder.order.refunds"),
    ]
    assert not any(secret in answer.text for secret in SECRETS)
    assert await state(shop) == before
    done = (await ask(http, picker, HOLD, variables=hold)).json["data"]["holdOrder"]
    assert done == {"order": {"number": order.number, "onHold": True}, "userErrors": []}


async def test_objects_of_other_rooms_are_not_there(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    clerk, all_ = await shop.seen_by("orders.read"), await shop.seen_by("orders.read", "payments.read", "events.read")
    order = await Order.first()
    assert order is not None
    database = shop.house.database
    ids = {"Order": order.id, "Customer": order.customer_id}
    for table, name in (("location", "Location"), ("payment_event", "PaymentEvent")):
        ids[name] = (await database.fetch(f"SELECT id FROM {table}"))[0]["id"]
    for type_ in ("order_placed", "payment_recorded"):
        ids[type_] = (await database.fetch("SELECT id FROM event WHERE type = $1", type_))[0]["id"]
    given = [global_id(name if name.istitle() or name == "PaymentEvent" else "Event", id_) for name, id_ in ids.items()]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"

    async def seen(server: RunningServer) -> list[Any]:
        nodes = (await ask(http, server, query, variables={"ids": given})).json["data"]["nodes"]
        return [node and node["__typename"] for node in nodes]

    assert await seen(shop) == ["Order", "Customer", "Location", "PaymentEvent", "Event", "Event"]
    assert await seen(clerk) == ["Order", None, None, None, "Event", None]
    assert await seen(all_) == ["Order", None, None, "PaymentEvent", "Event", "Event"]

    async def told(server: RunningServer) -> set[str]:
        edges = (await ask(http, server, BOARD)).json["data"]["orders"]["edges"]
        return {entry["type"] for entry in edges[0]["node"]["timeline"]}

    assert await told(clerk) == {"ORDER_PLACED", "ORDER_CONFIRMED"}
    assert await told(all_) == {"ORDER_PLACED", "ORDER_CONFIRMED", "PAYMENT_RECORDED"}
    assert await told(shop) > await told(all_)


async def test_a_document_that_is_known_is_judged_for_each_token(
    shop: RunningServer, http: aiohttp.ClientSession, by: Initiator
) -> None:
    query = "query A { orders { totalCount } } query B { customers { totalCount } }"
    clerk, seller = await shop.seen_by("orders.read", name="clerk"), await shop.seen_by("customers.read")
    for _ in range(2):
        for server, allowed in ((shop, "AB"), (clerk, "A"), (seller, "B")):
            for name in "AB":
                answer = await ask(http, server, query, operationName=name)
                assert (answer.status, "data" in answer.json) == ((200, True) if name in allowed else (403, False))
    await narrow(shop, by, "clerk", "customers.read")
    assert denied(await ask(http, clerk, query, operationName="A")) == [("orders.read", "orders")]


async def test_keys_are_each_tokens_own(shop: RunningServer, http: aiohttp.ClientSession, by: Initiator) -> None:
    first, second = await shop.seen_by("orders.write", name="one"), await shop.seen_by("orders.write", name="two")
    order = await Order.first()
    assert order is not None
    body = {"query": HOLD, "variables": {"input": {"orderId": global_id("Order", order.id), "reason": "OTHER"}}}

    async def hold(server: RunningServer) -> Answer:
        return await send(http, server, json=body, headers={"Idempotency-Key": "key-1", "Accept": GRAPHQL})

    made = await hold(first)
    assert (made.status, (await hold(first)).headers["idempotency-replayed"]) == (200, "true")
    assert "idempotency-replayed" not in (await hold(second)).headers
    assert (await state(shop))["hold"] == 2
    await narrow(shop, by, "one", "catalog.read")
    again = await hold(first)
    assert (again.status, denied(again)) == (
        403,
        [("orders.write", "holdOrder"), ("orders.read", "holdOrder.order")][::-1],
    )
    assert order.number not in again.text
    await narrow(shop, by, "one", "orders.write")
    assert (await hold(first)).text == made.text
    rows = await shop.house.database.fetch("SELECT placed_by FROM hold ORDER BY placed_at")
    assert [row["placed_by"] for row in rows] == ["token:one", "token:two"]
    timeline = (await ask(http, first, BOARD)).json["data"]["orders"]["edges"][0]["node"]["timeline"]
    assert [each["actor"] for each in timeline if each["type"] == "ORDER_HELD"] == ["token:one", "token:two"]


async def test_sheets_plugins_and_metrics_have_their_doors(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    before = await state(shop)
    reader = await shop.seen_by("catalog.read", "plugins.read", "orders.write")
    keeper = await shop.seen_by("inventory.write", "plugins.write")
    page, sheet = "/plugins/loyalty/points/export", "/sheets/{}.csv"
    asked = (
        ("GET", sheet.format("catalog"), "", 200, 403, "catalog.read"),
        ("GET", sheet.format("prices"), "", 200, 403, "catalog.read"),
        ("GET", sheet.format("stock"), "", 403, 200, "inventory.read"),
        ("POST", sheet.format("catalog"), "sku,title\nNEW,New\n", 403, 403, "catalog.write"),
        ("POST", sheet.format("stock"), "sku,location,counted\nMUG,london,7\n", 403, None, "inventory.write"),
        ("GET", page, "", 203, 203, "plugins.read"),
        ("POST", page, "refused", 403, 422, "plugins.write"),
        ("POST", "/plugins/loyalty/points/give", "refused", 422, 403, "orders.write"),
        ("GET", "/plugins/loyalty/points/give", "", 405, 405, ""),
        ("GET", "/plugins/nobody/page", "", 404, 404, ""),
        ("POST", "/plugins/nobody/page", "", 403, 404, "plugins.write"),
        ("GET", "/metrics", "", 401, 401, ""),
        ("GET", sheet.format("secrets"), "", 404, 404, ""),
    )
    for method, path, text, *statuses, permission in asked:
        for server, status in zip((reader, keeper), statuses, strict=True):
            if status is None:
                continue
            answer = await send(http, server, method, url=f"{shop.url}{path}", data=text)
            assert answer.status == status, (path, answer.text)
            if status == 403:
                assert json.loads(answer.text)["error"] == {
                    "code": "FORBIDDEN",
                    "message": f"This access token does not allow it: it needs {permission}",
                    "permission": permission,
                }
    assert await state(shop) == {**before, "access_token": before["access_token"] + 2}
    nobody = await send(http, shop, url=f"{shop.url}/sheets/stock.csv", headers={"Authorization": None})
    assert nobody.status == 401
