"""One plugin's life while the server runs: started and stopped by itself and in time, and started again where that failed."""

import asyncio
import logging
import time
from enum import StrEnum
from itertools import count

from packhouse.hooks.context import HostContext
from packhouse.hooks.implementations import Implementation, implementation_of
from packhouse.hooks.in_time import finish_in_time

_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 300.0
_SLOW_SECONDS = 1.0
log = logging.getLogger(__name__)


class Stage(StrEnum):
    """How far a plugin is: waits to be started, runs, or could not start and is tried again. It is stopped for good."""

    LOADED = "loaded"
    RUNNING = "running"
    FAILED_TO_START = "failed_to_start"
    STOPPED = "stopped"


class Life:
    """The life of one plugin. `stage` is how far it is, `error` why it could not start.

    `shutdown` is called only where `startup` has worked.
    """

    def __init__(self, plugin: object, hooks: tuple[str, ...], context: HostContext) -> None:
        self.stage = Stage.LOADED
        self.error = ""
        self._context = context
        self._startup = _hook(plugin, hooks, "startup", context.code)
        self._shutdown = _hook(plugin, hooks, "shutdown", context.code)
        self._trying_again: asyncio.Task[None] | None = None

    async def start(self, seconds: float) -> None:
        """Start it; where that fails it is tried again in the background, after 5 s, then twice as long, at most 5 minutes."""
        if self.stage is Stage.LOADED and not await self._try(seconds):
            self._trying_again = asyncio.create_task(self._try_again(seconds), name=f"start {self._context.code}")

    async def stop(self, seconds: float) -> None:
        """Stop it; twice is fine."""
        trying, self._trying_again = self._trying_again, None
        if trying is not None:
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
        ran, self.stage = self.stage is Stage.RUNNING, Stage.STOPPED
        if ran and self._shutdown is not None:
            await self._timed(self._shutdown, "shutdown", seconds)

    async def _try(self, seconds: float) -> bool:
        self.error = "" if self._startup is None else await self._timed(self._startup, "startup", seconds)
        self.stage = Stage.FAILED_TO_START if self.error else Stage.RUNNING
        return not self.error

    async def _try_again(self, seconds: float) -> None:
        for failures in count():
            await asyncio.sleep(retry_seconds(failures))
            if await self._try(seconds):
                log.warning("Plugin %s has started now, and gets its events", self._context.code)
                return

    async def _timed(self, hook: Implementation, name: str, seconds: float) -> str:
        """Why it failed; empty where it did not."""
        code, started = self._context.code, time.perf_counter()
        try:
            await finish_in_time(hook.call({"context": self._context}), seconds, f"{name} {code}")
        except Exception as error:
            log.exception("Plugin %s failed in %s", code, name)
            return f"{type(error).__name__}: {error}"
        took = time.perf_counter() - started
        level = logging.WARNING if took > _SLOW_SECONDS else logging.DEBUG
        log.log(level, "Plugin %s took %.3f s in %s", code, took, name)
        return ""


def retry_seconds(failures: int) -> float:
    """How long to wait after so many further failures (from 0 on)."""
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures, 16))


def _hook(plugin: object, hooks: tuple[str, ...], name: str, code: str) -> Implementation | None:
    return implementation_of(code, plugin, name) if name in hooks else None
