"""The pace keeps to both published rates, whenever the windows begin."""

import asyncio
from collections import deque
from typing import Any

import pytest

from packhouse.sdk import ProviderRateLimited
from packhouse_klaviyo.pace import Pace


class Clock:
    """A clock that a pace's waiting moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        monkeypatch.setattr(asyncio, "sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def most_in(sent: list[float], seconds: float) -> int:
    window: deque[float] = deque()
    most = 0
    for at in sent:
        window.append(at)
        while at - window[0] >= seconds - 1e-9:
            window.popleft()
        most = max(most, len(window))
    return most


async def test_calls_are_spread_over_seconds_and_minutes(clock: Any) -> None:
    pace, sent = Pace(5, 20, clock), []
    for _ in range(60):
        try:
            await pace.take("call")
        except ProviderRateLimited as limited:
            clock.now += limited.retry_after
            await pace.take("call")
        sent.append(clock.now)
        clock.now += 0.07
    assert most_in(sent, 1.0) == 5
    assert most_in(sent, 60.0) == 20
    assert sent[19] - sent[0] < 4.0, "as fast as the rate allows"


async def test_a_short_wait_is_waited_and_a_long_one_is_the_hosts(clock: Any) -> None:
    pace = Pace(2, 3, clock)
    for _ in range(3):
        await pace.take("create_event")
    assert clock.slept == [1.0]
    with pytest.raises(ProviderRateLimited, match="create_event") as limited:
        await pace.take("create_event")
    assert limited.value.retry_after == pytest.approx(59.0)


async def test_who_waits_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(1, 100, lambda: 100.0)
    await pace.take("call")
    await pace.take("call")
    assert slept == [1.0]
    with pytest.raises(ProviderRateLimited) as limited:
        await pace.take("call")
    assert limited.value.retry_after == 2.0
