"""Waiting for plugins no longer than the host allows, also for those that take no notice of being interrupted."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 1.0


class Escaped(Exception):
    """Work in a thread raised what is made to end a program; `error` is that."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


async def finish_in_time(work: Coroutine[Any, Any, T], seconds: float, name: str) -> T:
    """The result of `work`. One that takes longer is interrupted; one that goes on even then is left behind.

    Raises:
        TimeoutError: it took longer.
        whatever `work` raises.
    """
    task = asyncio.create_task(work, name=name)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError(f"no end after {seconds:g} s")
        return task.result()
    finally:
        if not task.done():
            task.add_done_callback(_noticed)
            task.cancel()
            await asyncio.wait({task}, timeout=_PATIENCE)


def return_in_time(work: Callable[[], T], seconds: float, name: str) -> T:
    """The result of `work`, done in a thread: one that takes longer is left behind there, and ends with the process.

    Raises:
        TimeoutError: it took longer.
        Escaped: what `work` raised is no Exception: SystemExit, KeyboardInterrupt, the panic of a library in another language.
        whatever else `work` raises.
    """
    answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            answers.put((True, context.run(work)))
        except Exception as error:  # noqa: BLE001  (it is raised where the answer is waited for)
            answers.put((False, error))
        except BaseException as error:  # noqa: BLE001  (in a thread of its own nobody but `work` can have raised it)
            answers.put((False, Escaped(error)))

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        worked, answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no end after {seconds:g} s") from None
    if not worked:
        raise answer
    result: T = answer
    return result


def _noticed(task: asyncio.Task[Any]) -> None:
    """Nobody waits for its error any more."""
    if not task.cancelled():
        task.exception()
