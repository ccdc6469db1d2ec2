"""Running servers, and clients that talk to them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.end_to_end.api import Api
from tests.end_to_end.shopify import AdminStandIn, Door, with_shop

from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse_shopify import Plugin


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of HTTP."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


@pytest_asyncio.fixture
async def server(database_url: str) -> AsyncIterator[RunningServer]:
    """Packhouse without plugins, once on SQLite and once on PostgreSQL."""
    async with running_server(server_settings(database_url)) as running:
        yield running


@pytest.fixture
def api(http: aiohttp.ClientSession, server: RunningServer) -> Api:
    """A client of that server."""
    return Api(http, server)


@pytest_asyncio.fixture
async def admin() -> AsyncIterator[AdminStandIn]:
    """The shop's Admin API."""
    stand_in = AdminStandIn()
    app = web.Application()
    app.router.add_post("/admin/api/2026-10/graphql.json", stand_in.handle)
    async with TestServer(app, host="127.0.0.1") as running:
        stand_in.url = str(running.make_url("")).rstrip("/")
        yield stand_in


@pytest_asyncio.fixture
async def shop_server(database_url: str, admin: AdminStandIn) -> AsyncIterator[RunningServer]:
    """Packhouse with a Shopify shop as a channel, once on SQLite and once on PostgreSQL."""
    async with running_server(with_shop(server_settings(database_url), admin.url), [Plugin()]) as running:
        yield running


@pytest.fixture
def shop_api(http: aiohttp.ClientSession, shop_server: RunningServer) -> Api:
    """A client of the server with a shop."""
    return Api(http, shop_server)


@pytest.fixture
def door(http: aiohttp.ClientSession, shop_server: RunningServer) -> Door:
    """Where the shop posts its webhooks."""
    return Door(http, shop_server)
