"""Processes hint at each other over a real NATS; without it they find out by polling, and nothing is lost."""

import asyncio
import logging
import signal

import pytest

from packhouse.events.bus import Bus
from packhouse.testing.nats import NatsServer, free_port, shared_nats_url


class Ear:
    def __init__(self, url: str, **options: float) -> None:
        self.heard = 0
        self.bus = Bus(url, {"log": self.hear}, **options)

    def hear(self) -> None:
        self.heard += 1

    async def connected(self) -> None:
        async with asyncio.timeout(20):
            while not self.bus.is_connected:  # noqa: ASYNC110  (another task connects)
                await asyncio.sleep(0.01)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.heard < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_hint_reaches_the_others_and_not_oneself(nats_url: str, caplog: pytest.LogCaptureFixture) -> None:
    one, two = Ear(nats_url), Ear(nats_url)
    for each in (one, two):
        each.bus.start()
        await each.connected()
    mine, theirs = one.heard, two.heard
    one.bus.announce("log")
    await two.until(theirs + 1)
    await asyncio.sleep(0.05)
    assert one.heard == mine
    one.bus.announce("unknown")
    for each in (one, two):
        await each.bus.stop()
    # whoever leaves has lost nothing
    assert not caplog.records


async def test_many_hints_at_once_are_few_messages(nats_url: str) -> None:
    one, two = Ear(nats_url), Ear(nats_url)
    for each in (one, two):
        each.bus.start()
        await each.connected()
    before = two.heard
    for _ in range(1000):
        one.bus.announce("log")
    await two.until(before + 1)
    await asyncio.sleep(0.05)
    assert two.heard - before <= 3
    for each in (one, two):
        await each.bus.stop()


async def test_a_server_that_goes_and_comes_back(nats_server: NatsServer, caplog: pytest.LogCaptureFixture) -> None:
    one, two = Ear(nats_server.url), Ear(nats_server.url)
    for each in (one, two):
        each.bus.start()
        await each.connected()
    with caplog.at_level(logging.INFO, "packhouse.events.bus"):
        await asyncio.to_thread(nats_server.stop)
        async with asyncio.timeout(10):
            while one.bus.is_connected or two.bus.is_connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        one.bus.announce("log")
        await asyncio.sleep(0.1)
        before = two.heard
        await asyncio.to_thread(nats_server.start)
        await two.until(before + 1)
        await one.connected()
        heard = two.heard
        one.bus.announce("log")
        await two.until(heard + 1)
    told = [record.getMessage() for record in caplog.records]
    assert sum("cannot be reached" in each for each in told) == 2, "once for each process"
    assert told.count("NATS is there again") == 2
    for each in (one, two):
        await each.bus.stop()


async def test_it_stops_at_any_moment_of_connecting() -> None:
    for moment in range(300):
        ear = Ear(shared_nats_url())
        ear.bus.start()
        for _ in range(moment):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await ear.bus.stop()
        assert not ear.bus.is_connected


async def test_without_a_server_it_starts_and_stops(caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear(f"nats://127.0.0.1:{free_port()}")
    ear.bus.start()
    ear.bus.announce("log")
    await asyncio.sleep(0.3)
    assert not ear.bus.is_connected
    async with asyncio.timeout(5):
        await ear.bus.stop()
    assert [record.getMessage() for record in caplog.records if "cannot be reached" in record.getMessage()]


async def test_a_server_that_hangs_is_noticed_and_holds_up_nobody(
    nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ear, leaving = Ear(nats_server.url, ask_seconds=0.2), Ear(nats_server.url)
    for each in (ear, leaving):
        each.bus.start()
        await each.connected()
    assert nats_server.process is not None
    nats_server.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(1000):
            ear.bus.announce("log")
            leaving.bus.announce("log")
        async with asyncio.timeout(20):
            await leaving.bus.stop()
            while ear.bus.is_connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        before = ear.heard
    finally:
        nats_server.process.send_signal(signal.SIGCONT)
    await ear.connected()
    # whatever was missed meanwhile
    await ear.until(before + 1)
    await ear.bus.stop()
    own = [each.message.partition("(")[0] for each in caplog.records if each.name == "packhouse.events.bus"]
    assert own == ["NATS cannot be reached ", "NATS is there again"]
