"""What a load balancer learns while the database is away, hangs, and comes back."""

import asyncio
import logging
from typing import Any

import orjson
import pytest
from starlette.requests import Request

from packhouse.storage import DatabaseLost
from packhouse.web import health
from packhouse.web.stopping import Stopping

SILENT = {"status": "not ready", "reason": "the database does not answer"}


def asked(check: Any) -> tuple[Any, Any]:
    """The two ways of asking, for one process whose database is looked at by `check`."""
    live, ready = health.health_routes(check, Stopping())

    async def answer(route: Any) -> tuple[int, Any]:
        response = await route.endpoint(Request({"type": "http", "method": "GET", "headers": []}))
        return response.status_code, orjson.loads(response.body)

    return lambda: answer(live), lambda: answer(ready)


async def test_it_is_told_each_time_and_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    is_away = False

    async def check() -> list[str]:
        if is_away:
            raise DatabaseLost("connection refused")
        return []

    live, ready = asked(check)
    for _ in range(2):
        assert await ready() == (200, {"status": "ok"})
        is_away = True
        for _ in range(3):
            assert await ready() == (503, SILENT)
            assert await live() == (200, {"status": "ok"})
        is_away = False
    own = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert own == ["Not ready: the database does not answer: DatabaseLost"] * 2


async def test_a_check_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_SECONDS", 0.05)
    lets_go, broken_off = asyncio.Event(), asyncio.Event()

    async def check() -> list[str]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # as a connection that has to be left first
            await lets_go.wait()
            broken_off.set()
            raise DatabaseLost("it gives no answer") from None
        return []

    live, ready = asked(check)
    assert await ready() == (503, SILENT)
    assert await live() == (200, {"status": "ok"})
    assert not broken_off.is_set()
    lets_go.set()
    async with asyncio.timeout(20):
        await broken_off.wait()
