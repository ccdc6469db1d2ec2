"""One plugin by itself: checked and asked as the host does, in contexts that the caller makes.

For checking a plugin, and for running a new version of one beside the old one.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from types import MappingProxyType
from typing import Any

from packhouse.hooks.checking import check_hooks, check_manifest
from packhouse.hooks.implementations import Implementation, implementation_of
from packhouse.hooks.plugin_settings import read_settings
from packhouse.hooks.registry import KINDS, contributions, recipients, routing_rules
from packhouse.hooks.tables import PluginTable, Secrets, follow
from packhouse.sdk import (
    CustomerSnapshot,
    Event,
    EventType,
    OrderSnapshot,
    PluginContext,
    PluginManifest,
    Provider,
    Recipient,
    RoutingRule,
)

EVERY_EVENT = "event_recorded"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a plugin's contexts are made of: its code, its settings as its own model reads them, its logger."""

    code: str
    settings: Any
    log: logging.Logger


@dataclass(frozen=True, slots=True)
class LonePlugin:
    """A plugin that passed the host's checks. `providers` in the order in which they were registered."""

    plugin: object
    manifest: PluginManifest
    registration: Registration
    implementations: Mapping[str, Implementation]
    providers: tuple[Provider, ...]
    recipients: tuple[Recipient, ...] | None
    routing_rules: tuple[RoutingRule, ...] = ()

    @classmethod
    def load(
        cls,
        plugin: object,
        table: PluginTable,
        context_for: Callable[[Registration], PluginContext],
        secrets: Secrets = MappingProxyType({}),
    ) -> "LonePlugin":
        """Check a plugin, read its settings from a table and its stored secrets, and let it register what it brings.

        Raises:
            BrokenPlugin: the host would not load it.
        """
        name = type(plugin).__name__
        hooks = check_hooks(name, plugin)
        manifest = check_manifest(name, plugin, hooks)
        settings = read_settings(name, manifest.settings, follow(name, manifest.settings, table, secrets).values)
        registration = Registration(manifest.code, settings, logging.getLogger(f"packhouse.plugins.{manifest.code}"))
        context = context_for(registration)
        kinds = [kind for kind in KINDS if kind.hook in hooks]
        return cls(
            plugin,
            manifest,
            registration,
            {hook: implementation_of(manifest.code, plugin, hook) for hook in hooks},
            tuple(each for kind in kinds for each in contributions(name, kind, plugin, context)),
            recipients(name, plugin, context) if "register_recipients" in hooks else None,
            routing_rules(name, plugin, context) if "register_routing_rules" in hooks else (),
        )

    async def startup(self, context: PluginContext) -> None:
        """Let it start."""
        await self._call("startup", {"context": context})

    async def shutdown(self, context: PluginContext) -> None:
        """Let it stop."""
        await self._call("shutdown", {"context": context})

    async def ask(self, hook: str, values: Mapping[str, Any]) -> object:
        """What a hook answers that is for no event: `test_connection`, `gather_order_facts`, a check.

        Raises:
            whatever the hook raises.
        """
        return await self._call(hook, values)

    def wants(self, event_type: EventType) -> bool:
        """Whether a hook of it is for this type of event."""
        return bool(self._hooks_for(event_type))

    async def deliver(
        self,
        event: Event,
        order: OrderSnapshot | None,
        context: PluginContext,
        customer: CustomerSnapshot | None = None,
    ) -> None:
        """Hand it an event: its hook for the type, then the one for every event.

        Raises:
            whatever a hook raises.
        """
        for hook in self._hooks_for(event.type):
            await self._call(hook, {"event": event, "order": order, "customer": customer, "context": context})

    def _hooks_for(self, event_type: EventType) -> Iterable[str]:
        return [hook for hook in (event_type.value, EVERY_EVENT) if hook in self.implementations]

    async def _call(self, hook: str, values: Mapping[str, Any]) -> object:
        implementation = self.implementations.get(hook)
        if implementation is None:
            return None
        answer = implementation.call(values)
        return await answer if isawaitable(answer) else answer
