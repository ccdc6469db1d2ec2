import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from packhouse.hooks import patience
from packhouse.hooks.patience import within


async def after(*seconds: float, value: str = "done") -> str:
    for each in seconds:
        await asyncio.sleep(each)
    return value


async def test_what_a_coroutine_returns() -> None:
    assert await within(5, after()) == "done"
    assert await within(5, after(0, 0.01, 0)) == "done"


async def test_what_it_raises_before_and_after_waiting() -> None:
    async def broken(seconds: float | None) -> None:
        if seconds is not None:
            await asyncio.sleep(seconds)
        raise ValueError("broken")

    for seconds in (None, 0, 0.01):
        with pytest.raises(ValueError, match="broken"):
            await within(5, broken(seconds))


async def test_one_that_waits_too_long_is_interrupted_and_may_clean_up() -> None:
    cleaned = []

    @asynccontextmanager
    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    async def slow() -> None:
        async with resource():
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await within(0.01, slow())
    assert cleaned == ["up"]


async def test_time_outs_of_its_own_work_inside() -> None:
    async def own() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            return await after(0.01, value="went on")
        raise AssertionError

    assert await within(5, own()) == "went on"


async def test_it_runs_in_its_callers_task_and_tasks_of_its_own_work() -> None:
    async def inside() -> bool:
        before = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(after(0.01)) for _ in range(2)]
        return before is asyncio.current_task() and [each.result() for each in both] == ["done"] * 2

    assert await within(5, inside())


async def test_cancelling_the_caller_cancels_it() -> None:
    caught = []

    async def patient() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            caught.append("cancelled")
            raise

    task = asyncio.create_task(within(60, patient()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caught == ["cancelled"]


async def never_ends(interrupted: list[str]) -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            interrupted.append("taken no notice of")


async def test_one_that_takes_no_notice_of_it_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "_PATIENCE", 0.01)
    interrupted: list[str] = []
    with pytest.raises(TimeoutError):
        await within(0.01, never_ends(interrupted))
    task = asyncio.create_task(within(60, never_ends(interrupted)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert interrupted == ["taken no notice of"] * 2
    assert [record.message for record in caplog.records] == [
        "A hook that was interrupted 0.01 s ago goes on: it is left where it is"
    ] * 2
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_one_that_ends_soon_after_it_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_PATIENCE", 0.02)

    async def hurries() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return await after(0, value="saved what it had")
        raise AssertionError

    assert await within(0.01, hurries()) == "saved what it had"


async def test_time_outs_of_its_own_are_no_interruptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_PATIENCE", 0.01)

    async def own() -> str:
        try:
            async with asyncio.timeout(0.01):
                try:
                    await asyncio.sleep(60)
                finally:
                    await asyncio.sleep(0)
        except TimeoutError:
            return await after(0.05, value="went on")
        raise AssertionError

    assert await within(5, own()) == "went on"
