"""A plugin that cannot start, ends badly or never ends harms nobody but itself."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from tests.hooks.test_host import Named, event, load, order, to
from tests.hooks.test_loading import Choices, Mail, Point

from packhouse.hooks import BrokenPlugin, PluginHost, life
from packhouse.hooks.errors import HookFailed
from packhouse.hooks.in_time import finish_in_time, return_in_time
from packhouse.hooks.life import retry_seconds
from packhouse.sdk import Facts, Objection, Verdict, hookimpl


class Starting(Named):
    """Fails to start `failures` times."""

    def __init__(self, code: str = "named", failures: int = 0) -> None:
        super().__init__(code)
        self.failures = failures

    @hookimpl
    async def startup(self) -> None:
        self.seen.append("startup")
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the vendor is away")

    @hookimpl
    async def shutdown(self) -> None:
        self.seen.append("shutdown")

    @hookimpl
    async def gather_order_facts(self) -> Facts:
        return Facts({"score": 1})

    @hookimpl
    def check_order(self) -> Objection | None:
        return Objection(Verdict.HOLD, "ASKED", "It is asked all the same.")


async def test_one_that_cannot_start_is_tried_again_and_is_not_ready_until_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[int] = []
    again = asyncio.Event()

    def wait(failures: int) -> float:
        waits.append(failures)
        again.set()
        return 0.001

    monkeypatch.setattr(life, "retry_seconds", wait)
    late, other = Starting("late", failures=3), Starting("other")
    host = load(late, other)
    await host.startup()
    assert host.failed_startups == {"late": "ConnectionError: the vendor is away"}
    assert (host.is_ready("late"), host.is_ready("other"), host.is_ready("gone")) == (False, True, False)
    assert await host.gather_order_facts(order()) == {"other": Facts({"score": 1})}
    # a check is pure: it needs no start, and leaving it out would let pass what it stops
    assert [code for code, _ in host.check("check_order", order())] == ["late", "other"]
    async with asyncio.timeout(5):
        while not host.is_ready("late"):  # noqa: ASYNC110  (the host tells nobody)
            await asyncio.sleep(0.005)
    assert (late.seen, other.seen) == (["startup"] * 4, ["startup"])
    assert waits == [0, 1, 2]
    assert host.failed_startups == {}
    assert await host.gather_order_facts(order()) == {"late": Facts({"score": 1}), "other": Facts({"score": 1})}
    await host.shutdown()
    assert (late.seen[4:], other.seen[1:]) == (["shutdown"], ["shutdown"])
    assert caplog.records[-1].getMessage() == "Plugin late has started now, and gets its events"


def test_waits_between_starts_double_up_to_five_minutes() -> None:
    assert [retry_seconds(failures) for failures in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert retry_seconds(10_000) == 300


async def test_one_that_never_started_is_not_shut_down_nor_started_again() -> None:
    failing = Starting(failures=9)
    host = load(failing)
    await host.startup()
    await host.shutdown()
    await host.shutdown()
    assert failing.seen == ["startup"]
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("start ")] == []


class Stubborn(Named):
    """Does not let itself be interrupted, when starting and when stopping."""

    def __init__(self, code: str = "stubborn") -> None:
        super().__init__(code)
        self.released = asyncio.Event()

    @hookimpl
    async def startup(self) -> None:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.seen.append("interrupted")


async def test_a_start_that_never_ends_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("packhouse.hooks.in_time._PATIENCE", 0.05)
    stubborn, other = Stubborn(), Starting("other")
    host = load(stubborn, other, hook_timeout=0.05)
    async with asyncio.timeout(5):
        await host.startup()
    assert host.failed_startups == {"stubborn": "TimeoutError: no end after 0.05 s"}
    assert stubborn.seen == ["interrupted"]
    assert other.seen == ["startup"]
    stubborn.released.set()
    await host.shutdown()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_an_end_that_never_comes_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    class Clinging(Starting):
        @hookimpl
        async def shutdown(self) -> None:
            await asyncio.sleep(60)

    clinging, other = Clinging("clinging"), Starting("other")
    host = load(clinging, other, hook_timeout=0.05)
    await host.startup()
    async with asyncio.timeout(5):
        await host.shutdown()
    assert other.seen == ["startup", "shutdown"]
    assert [record.getMessage() for record in caplog.records] == ["Plugin clinging failed in shutdown"]


class Panic(BaseException):
    """What libraries written in another language raise where they would have ended the program."""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SystemExit(3), "it called sys.exit, and a plugin cannot end the server"),
        (Panic("no entry found"), "Panic: no entry found"),
    ],
    ids=["exit", "panic"],
)
@pytest.mark.parametrize("leaves", ["startup", "shutdown", "order_placed", "gather_order_facts", "check_order"])
async def test_a_hook_that_ends_the_process_has_failed_and_that_is_all(
    leaves: str, error: BaseException, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    def leave(hook: str) -> None:
        if hook == leaves:
            raise error

    class Leaving(Named):
        @hookimpl
        async def startup(self) -> None:
            leave("startup")

        @hookimpl
        async def shutdown(self) -> None:
            leave("shutdown")

        @hookimpl
        async def order_placed(self) -> None:
            leave("order_placed")

        @hookimpl
        async def gather_order_facts(self) -> Facts:
            leave("gather_order_facts")
            return Facts()

        @hookimpl
        def check_order(self) -> Objection | None:
            leave("check_order")
            return None

    host = load(Leaving())
    await asyncio.create_task(host.startup())
    assert host.failed_startups == ({"named": f"HookFailed: {message}"} if leaves == "startup" else {})
    if leaves == "order_placed":
        with pytest.raises(HookFailed, match=message):
            await asyncio.create_task(host.deliver(*to("named", event(), None)))
    assert await host.gather_order_facts(order()) == (
        {} if leaves in {"startup", "gather_order_facts"} else {"named": Facts()}
    )
    objections = [objection.code for _, objection in host.check("check_order", order())]
    assert objections == (["CHECK_FAILED"] if leaves == "check_order" else [])
    await host.shutdown()
    assert [record.levelno for record in caplog.records] == ([] if leaves == "order_placed" else [logging.ERROR])


async def test_a_hook_that_waits_for_something_cancelled_has_failed_and_was_not_interrupted() -> None:
    class Confused(Named):
        @hookimpl
        async def order_placed(self) -> None:
            own = asyncio.get_running_loop().create_future()
            own.cancel()
            await own

    with pytest.raises(HookFailed, match="it waited for something that was cancelled"):
        await load(Confused()).deliver(*to("named", event(), None))


async def test_a_hook_that_the_host_interrupts_is_interrupted() -> None:
    reached = asyncio.Event()

    class Waiting(Named):
        @hookimpl
        async def order_placed(self) -> None:
            reached.set()
            await asyncio.sleep(60)

    delivery = asyncio.create_task(load(Waiting()).deliver(*to("named", event(), None)))
    await reached.wait()
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery


def test_a_plugin_whose_import_never_ends_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    def hang() -> Any:
        release.wait(60)

    points = [Point("hanging", hang), Point("mail", lambda: Mail)]
    host = PluginHost.load(Choices(), installed=points, hook_timeout=0.05)
    release.set()
    assert host.quarantined == [("hanging", "TimeoutError: no end after 0.05 s")]
    assert [plugin.code for plugin in host.plugins] == ["mail"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    with pytest.raises(BrokenPlugin, match="plugin hanging: TimeoutError"):
        PluginHost.load(
            Choices(strict=True), installed=[Point("hanging", lambda: threading.Event().wait(60))], hook_timeout=0.05
        )


async def test_waiting_gives_results_and_errors_as_they_are() -> None:
    async def fine() -> int:
        return 1

    async def bad() -> int:
        raise LookupError("no")

    assert await finish_in_time(fine(), 5, "fine") == 1
    with pytest.raises(LookupError, match="no"):
        await finish_in_time(bad(), 5, "bad")
    assert return_in_time(lambda: 2, 5, "fine") == 2
    with pytest.raises(ZeroDivisionError):
        return_in_time(lambda: 1 // 0, 5, "bad")
