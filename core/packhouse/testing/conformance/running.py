"""The plugin of a subject at work: a context, a store and a session of its own, as the host gives them."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from packhouse.hooks.alone import LonePlugin, Registration
from packhouse.hooks.errors import NotStarted
from packhouse.hooks.handover import Changes, Handover
from packhouse.hooks.state import DeliveryState, OwnState, StateTable, no_database
from packhouse.hooks.tables import PluginTable
from packhouse.sdk import CustomerSnapshot, Event, Facts, OrderSnapshot, PluginState, Provider
from packhouse.testing.conformance.subject import Operation, Subject
from packhouse.testing.conformance.vendor import Vendor


class MemoryTable(StateTable):
    """What a plugin keeps, in memory."""

    def __init__(self, plugin: str) -> None:
        super().__init__(plugin, no_database)
        self.kept: dict[str, str] = {}

    async def read(self, key: str) -> str | None:
        """The JSON of a key."""
        return self.kept.get(key)

    async def page(self, prefix: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Keys with their JSON, sorted."""
        return [(key, self.kept[key]) for key in sorted(self.kept) if key.startswith(prefix) and key > after][:limit]

    async def write(self, changes: Changes) -> None:
        """Keep changes."""
        for key, value in changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


@dataclass(frozen=True, slots=True)
class TrialContext:
    """A `PluginContext` for one trial. `tables` are what the plugin and its recipients keep, by their address."""

    code: str
    settings: Any
    log: logging.Logger
    subject: Subject
    sessions: list[aiohttp.ClientSession]
    tables: dict[str, MemoryTable] = field(default_factory=dict)
    recipient: str = ""
    handover: Handover | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The session, open from startup to shutdown.

        Raises:
            NotStarted: it was asked for while the plugin registers.
        """
        if not self.sessions:
            raise NotStarted("it uses context.http while registering, which is open from startup to shutdown only")
        return self.sessions[0]

    @property
    def table(self) -> MemoryTable:
        """What the plugin, or this recipient of it, keeps."""
        address = f"{self.code}/{self.recipient}" if self.recipient else self.code
        return self.tables.setdefault(address, MemoryTable(address))

    @property
    def state(self) -> PluginState:
        """The store: in a delivery what is changed is kept when it ends well."""
        return OwnState(self.table) if self.handover is None else DeliveryState(self.table, self.handover)

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt to deliver one event; empty outside of any."""
        return "" if self.handover is None else self.handover.idempotency_key

    def answered(self, text: str) -> None:
        """What the other side answered, for the attempt."""
        if self.handover is not None:
            self.handover.answer = text

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the subject says that a query gives."""
        return self.subject.query(document, variables or {})


@dataclass(frozen=True, slots=True)
class Running:
    """A started plugin."""

    alone: LonePlugin
    context: TrialContext

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
            return await self.deliver(operation.event, operation.order, operation.recipient, operation.customer)
        if operation.name in self.alone.implementations:
            context = replace(self.context, recipient=operation.recipient)
            facts = next((each for each in operation.arguments if isinstance(each, Facts)), Facts())
            values = {"context": context, "order": operation.order, "facts": facts}
            return await self.alone.ask(operation.name, values)
        return await getattr(self.provider(operation), operation.name)(*operation.arguments)

    async def deliver(
        self,
        event: Event,
        order: OrderSnapshot | None,
        recipient: str = "",
        customer: CustomerSnapshot | None = None,
    ) -> None:
        """Hand it an event; what it keeps is written down when its hooks end well."""
        address = f"{self.context.code}/{recipient}" if recipient else self.context.code
        handover = Handover(address, event.id)
        context = replace(self.context, recipient=recipient, handover=handover)
        try:
            await self.alone.deliver(event, order, context, customer)
        finally:
            handover.is_over = True
        await context.table.write(handover.changes)

    def forget(self) -> None:
        """Empty what it keeps."""
        self.context.tables.clear()


def load(subject: Subject, vendor: Vendor) -> tuple[LonePlugin, TrialContext, list[aiohttp.ClientSession]]:
    """The plugin, loaded as the host loads it; its session opens when the third value gets one.

    Raises:
        BrokenPlugin: the host would not load it.
    """
    sessions: list[aiohttp.ClientSession] = []
    made: list[TrialContext] = []

    def context_for(given: Registration) -> TrialContext:
        made.append(TrialContext(given.code, given.settings, given.log, subject, sessions))
        return made[0]

    alone = LonePlugin.load(subject.plugin(), PluginTable(subject.settings(vendor)), context_for)
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
            yield Running(alone, context)
        finally:
            await alone.shutdown(context)
