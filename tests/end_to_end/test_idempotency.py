"""The same request sent again: one order, the same answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.sdk import global_id, new_id, now
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_stock, make_variant
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.web.idempotency import forget_expired_requests
from packhouse.web.models import KeptRequest, RequestStep

PLACE = """
mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id number } userErrors { code } }
}
"""
UNITS = 5


@pytest_asyncio.fixture
async def shop(database_url: str, by: Initiator) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url)) as server:
        database = server.house.database
        await database.write(by, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
        location = await make_location(database, "london")
        await make_variant(database, "MUG")
        await make_stock(database, "MUG", location, UNITS)
        yield server


def order(quantity: int = 1) -> dict[str, Any]:
    address = {"name": "A Buyer", "line1": "2 High Street", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB"}
    return {
        "channel": "web",
        "currency": "GBP",
        "email": "buyer@example.com",
        "lines": [{"sku": "MUG", "quantity": quantity}],
        "shippingAddress": address,
    }


async def post(server: RunningServer, key: str, variables: dict[str, Any], query: str = PLACE) -> tuple[int, str, Any]:
    async with (
        aiohttp.ClientSession(headers={**server.headers, "Idempotency-Key": key}) as session,
        session.post(server.graphql, json={"query": query, "variables": variables}) as response,
    ):
        return response.status, await response.text(), response.headers


async def rows(database: Database, table: str) -> int:
    return int((await database.fetch(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"])


async def test_fifty_at_once_make_one_order_and_its_answer_is_given_again(shop: RunningServer) -> None:
    answers = await asyncio.gather(*(post(shop, "key-1", {"input": order()}) for _ in range(50)))
    assert {status for status, _, _ in answers} <= {200, 409}
    assert all(headers["retry-after"] == "1" for status, _, headers in answers if status == 409)
    placed = {text for status, text, _ in answers if status == 200}
    assert len(placed) == 1
    status, again, headers = await post(shop, "key-1", {"input": order()})
    assert (status, {again}, headers["idempotency-replayed"]) == (200, placed, "true")
    assert await rows(shop.house.database, "orders") == 1
    assert await rows(shop.house.database, "kept_request") == 1


async def test_many_callers_of_one_unit_each_sell_exactly_what_is_there(shop: RunningServer) -> None:
    """Each of 2·N buyers sends its request twice at once."""
    calls = [post(shop, f"buyer-{buyer}", {"input": order()}) for buyer in range(2 * UNITS) for _ in range(2)]
    await asyncio.gather(*calls)
    final = [await post(shop, f"buyer-{buyer}", {"input": order()}) for buyer in range(2 * UNITS)]
    assert sum('"userErrors":[]' in text for _, text, _ in final) == UNITS
    assert await rows(shop.house.database, "orders") == UNITS


async def test_a_refusal_is_given_again_too(shop: RunningServer) -> None:
    first = await post(shop, "key-1", {"input": order(UNITS + 1)})
    assert "INSUFFICIENT_STOCK" in first[1]
    second = await post(shop, "key-1", {"input": order(UNITS + 1)})
    assert second[:2] == first[:2]
    assert second[2]["idempotency-replayed"] == "true"


async def test_another_request_with_the_key_is_refused_and_changes_nothing(shop: RunningServer) -> None:
    await post(shop, "key-1", {"input": order()})
    status, text, _ = await post(shop, "key-1", {"input": order(2)})
    assert status == 422
    assert "BAD_USER_INPUT" in text
    assert await rows(shop.house.database, "orders") == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "two words", "caf\u00e9"])
async def test_a_malformed_key_is_refused(shop: RunningServer, key: str) -> None:
    status, text, _ = await post(shop, key, {"input": order()})
    assert (status, "Idempotency-Key" in text) == (400, True)
    assert await rows(shop.house.database, "orders") == 0
    assert await rows(shop.house.database, "kept_request") == 0


async def test_what_was_not_executed_does_not_burn_the_key(shop: RunningServer) -> None:
    assert "GRAPHQL_VALIDATION_FAILED" in (await post(shop, "key-1", {}, "mutation { nonsense }"))[1]
    assert "BAD_USER_INPUT" in (await post(shop, "key-1", {"input": {"channel": 1}}))[1]
    assert "hello" not in (await post(shop, "key-1", {}, "{ __typename }"))[1]
    assert await rows(shop.house.database, "kept_request") == 0
    assert '"userErrors":[]' in (await post(shop, "key-1", {"input": order()}))[1]


async def test_a_request_that_another_process_works_on_is_not_made(shop: RunningServer) -> None:
    database = shop.house.database
    await post(shop, "key-1", {"input": order()})
    await database.write(
        Initiator("tester", "test"),
        lambda uow: uow.execute(
            "UPDATE kept_request SET answer = NULL, claimed_until = $1", now() + timedelta(hours=1)
        ),
    )
    status, text, headers = await post(shop, "key-1", {"input": order()})
    assert (status, "CONFLICT" in text, headers["retry-after"]) == (409, True, "1")
    assert (await KeptRequest.get(key="key-1")).attempts == 1


async def test_a_process_that_died_after_the_change_leaves_it_done_once(shop: RunningServer) -> None:
    """Its answer was never kept: the next one gives it, and does nothing again."""
    database = shop.house.database
    _, first, _ = await post(shop, "key-1", {"input": order()})
    await database.write(Initiator("tester", "test"), lambda uow: uow.execute("UPDATE kept_request SET answer = NULL"))
    status, second, headers = await post(shop, "key-1", {"input": order()})
    assert (status, second) == (200, first)
    assert "idempotency-replayed" not in headers
    assert await rows(database, "orders") == 1
    assert (await KeptRequest.get(key="key-1")).attempts == 2


async def test_an_error_of_ours_is_not_kept(shop: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise OSError("the cable")

    order_id = global_id("Order", new_id())
    with monkeypatch.context() as patch:
        patch.setattr("packhouse.ordering.graphql.mutations.confirm", broken)
        query = "mutation Confirm($id: ID!) { confirmOrder(input: {orderId: $id}) { userErrors { code } } }"
        status, text, _ = await post(shop, "key-1", {"id": order_id}, query)
        assert (status, "INTERNAL_SERVER_ERROR" in text) == (200, True)
    _, text, headers = await post(shop, "key-1", {"id": order_id}, query)
    assert "INTERNAL_SERVER_ERROR" not in text
    assert "idempotency-replayed" not in headers


async def test_kept_for_its_time_and_then_forgotten_with_its_steps(shop: RunningServer) -> None:
    database = shop.house.database
    await post(shop, "key-1", {"input": order()})
    assert await forget_expired_requests(database) == 0
    assert await RequestStep.all().count() == 1
    await database.write(
        Initiator("tester", "test"),
        lambda uow: uow.execute("UPDATE kept_request SET expires_at = $1", now() - timedelta(hours=1)),
    )
    assert await forget_expired_requests(database) == 1
    assert await rows(database, "kept_request") + await rows(database, "request_step") == 0


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    shop: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OSError("the cable")

    with monkeypatch.context() as patch:
        patch.setattr("packhouse.web.graphql.keyed.keep_answer", broken)
        status, first, _ = await post(shop, "key-1", {"input": order()})
    assert (status, '"userErrors":[]' in first) == (200, True)
    assert await rows(shop.house.database, "orders") == 1


async def test_a_database_that_is_away_is_told_as_graphql_tells_it(
    shop: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OSError("the cable")

    monkeypatch.setattr("packhouse.web.graphql.keyed.claim_request", broken)
    status, text, _ = await post(shop, "key-1", {"input": order()})
    assert (status, "INTERNAL_SERVER_ERROR" in text, "cable" in text) == (500, True, False)
    assert await rows(shop.house.database, "orders") == 0
