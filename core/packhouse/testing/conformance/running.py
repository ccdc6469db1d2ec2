"""The plugin of a subject at work: a context, a store and a session of its own, as the host gives them."""

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from packhouse.hooks.alone import LonePlugin, Registration
from packhouse.hooks.errors import BrokenPlugin
from packhouse.sdk import Event, OrderSnapshot, Provider, fact_id
from packhouse.testing.conformance.subject import Operation, Subject
from packhouse.testing.conformance.vendor import Vendor


class MemoryState:
    """`context.state` in memory. What a delivery changes is kept when it ends well, and dropped when it does not."""

    def __init__(self, kept: dict[str, str] | None = None) -> None:
        self.kept: dict[str, str] = {} if kept is None else kept

    def draft(self) -> "MemoryState":
        """A copy for one delivery."""
        return MemoryState(dict(self.kept))

    async def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON value)
        """The value of a key."""
        return json.loads(self.kept[key]) if key in self.kept else default

    async def set(self, key: str, value: Any) -> None:  # noqa: ANN401  (any JSON value)
        """Keep a value."""
        self.kept[key] = json.dumps(value, allow_nan=False)

    async def delete(self, key: str) -> None:
        """Forget a key."""
        self.kept.pop(key, None)

    async def items(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Any]]:
        """Keys that begin with a prefix, sorted, with their values."""
        keys = [key for key in sorted(self.kept) if key.startswith(prefix) and key > after]
        return [(key, json.loads(self.kept[key])) for key in keys[:limit]]


@dataclass(frozen=True, slots=True)
class TrialContext:
    """A `PluginContext` for one trial."""

    code: str
    settings: Any
    log: logging.Logger
    subject: Subject
    sessions: list[aiohttp.ClientSession]
    state: MemoryState
    recipient: str = ""
    idempotency_key: str = ""

    @property
    def http(self) -> aiohttp.ClientSession:
        """The session, open from startup to shutdown.

        Raises:
            BrokenPlugin: it was asked for while the plugin registers.
        """
        if not self.sessions:
            raise BrokenPlugin(self.code, "it uses context.http while registering: it is open from startup to shutdown")
        return self.sessions[0]

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the subject says that a query gives."""
        return self.subject.query(document, variables or {})


@dataclass(frozen=True, slots=True)
class Running:
    """A started plugin. `state` is what it keeps over deliveries."""

    alone: LonePlugin
    context: TrialContext
    state: MemoryState = field(default_factory=MemoryState)

    def provider(self, operation: Operation) -> Provider:
        """The provider that an operation is for.

        Raises:
            LookupError: the plugin registered none that has the method.
        """
        for each in self.alone.providers:
            if operation.provider in ("", each.code) and hasattr(each, operation.name):
                return each
        raise LookupError(f"no provider {operation.provider or 'at all'} has the method {operation.name}")

    async def do(self, operation: Operation) -> Any:  # noqa: ANN401  (each operation has its own answer)
        """Do it once, as the host would.

        Raises:
            whatever the plugin raises.
        """
        if operation.call is not None:
            return await operation.call(self)
        if operation.event is not None:
            return await self.deliver(operation.event, operation.order, operation.recipient)
        return await getattr(self.provider(operation), operation.name)(*operation.arguments)

    async def deliver(self, event: Event, order: OrderSnapshot | None, recipient: str = "") -> None:
        """Hand it an event; what it keeps is written down when its hooks end well."""
        draft = self.state.draft()
        address = f"{self.context.code}/{recipient}" if recipient else self.context.code
        key = str(fact_id("delivery", address, event.id))
        await self.alone.deliver(
            event, order, replace(self.context, state=draft, recipient=recipient, idempotency_key=key)
        )
        self.state.kept.clear()
        self.state.kept.update(draft.kept)


def load(subject: Subject, vendor: Vendor) -> tuple[LonePlugin, TrialContext, list[aiohttp.ClientSession]]:
    """The plugin, loaded as the host loads it; its session opens when the third value gets one.

    Raises:
        BrokenPlugin: the host would not load it.
    """
    sessions: list[aiohttp.ClientSession] = []
    made: list[TrialContext] = []

    def context_for(given: Registration) -> TrialContext:
        made.append(TrialContext(given.code, given.settings, given.log, subject, sessions, MemoryState()))
        return made[0]

    alone = LonePlugin.load(subject.plugin(), subject.settings(vendor), context_for)
    return alone, made[0], sessions


@asynccontextmanager
async def running(subject: Subject, vendor: Vendor) -> AsyncIterator[Running]:
    """The plugin, started against a vendor, until the block ends.

    Raises:
        BrokenPlugin: the host would not load it.
    """
    alone, context, sessions = load(subject, vendor)
    timeout = aiohttp.ClientTimeout(total=vendor.seconds, connect=vendor.seconds)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        sessions.append(session)
        await alone.startup(context)
        try:
            yield Running(alone, context, context.state)
        finally:
            await alone.shutdown(context)
