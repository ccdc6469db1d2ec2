"""The plugin host: what the rest of the house sees of all plugins."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import aiohttp

from packhouse.hooks.context import HostContext, HttpSession, RunQuery, no_queries
from packhouse.hooks.errors import DuplicateCode
from packhouse.hooks.handover import Handover
from packhouse.hooks.implementations import Implementation, resolve
from packhouse.hooks.life import Stage
from packhouse.hooks.loading import Candidate, Installed, Loader
from packhouse.hooks.patience import within
from packhouse.hooks.plugin_settings import PluginChoices
from packhouse.hooks.registry import collect
from packhouse.hooks.specifications import hooks_of
from packhouse.hooks.state import no_database
from packhouse.sdk.contributions import Facts, Objection, Verdict
from packhouse.sdk.errors import Refused
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.hookspecs import Decide
from packhouse.sdk.providers import Providers
from packhouse.sdk.snapshots import CustomerSnapshot, OrderSnapshot
from packhouse.storage import Database
from packhouse.telemetry.secrets import secrets_of

CHECK_FAILED = "CHECK_FAILED"
_NO_FACTS = Facts()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that is in use; `hooks` are the names of those that it implements, sorted."""

    code: str
    title: str
    version: str
    api: str
    hooks: tuple[str, ...]


class PluginHost:
    """All plugins in use. Made by `PluginHost.load`; holds no state outside itself.

    `providers`: what they registered, by kind and code. `listeners`: for each event type the codes of the plugins that
    want it, `plugin/recipient` where a plugin registered recipients. `plugins`: who they are. `quarantined`: (name, reason) of
    those left out.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        http: HttpSession,
        *,
        quarantined: Sequence[tuple[str, str]] = (),
        hook_timeout: float = 30.0,
        facts_deadline: float = 2.0,
    ) -> None:
        _refuse_duplicates(candidates)
        self.providers: Providers = collect((each.code, each.contributions) for each in candidates)
        self.plugins = [_loaded(each) for each in candidates]
        self.quarantined = list(quarantined)
        self._http = http
        self._hook_timeout = hook_timeout
        self._facts_deadline = facts_deadline
        self._contexts = {each.code: each.context for each in candidates}
        self._lives = {each.code: each.life for each in candidates}
        self._hooks = resolve(candidates)
        self._checks = {name: self._hooks[name] for name in hooks_of(Decide)}
        self._addresses = {address: each for candidate in candidates for address, each in _addresses(candidate)}
        self._retries = {
            f"{candidate.code}/{each.name}": each.retries
            for candidate in candidates
            for each in candidate.recipients or ()
        }
        self._deliveries = {
            (address, event_type): implementations
            for event_type in EventType
            for address, (context, events) in self._addresses.items()
            if (events is None or event_type in events) and (implementations := self._wanting(context.code, event_type))
        }
        self._wants = {
            subject: {
                key for key, hooks in self._deliveries.items() if any(subject in each.arguments for each in hooks)
            }
            for subject in ("order", "customer")
        }
        self.listeners: Mapping[EventType, tuple[str, ...]] = MappingProxyType(
            {
                event_type: tuple(address for address in self._addresses if (address, event_type) in self._deliveries)
                for event_type in EventType
            }
        )

    @classmethod
    def load(
        cls,
        plugin_settings: PluginChoices,
        extra_plugins: Iterable[object] = (),
        *,
        installed: Iterable[Installed] | None = None,
        hook_timeout: float = 30.0,
        facts_deadline: float = 2.0,
        run_query: RunQuery = no_queries,
        database: Callable[[], Database] = no_database,
    ) -> Self:
        """Load the plugins given as objects, and the installed ones that the settings choose.

        `installed` None means the entry points of group `packhouse.plugins`; times are seconds; `run_query` answers
        `context.query`, `database` gives the open database for `context.state`.

        Raises:
            DuplicateCode: two plugins, or two providers of one kind, have one code.
            BrokenPlugin: a given plugin is broken, or an installed one is and the settings are strict.
        """
        http = HttpSession()
        loader = Loader(plugin_settings, http, run_query, database, hook_timeout)
        candidates = [*loader.given(extra_plugins), *loader.installed(installed)]
        return cls(
            candidates,
            http,
            quarantined=loader.quarantined,
            hook_timeout=hook_timeout,
            facts_deadline=facts_deadline,
        )

    async def startup(self, watch: Sequence[aiohttp.TraceConfig] = ()) -> None:
        """Open the HTTP session, its requests watched, then start every plugin side by side.

        One that fails is logged and stops nobody. It is started again after a while; until that works its events wait, and it is
        not asked for facts.
        """
        await self._http.open(watch)
        await asyncio.gather(*(life.start(self._hook_timeout) for life in self._lives.values()))

    async def shutdown(self) -> None:
        """Stop every plugin side by side, then close the HTTP session."""
        try:
            await asyncio.gather(*(life.stop(self._hook_timeout) for life in self._lives.values()))
        finally:
            await self._http.close()

    def secrets(self) -> Iterator[str]:
        """What the plugins' settings hold and no log may show."""
        for context in self._contexts.values():
            yield from secrets_of(context.settings)

    @property
    def failed_startups(self) -> dict[str, str]:
        """Why plugins could not start, by code."""
        return {code: life.error for code, life in self._lives.items() if life.stage is Stage.FAILED_TO_START}

    def is_ready(self, address: str) -> bool:
        """Whether a plugin or recipient can be given events: its plugin has not failed to start."""
        life = self._lives.get(address.partition("/")[0])
        return life is not None and life.stage is not Stage.FAILED_TO_START

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everybody whom events may be delivered to: codes of plugins, and `plugin/recipient`."""
        return tuple(self._addresses)

    @property
    def gathers_facts(self) -> bool:
        """Whether any plugin gathers facts, so that nobody prepares an order for asking when none does."""
        return bool(self._hooks["gather_order_facts"])

    async def gather_order_facts(self, order: OrderSnapshot) -> dict[str, Facts]:
        """Each plugin's facts about an order by its code, asked side by side; a late or failed answer is missing."""
        implementations = [each for each in self._hooks["gather_order_facts"] if self.is_ready(each.code)]
        if not implementations:
            return {}
        answers = await asyncio.gather(*(self._facts(each, order) for each in implementations))
        return {each.code: facts for each, facts in zip(implementations, answers, strict=True) if facts is not None}

    def check(
        self, hook: str, order: OrderSnapshot, facts: Mapping[str, Facts] | None = None
    ) -> list[tuple[str, Objection]]:
        """Every plugin's objection with its code, from `check_order`, `check_cancellation` or `check_release`.

        `facts` are those of `gather_order_facts`; each plugin sees its own. A check that fails objects: it holds the order
        (check_order) or refuses (the others), and never lets pass.
        """
        objections = []
        for each in self._checks[hook]:
            objection = _ask(hook, each, order, facts or {})
            if objection is not None:
                objections.append((each.code, objection))
        return objections

    def wants_order(self, code: str, event_type: EventType) -> bool:
        """Whether a plugin's hooks for an event look at the order, which costs several statements to read."""
        return (code, event_type) in self._wants["order"]

    def wants_customer(self, code: str, event_type: EventType) -> bool:
        """Whether a plugin's hooks for an event look at the customer."""
        return (code, event_type) in self._wants["customer"]

    def retries(self, code: str) -> Sequence[float]:
        """How many seconds a recipient waits after each failed attempt; empty for the host's own way."""
        return self._retries.get(code, ())

    async def test_connection(self, address: str) -> str:
        """Let a plugin try its way to the vendor, or to one of its recipients; one line about what answered.

        Raises:
            Refused: NOT_FOUND: there is no such plugin or recipient; NOT_TESTABLE: it has no such hook.
            TimeoutError, ProviderError: it does not work.
        """
        if address not in self._addresses:
            raise Refused("NOT_FOUND", f"there is no plugin or recipient {address}", "plugin")
        context = self._addresses[address][0]
        hooks = [each for each in self._hooks["test_connection"] if each.code == context.code]
        if not hooks:
            raise Refused("NOT_TESTABLE", f"plugin {context.code} has no way to test its connection", "plugin")
        async with asyncio.timeout(self._hook_timeout):
            return str(await hooks[0].call({"context": context}))

    async def deliver(
        self, event: Event, order: OrderSnapshot | None, handover: Handover, customer: CustomerSnapshot | None = None
    ) -> None:
        """Hand an event to one plugin: its hook for the event's type, then `event_recorded`, each with a time-out.

        `handover` says for whom; who does not want it gets nothing.

        Raises:
            TimeoutError: a hook took longer than the host allows.
            whatever a hook raises: the delivery is to be repeated.
        """
        implementations = self._deliveries.get((handover.plugin, event.type), ())
        if not implementations:
            return
        context = self._addresses[handover.plugin][0].during(handover)
        values = {"event": event, "order": order, "customer": customer, "context": context}
        for each in implementations:
            await within(self._hook_timeout, each.call(values))

    def _wanting(self, code: str, event_type: EventType) -> tuple[Implementation, ...]:
        both = (*self._hooks[event_type.value], *self._hooks["event_recorded"])
        return tuple(each for each in both if each.code == code)

    async def _facts(self, implementation: Implementation, order: OrderSnapshot) -> Facts | None:
        code = implementation.code
        try:
            async with asyncio.timeout(self._facts_deadline):
                facts = await implementation.call({"order": order, "context": self._contexts[code]})
        except TimeoutError:
            log.warning("Plugin %s gave no facts about order %s in time", code, order.id)
            return None
        except Exception:
            log.exception("Plugin %s gave no facts about order %s", code, order.id)
            return None
        if facts is None or isinstance(facts, Facts):
            return facts
        log.error("Plugin %s answered gather_order_facts with %s, expected Facts", code, type(facts).__name__)
        return None


def _ask(hook: str, each: Implementation, order: OrderSnapshot, facts: Mapping[str, Facts]) -> Objection | None:
    try:
        answer = each.call({"order": order, "facts": facts.get(each.code, _NO_FACTS)})
    except Exception:
        log.exception("Plugin %s failed in %s for order %s", each.code, hook, order.id)
    else:
        if answer is None or isinstance(answer, Objection):
            return answer
        log.error("Plugin %s answered %s with %s, expected Objection", each.code, hook, type(answer).__name__)
    verdict = Verdict.HOLD if hook == "check_order" else Verdict.REFUSE
    return Objection(verdict, CHECK_FAILED, f"The check of plugin {each.code} failed; the log says why.")


def _refuse_duplicates(candidates: Iterable[Candidate]) -> None:
    seen: dict[str, Candidate] = {}
    for each in candidates:
        first = seen.setdefault(each.code, each)
        if first is not each:
            raise DuplicateCode("plugin", each.code, type(first.plugin).__name__, type(each.plugin).__name__)


def _addresses(candidate: Candidate) -> list[tuple[str, tuple[HostContext, frozenset[EventType] | None]]]:
    """Where events for a plugin go: to itself, or to each of its recipients; with the types that are wanted (None: all)."""
    if candidate.recipients is None:
        return [(candidate.code, (candidate.context, None))]
    return [
        (f"{candidate.code}/{each.name}", (candidate.context.for_recipient(each.name), each.events))
        for each in candidate.recipients
    ]


def _loaded(candidate: Candidate) -> LoadedPlugin:
    manifest = candidate.manifest
    return LoadedPlugin(manifest.code, manifest.title, manifest.version, manifest.api, tuple(sorted(candidate.hooks)))
