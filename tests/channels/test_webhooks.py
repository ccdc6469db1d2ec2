from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.channels.partner import TestShop

from packhouse.app import Parts
from packhouse.channels.hooks import ensure_channels
from packhouse.channels.models import Channel, InboundMessage
from packhouse.channels.webhooks import webhook_routes
from packhouse.schema import create_schema
from packhouse.sdk import PluginContext, PluginManifest, Provider, hookimpl
from packhouse.testing.server import RunningServer, running_server, server_settings

WOKEN: list[bool] = []
MUTE = SimpleNamespace(code="mute", title="Sends nothing")


class Shops:
    """A plugin with two channels: one that sends webhooks, one that does not."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("shops", "Shops", "1")

    @hookimpl
    def register_channels(self, context: PluginContext) -> list[Provider]:  # noqa: ARG002  (the hook's)
        return [TestShop(), MUTE]


@pytest_asyncio.fixture
async def server(database_url: str) -> AsyncIterator[RunningServer]:
    """The door alone: nobody works on what comes in."""
    WOKEN.clear()
    parts = Parts(
        schema=create_schema(),
        routes=lambda house: webhook_routes(house, lambda: WOKEN.append(True)),
        on_start=(ensure_channels,),
    )
    async with running_server(server_settings(database_url), [Shops()], parts=parts) as running:
        yield running


async def post(server: RunningServer, code: str = "shop", *, method: str = "POST", **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{server.url}/webhooks/channels/{code}"
    async with aiohttp.ClientSession() as http, http.request(method, url, data=b"[]", headers=named) as response:
        return response.status, await response.json()


async def test_a_webhook_is_kept_as_it_came_and_somebody_is_woken_for_it(server: RunningServer) -> None:
    assert await post(server, x_id="m1") == (200, {"accepted": True, "duplicate": False})
    message = await InboundMessage.get().prefetch_related("channel")
    assert (message.channel.code, message.message_id, message.topic) == ("shop", "m1", "orders")
    assert (message.status, bytes(message.body), message.attempts) == ("received", b"[]", 0)
    assert message.due_at == message.received_at
    assert WOKEN == [True]


async def test_the_same_again_is_answered_and_wakes_nobody(server: RunningServer) -> None:
    await post(server, x_id="m1")
    assert await post(server, x_id="m1") == (200, {"accepted": True, "duplicate": True})
    assert await InboundMessage.all().count() == 1
    assert WOKEN == [True]


async def test_a_long_id_is_cut(server: RunningServer) -> None:
    assert (await post(server, x_id="m" * 300))[0] == 200
    assert (await InboundMessage.get()).message_id == "m" * 255


@pytest.mark.parametrize("code", ["nobody", "mute", "off"])
async def test_a_channel_that_takes_no_webhooks_is_not_found(server: RunningServer, code: str) -> None:
    if code == "off":
        await Channel.filter(code="shop").update(is_active=False)
        code = "shop"
    status, answer = await post(server, code, x_id="m1")
    assert (status, answer["error"]["code"]) == (404, "UNKNOWN_CHANNEL")
    assert await InboundMessage.all().count() == 0


async def test_a_webhook_that_is_not_to_be_trusted_is_not_kept(server: RunningServer) -> None:
    status, answer = await post(server)
    assert (status, answer["error"]["code"]) == (401, "WEBHOOK_REJECTED")
    assert "there is no id" not in answer["error"]["message"], "strangers are not told what to mend"
    assert await InboundMessage.all().count() == 0
    assert WOKEN == []


async def test_only_post_is_taken(server: RunningServer) -> None:
    status, answer = await post(server, method="GET", x_id="m1")
    assert (status, answer["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
