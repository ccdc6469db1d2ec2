"""What tokens that may do little can follow: each event is looked at, and a token that is cut down tells less within seconds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.web.graphql.talking import CUT_OFF, Client, listening, talking

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.orders.models import Order
from packhouse.sdk import now
from packhouse.storage import Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.graphql.streams import clients as clients_module
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Permissions

FOLLOW = "subscription F($after: String) { orderEvents(after: $after) { cursor type } }"
WITH_MONEY = "subscription { orderEvents { type order { payments { id } } } }"


@pytest_asyncio.fixture
async def shop(database_url: str, by: Initiator) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url)) as server:
        database = server.house.database
        await make_shop(database)
        await database.write(by, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
        yield server


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients_module, "CHECK_SECONDS", 0.05)


async def paid(server: RunningServer) -> Order:
    return await make_order(server.house.database, {"MUG": 1}, paid="10.00")


async def types_upto(client: Client, last: str, id_: str = "1") -> tuple[list[str], str]:
    """What is told, up to an event of a type, and its cursor."""
    types: list[str] = []
    cursor = ""
    while last not in types:
        event, cursor = await client.next("orderEvents", id_)
        types.append(event["type"])
    return types, cursor


async def refusal(client: Client, id_: str) -> list[Any]:
    message = await client.receive()
    assert (message["id"], message["type"]) == (id_, "error")
    return [(error["extensions"]["code"], error["extensions"]["permission"]) for error in message["payload"]]


async def test_an_operation_that_is_not_allowed_ends_alone(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    clerk = await shop.seen_by("orders.read")
    async with talking(clerk) as client:
        await client.subscribe("1", FOLLOW)
        await client.has_begun()
        await client.subscribe("2", WITH_MONEY)
        assert await refusal(client, "2") == [("FORBIDDEN", "payments.read")]
        await client.subscribe("2", "{ customers { totalCount } }")
        assert await refusal(client, "2") == [("FORBIDDEN", "customers.read")]
        await client.subscribe("2", 'mutation { createChannel(input: {code: "x", name: "X"}) { userErrors { code } } }')
        assert await refusal(client, "2") == [("FORBIDDEN", "channels.write")]
        await client.subscribe("2", "subscription { stockEvents { delta } }")
        assert await refusal(client, "2") == [("FORBIDDEN", "inventory.read")]
        await paid(shop)
        assert (await client.next("orderEvents"))[0]["type"] == "ORDER_PLACED"
    for query in (WITH_MONEY, "{ customers { totalCount } }"):
        async with listening(http, clerk, query) as stream:
            event = await stream.receive()
            assert (event.name, set(event.data)) == ("next", {"errors"})
            assert event.data["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert (await stream.receive()).name == "complete"
    assert await shop.house.database.fetch("SELECT id FROM channel WHERE code = $1", "x") == []


async def test_each_event_is_told_to_whom_it_concerns(shop: RunningServer, http: aiohttp.ClientSession) -> None:
    clerk, cashier = await shop.seen_by("orders.read"), await shop.seen_by("orders.read", "payments.read")
    second = await shop.seen_by("orders.read")
    async with (
        talking(clerk) as at_desk,
        talking(second) as at_second,
        talking(cashier) as at_till,
        listening(http, clerk, FOLLOW) as stream,
    ):
        for client in (at_desk, at_second, at_till):
            await client.subscribe("1", FOLLOW)
            await client.has_begun()
        # the three that may see the same share an execution, whoever's token it is; nobody else does
        assert shop.house.streams.shared == 2
        await paid(shop)
        await shop.house.relay.drain()
        seen, cursor = await types_upto(at_desk, "ORDER_CONFIRMED")
        assert seen == (await types_upto(at_second, "ORDER_CONFIRMED"))[0]
        assert seen == ["ORDER_PLACED", "ORDER_CONFIRMED"]
        assert [(await stream.receive()).data["data"]["orderEvents"]["type"] for _ in seen] == seen
        assert set((await types_upto(at_till, "PAYMENT_RECORDED"))[0]) >= {"ORDER_PLACED", "PAYMENT_RECORDED"}
        # what was passed over does not come again, and does not keep back what comes later
        await paid(shop)
        assert (await types_upto(at_desk, "ORDER_CONFIRMED"))[0] == seen
    async with talking(cashier) as at_till:
        await at_till.subscribe("1", FOLLOW, variables={"after": cursor})
        told, _ = await types_upto(at_till, "PAYMENT_RECORDED")
        assert "ORDER_HELD" not in told


async def test_a_token_that_is_cut_down_tells_less_within_seconds(
    shop: RunningServer, http: aiohttp.ClientSession, by: Initiator, often: None
) -> None:
    del often
    cashier = await shop.seen_by("orders.read", "payments.read", name="till")
    untouched = await shop.seen_by("orders.read", "payments.read")
    async with talking(cashier) as client, talking(untouched) as other, listening(http, cashier, FOLLOW) as stream:
        for each in (client, other):
            await each.subscribe("1", FOLLOW)
            await each.has_begun()
        await paid(shop)
        _, cursor = await types_upto(client, "PAYMENT_RECORDED")
        fewer = Permissions.of(["orders.read"])
        await shop.house.database.write(by, lambda uow: change_token(uow, "till", fewer, OPERATOR))
        assert (await client.closed())[0] == 1012
        while (event := await stream.receive()) != CUT_OFF:
            assert event.name == "next"
        assert any("allows something else" in comment for comment in stream.comments)
        async with talking(cashier) as again:
            await again.subscribe("1", FOLLOW, variables={"after": cursor})
            await again.subscribe("2", WITH_MONEY)
            assert await refusal(again, "2") == [("FORBIDDEN", "payments.read")]
            await paid(shop)
            told, _ = await types_upto(again, "ORDER_CONFIRMED")
            assert "PAYMENT_RECORDED" not in told
        await types_upto(other, "PAYMENT_RECORDED")


async def test_an_expired_token_ends_its_streams_within_seconds(
    shop: RunningServer, http: aiohttp.ClientSession, often: None
) -> None:
    del often
    clerk = await shop.seen_by("orders.read", name="clerk")
    async with talking(clerk) as client, listening(http, clerk, FOLLOW) as stream:
        await client.subscribe("1", FOLLOW)
        await client.has_begun()
        await AccessToken.filter(name="clerk").update(expires_at=now() - timedelta(seconds=1))
        assert await client.closed() == (4403, "Forbidden: the access token was revoked or has expired")
        last = await stream.receive()
        assert last.data["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    async with http.post(clerk.graphql, json={"query": "{ __typename }"}, headers=clerk.headers) as response:
        assert response.status == 401
