import asyncio
import logging

import aiohttp
import pytest
from tests.web.conftest import tiny_parts, with_limits

from packhouse.settings import Settings
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.web.stopping import Stopping


async def test_both_steps_are_taken_once() -> None:
    stopping, told = Stopping(), list[str]()

    async def tell(name: str) -> None:
        told.append(f"{name} {stopping.is_announced} {stopping.is_draining}")

    stopping.on_drain(lambda: tell("first"))
    forget = stopping.on_drain(lambda: tell("gone"))
    stopping.on_drain(lambda: tell("second"))
    forget()
    forget()
    assert (stopping.is_announced, stopping.is_draining, stopping.seconds_left) == (False, False, 0)
    stopping.announce()
    assert (stopping.is_announced, stopping.is_draining, told) == (True, False, [])
    waiting = asyncio.create_task(stopping.draining())
    await stopping.drain(60)
    await waiting
    assert told == ["first True True", "second True True"]
    assert 0 < stopping.seconds_left <= 60
    await stopping.drain(600)
    assert len(told) == 2
    assert stopping.seconds_left <= 60


async def test_one_that_fails_or_hangs_keeps_nobody(caplog: pytest.LogCaptureFixture) -> None:
    stopping, told = Stopping(), list[str]()

    async def fail() -> None:
        raise ValueError("closed")

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("cancelled")

    async def tell() -> None:
        told.append("told")

    for each in (fail, hang, tell):
        stopping.on_drain(each)
    with caplog.at_level(logging.ERROR):
        await stopping.drain(0.05)
    await asyncio.sleep(0)
    assert told == ["told", "cancelled"]
    assert [record.getMessage() for record in caplog.records] == ["Something could not be told that the process stops"]


async def ask(client: aiohttp.ClientSession, server: RunningServer, query: str) -> tuple[int, object, str | None]:
    async with client.post(server.graphql, json={"query": query}, headers=server.headers) as response:
        return response.status, (await response.json()).get("data"), response.headers.get("connection")


async def ready(client: aiohttp.ClientSession, server: RunningServer) -> tuple[int, object]:
    async with client.get(f"{server.url}/health/ready") as response:
        return response.status, await response.json()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return server_settings(database_url)


async def test_what_is_announced_is_still_answered(settings: Settings) -> None:
    async with (
        aiohttp.ClientSession() as client,
        running_server(settings, parts=tiny_parts()) as server,
    ):
        assert await ask(client, server, "{ hello }") == (200, {"hello": "hello world"}, None)
        server.house.stopping.announce()
        assert await ready(client, server) == (503, {"status": "not ready", "reason": "this process is stopping"})
        assert await ask(client, server, "{ hello }") == (200, {"hello": "hello world"}, "close")
        async with client.get(f"{server.url}/health/live") as response:
            assert response.status == 200


async def test_open_requests_are_answered_and_new_ones_refused(settings: Settings) -> None:
    """The server's own end: not ready while proxies look, then closed to new clients, then what is open is finished."""
    chosen = with_limits(settings, "server", stop_delay_seconds=0.5, graceful_shutdown_seconds=10.0)
    server = running_server(chosen, parts=tiny_parts())
    async with aiohttp.ClientSession() as open_client, aiohttp.ClientSession() as other:
        running = await server.__aenter__()
        slow = asyncio.create_task(ask(open_client, running, "{ slow(seconds: 1.5) }"))
        await asyncio.sleep(0.1)
        ending = asyncio.create_task(server.__aexit__(None, None, None))
        async with asyncio.timeout(5):
            while (await ready(other, running))[0] != 503:  # noqa: ASYNC110  (it is asked as a proxy asks)
                await asyncio.sleep(0.01)
        assert (await ask(other, running, "{ hello }"))[0] == 200
        await running.house.stopping.draining()
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(other, running, "{ hello }")
        assert not slow.done()
        assert await slow == (200, {"slow": "done"}, "close")
        await ending


async def test_what_takes_too_long_is_cut_off(settings: Settings) -> None:
    chosen = with_limits(settings, "server", graceful_shutdown_seconds=0.2)
    async with aiohttp.ClientSession() as client:
        async with running_server(chosen, parts=tiny_parts()) as server:
            slow = asyncio.create_task(ask(client, server, "{ slow(seconds: 60) }"))
            await asyncio.sleep(0.1)
        with pytest.raises(aiohttp.ClientError):
            await slow
