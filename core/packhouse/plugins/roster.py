"""Which plugins are in use, and how that changes while the server runs.

Every process of the house looks at the version that the database counts, and takes over what was changed: plugins for which
something is different are loaded anew and started, then events, requests and jobs go to them, and only then the old ones are
stopped. The others run on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from packhouse.events.audience import plugins_version
from packhouse.hooks import BrokenPlugin, PluginHost
from packhouse.hooks.reports import PluginReport
from packhouse.plugins.changes import Change, KeepSecret
from packhouse.plugins.commands.make_change import make_change
from packhouse.plugins.stored import Stored, read_stored
from packhouse.plugins.trial import try_change
from packhouse.plugins.vault import Vault
from packhouse.storage import Database, DatabaseLost, UnitOfWork
from packhouse.telemetry.secrets import Secrets

_POLL_SECONDS = 2.0
_PAUSE_AFTER_ERROR = 1.0
# What calls a plugin that is gone has ended by then, or was interrupted: hooks have a shorter time-out, calls of providers this one.
_GRACE_SECONDS = 60.0
# How long whoever changed something is kept waiting for its being in use; it goes on without them.
_WAIT_SECONDS = 5.0
log = logging.getLogger(__name__)

Write = Callable[[Callable[[UnitOfWork], Awaitable[str]]], Awaitable[str]]
"""Runs a command in a transaction: a request's `Context.write`."""
Switch = Callable[[PluginHost, int], Awaitable[None]]
"""Lets everything go to the plugins of a host, which are those of a version."""


def _tell_nobody() -> None:
    """Where there is no other process."""


class Roster:
    """The plugins of one process. `host` are those in use, `version` tells as of when.

    `announce` hints other processes at a change; `problem` says why the newest version could not be taken over, empty where it was.
    """

    def __init__(
        self,
        host: PluginHost,
        vault: Vault,
        secrets: Secrets,
        *,
        announce: Callable[[], None] = _tell_nobody,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self.host = host
        self.version = 0
        self.problem = ""
        self._vault = vault
        self._secrets = secrets
        self._announce = announce
        self._grace_seconds = grace_seconds
        self._database: Database | None = None
        self._switch: Switch | None = None
        self._wake = asyncio.Event()
        self._taken_over = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def reports(self) -> list[PluginReport]:
        """Every plugin that is known, in use or not."""
        return self.host.reports()

    async def read(self, database: Database) -> None:
        """Begin with what the database says; call it before plugins are started.

        Raises:
            BrokenPlugin: one is broken or claims a code that another one has, and the settings are strict.
        """
        stored = await read_stored(database, self._vault)
        if stored.choices:
            self.host = await self._made(self.host, stored)
        self.version = stored.version

    def start(self, database: Database, switch: Switch) -> None:
        """Look for changes from now on."""
        self._database, self._switch = database, switch
        self._stopping.clear()
        self._begin(self._watch(database, switch), "plugins")

    async def stop(self) -> None:
        """Look no more, and stop at once what waits for its end."""
        self._stopping.set()
        self._wake.set()
        await asyncio.gather(*self._tasks)

    def wake(self) -> None:
        """Look now: somebody says that plugins were changed."""
        self._wake.set()

    async def change(self, database: Database, write: Write, change: Change) -> None:
        """Change something about a plugin, if it works with that; returns when this process has taken it over, or after 5 s.

        Raises:
            Refused: what `try_change` and the commands say; nothing was changed.
        """
        if isinstance(change, KeepSecret):
            self._secrets.learn([change.value.get_secret_value()])
        stored = await read_stored(database, self._vault)
        proposed = await asyncio.to_thread(try_change, self.host, stored, change)
        version = int(await write(partial(make_change, vault=self._vault, change=change, proposed=proposed)))
        log.warning("Plugin %s was changed: %s", change.code, type(change).__name__)
        self.wake()
        self._announce()
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS), self._taken_over:
                await self._taken_over.wait_for(lambda: self.version >= version)

    async def _watch(self, database: Database, switch: Switch) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                if not self._stopping.is_set() and await plugins_version(database) != self.version:
                    await self._take_over(await read_stored(database, self._vault), switch)
            except DatabaseLost:
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
            except Exception:
                log.exception("Changed plugins could not be taken over; tried again in %s s", _PAUSE_AFTER_ERROR)
                self._wake.set()
                await asyncio.sleep(_PAUSE_AFTER_ERROR)

    async def _take_over(self, stored: Stored, switch: Switch) -> None:
        old = self.host
        try:
            fresh = await self._made(old, stored)
        except BrokenPlugin as error:
            # others may have code that this process has not: it goes on with what it has
            self.problem = str(error)
            log.exception("Changed plugins cannot be used here: those in use run on")
            fresh = old
        else:
            self.problem = ""
        self._secrets.learn(fresh.secrets())
        await fresh.start_fresh()
        self.host = fresh
        await switch(fresh, stored.version)
        async with self._taken_over:
            self.version = stored.version
            self._taken_over.notify_all()
        log.info("Plugins of version %s are in use: %s", stored.version, ", ".join(sorted(fresh.candidates)))
        if fresh is not old:
            self._begin(self._end(old, fresh), "plugins that are gone")

    async def _end(self, old: PluginHost, successor: PluginHost) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_seconds):
                await self._stopping.wait()
        await old.stop_others(successor)

    async def _made(self, host: PluginHost, stored: Stored) -> PluginHost:
        return await asyncio.to_thread(host.remade, replace(host.selection, stored=stored.choices))

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
