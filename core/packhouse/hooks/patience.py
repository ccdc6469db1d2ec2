"""Awaiting a hook with a time-out that costs nothing where the hook does not wait at all: most end in their first step."""

import asyncio
import logging
from collections.abc import Coroutine, Generator
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 5.0
log = logging.getLogger(__name__)


async def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. One that takes no notice of being interrupted is left where it is, a few seconds later.

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
    """A coroutine that was begun: it waits for what it asked for, and goes on in the same task.

    Nobody but this drives it, so that it cannot go on by itself when it is left.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:  # noqa: ANN401  (whatever it awaits)
        self._coroutine = coroutine
        self._waits_for = waits_for
        self._interruption: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_left = False

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (whoever awaits is in one)
        waits_for, before = self._waits_for, task.cancelling()
        try:
            while True:
                raised: BaseException | None = None
                sent = None
                try:
                    sent = yield waits_for
                except BaseException as error:  # noqa: BLE001  (a cancellation is the coroutine's to take, too)
                    raised = error
                if self._is_left and self._interruption is not None:
                    self._close(task)
                    raise self._interruption
                waits_for = self._coroutine.send(sent) if raised is None else self._coroutine.throw(raised)
                if raised is not None and self._timer is None and task.cancelling() > before:
                    self._interruption = raised
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(_PATIENCE, self._leave, task, before)
        except StopIteration as end:
            return end.value
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _leave(self, task: asyncio.Task[Any], before: int) -> None:
        self._timer = None
        if task.cancelling() > before:  # else it was a time-out of its own
            self._is_left = True
            task.cancel()

    def _close(self, task: asyncio.Task[Any]) -> None:
        task.uncancel()  # that was ours
        log.error("A hook that was interrupted %s s ago goes on: it is left where it is", _PATIENCE)
        with suppress(Exception):
            self._coroutine.close()
