"""Tokens made, changed and revoked by tokens, over HTTP: never more than whoever asks may do, and never told twice."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.web.graphql.asking import Answer, send

from packhouse.sdk import now
from packhouse.storage import Initiator
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.authentication import ticket_of
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Permissions

NODE = "name permissions createdBy expiresAt revokedBy revokedAt"
CREATE = f"""mutation ($input: CreateAccessTokenInput!) {{
  createAccessToken(input: $input) {{ token accessToken {{ {NODE} }} userErrors {{ code field }} }}
}}"""
CHANGE = f"""mutation ($input: ChangeAccessTokenInput!) {{
  changeAccessToken(input: $input) {{ accessToken {{ {NODE} }} userErrors {{ code field }} }}
}}"""
REVOKE = f"""mutation ($input: RevokeAccessTokenInput!) {{
  revokeAccessToken(input: $input) {{ accessToken {{ {NODE} }} userErrors {{ code field }} }}
}}"""
LIST = f"query ($inForce: Boolean) {{ accessTokens(inForce: $inForce) {{ edges {{ node {{ {NODE} }} }} totalCount }} }}"
VIEWER = "{ viewer { name permissions expiresAt } }"


@pytest_asyncio.fixture
async def server(database_url: str) -> AsyncIterator[RunningServer]:
    async with running_server(server_settings(database_url)) as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(http: aiohttp.ClientSession, server: RunningServer, query: str, **given: Any) -> Answer:
    headers = given.pop("headers", {})
    return await send(
        http, server, json={"query": query, "variables": given.pop("variables", {"input": given})}, headers=headers
    )


async def do(http: aiohttp.ClientSession, server: RunningServer, query: str, **given: Any) -> Any:
    answer = (await post(http, server, query, **given)).json
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    return payload


async def rows() -> list[tuple[str, list[str], bool]]:
    """The tokens of this test's making."""
    found = await AccessToken.exclude(name__startswith="test ").order_by("name")
    return [(row.name, row.permissions, row.revoked_at is None) for row in found]


async def test_a_token_is_made_used_changed_and_revoked(
    server: RunningServer, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keeper = await server.seen_by("orders.write", "tokens.write", name="keeper")
    end = (now() + timedelta(days=1)).isoformat()
    made = await do(http, keeper, CREATE, name=" shop ", permissions=["orders.read", "orders.write"], expiresAt=end)
    node = {
        "name": "shop",
        "permissions": ["orders.write"],
        "createdBy": "token:keeper",
        "expiresAt": end,
        "revokedBy": None,
        "revokedAt": None,
    }
    assert (made["accessToken"], made["userErrors"]) == (node, [])
    shop = RunningServer(server.url, made["token"], server.house)
    assert await do(http, shop, VIEWER) == {"name": "shop", "permissions": ["orders.write"], "expiresAt": end}
    assert await do(http, server, "{ viewer { permissions } }") == {"permissions": ["*"]}

    changed = await do(http, keeper, CHANGE, name="shop", permissions=["orders.read"])
    assert (changed["accessToken"], changed["userErrors"]) == ({**node, "permissions": ["orders.read"]}, [])
    listed = await do(http, keeper, LIST, variables={"inForce": True})
    assert (listed["totalCount"], listed["edges"][0]["node"]) == (3, changed["accessToken"])
    revoked = (await do(http, keeper, REVOKE, name="shop"))["accessToken"]
    assert (revoked["revokedBy"], revoked["revokedAt"] is None) == ("token:keeper", False)
    assert (await do(http, keeper, LIST, variables={"inForce": False}))["edges"] == [{"node": revoked}]
    everything = await post(http, keeper, LIST, variables={})
    for secret in (made["token"], ticket_of(made["token"])):
        assert secret not in everything.text
        assert secret not in caplog.text


async def test_nobody_gives_or_takes_more_than_they_have(server: RunningServer, http: aiohttp.ClientSession) -> None:
    keeper = await server.seen_by("orders.write", "tokens.write", name="keeper")
    await server.seen_by("*", name="boss")
    before = await rows()
    beyond = {"code": "PERMISSION_NOT_HELD", "field": ["permissions"]}
    for permissions in (["*"], ["orders.read", "catalog.read"]):
        made = await do(http, keeper, CREATE, name="shop", permissions=permissions)
        assert made == {"token": None, "accessToken": None, "userErrors": [beyond]}
        more = await do(http, keeper, CHANGE, name="keeper", permissions=permissions)
        assert more == {"accessToken": None, "userErrors": [beyond]}
    for query, given in ((CHANGE, {"permissions": ["orders.read"]}), (REVOKE, {})):
        assert (await do(http, keeper, query, name="boss", **given))["userErrors"] == [beyond]
    for given, code, field in (
        ({"name": "shop", "permissions": ["orders.all"]}, "INVALID_VALUE", ["permissions"]),
        ({"name": "shop", "permissions": []}, "INVALID_VALUE", ["permissions"]),
        ({"name": "", "permissions": ["orders.read"]}, "INVALID_VALUE", ["name"]),
        ({"name": "boss", "permissions": ["orders.read"]}, "NAME_TAKEN", ["name"]),
        (
            {"name": "shop", "permissions": ["orders.read"], "expiresAt": "2020-01-01T00:00:00Z"},
            "INVALID_VALUE",
            ["expiresAt"],
        ),
    ):
        assert (await do(http, keeper, CREATE, **given))["userErrors"] == [{"code": code, "field": field}]
    for name, code in (("nobody", "NOT_FOUND"), ("", "INVALID_VALUE"), ("x" * 5_000, "INVALID_VALUE")):
        for query, given in ((CHANGE, {"permissions": ["orders.read"]}), (REVOKE, {})):
            refused = await do(http, keeper, query, name=name, **given)
            assert refused["userErrors"] == [{"code": code, "field": ["name"]}]
    assert (await post(http, keeper, REVOKE, name="a\0b")).code == "BAD_USER_INPUT"
    clerk = await server.seen_by("orders.write", "tokens.read")
    assert (await post(http, clerk, CREATE, name="shop", permissions=["orders.read"])).code == "FORBIDDEN"
    assert await rows() == before


async def test_a_token_is_not_kept_for_whoever_repeats_a_request(
    server: RunningServer, http: aiohttp.ClientSession
) -> None:
    made = await do(
        http, server, CREATE, name="shop", permissions=["orders.read"], headers={"Idempotency-Key": "key-1"}
    )
    assert made == {"token": None, "accessToken": None, "userErrors": [{"code": "NOT_REPEATABLE", "field": None}]}
    assert await rows() == []


async def test_one_that_was_just_revoked_makes_no_successor(
    server: RunningServer, http: aiohttp.ClientSession, by: Initiator
) -> None:
    """Servers remember tokens for seconds: for changes of tokens that is too long."""
    keeper = await server.seen_by("orders.write", "tokens.write", name="keeper")
    assert (await do(http, keeper, VIEWER))["name"] == "keeper"
    fewer = Permissions.of(["catalog.read", "tokens.write"])
    await server.house.database.write(by, lambda uow: change_token(uow, "keeper", fewer, OPERATOR))
    made = await do(http, keeper, CREATE, name="shop", permissions=["orders.read"])
    assert made["userErrors"] == [{"code": "PERMISSION_NOT_HELD", "field": ["permissions"]}]
    await server.house.database.write(by, lambda uow: revoke_token(uow, "keeper", OPERATOR))
    for query, given in ((CREATE, {"permissions": ["catalog.read"]}), (REVOKE, {})):
        assert (await do(http, keeper, query, name="shop", **given))["userErrors"] == [
            {"code": "NOT_IN_FORCE", "field": None}
        ]
    assert await rows() == [("keeper", ["catalog.read", "tokens.write"], False)]
