"""Awaiting a hook with a time-out that costs nothing where the hook does not wait at all: most end in their first step."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns.

    Raises:
        TimeoutError: it waited longer than `seconds`.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as end:
        at_once: T = end.value
        return at_once
    async with asyncio.timeout(seconds):
        rest: T = await _Rest(coroutine, waits_for)
        return rest


class _Rest:
    """A coroutine that was begun: it waits for what it asked for, and goes on in the same task."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:  # noqa: ANN401  (whatever it awaits)
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        while True:
            raised: BaseException | None = None
            sent = None
            try:
                sent = yield waits_for
            except BaseException as error:  # noqa: BLE001  (a cancellation is the coroutine's to take, too)
                raised = error
            try:
                waits_for = self._coroutine.send(sent) if raised is None else self._coroutine.throw(raised)
            except StopIteration as end:
                return end.value
