"""The plugin host: what the rest of the house sees of all plugins."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import aiohttp

from packhouse.hooks.addressees import Addressees
from packhouse.hooks.context import HttpSession, RunQuery, no_queries
from packhouse.hooks.extending import Asked, Extension, extensions_of
from packhouse.hooks.handover import Handover
from packhouse.hooks.implementations import Implementation, resolve
from packhouse.hooks.judges import Judges
from packhouse.hooks.life import Stage
from packhouse.hooks.loading import Candidate, Installed, Loader
from packhouse.hooks.patience import within
from packhouse.hooks.plugin_settings import PluginChoices
from packhouse.hooks.registry import collect
from packhouse.hooks.reports import PluginReport, PluginStatus, report_of, report_of_aside
from packhouse.hooks.selection import Selection, StoredChoice, unknown_origin
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
class _Make:
    """What stays the same when a host is made anew; `code_versions` remembers the versions of the code in this process."""

    given: tuple[object, ...]
    installed: tuple[Installed, ...] | None
    hook_timeout: float
    facts_deadline: float
    run_query: RunQuery
    database: Callable[[], Database]
    code_versions: dict[str, str] = field(default_factory=dict)


class PluginHost:
    """All plugins in use. Made by `PluginHost.load`; holds no state outside itself.

    `providers`: what they registered, by kind and code. `judges`: what they decide with in routing. `listeners`: for each event type the codes of the plugins that want it,
    `plugin/recipient` where a plugin registered recipients. `aside`: those that were left out. `disabled`: installed ones that
    are not wanted, by name, with their versions.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        http: HttpSession,
        selection: Selection,
        loader: Loader,
        make: "_Make",
    ) -> None:
        self.providers: Providers = collect(each.contributions for each in candidates)
        self.selection = selection
        self.aside = loader.aside
        self.disabled = loader.disabled
        self.candidates = {each.code: each for each in candidates}
        self._outdated = loader.outdated
        self._http = http
        self._make = make
        self._hook_timeout = make.hook_timeout
        self._facts_deadline = make.facts_deadline
        self._hooks = resolve(candidates)
        self._checks = {name: self._hooks[name] for name in hooks_of(Decide)}
        self.judges = Judges.of(candidates, self._hooks["rank_locations"])
        self._addressees = Addressees(candidates, self._hooks)
        self.listeners = self._addressees.listeners

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
        origin: Callable[[str], str] = unknown_origin,
        stored: Mapping[str, StoredChoice] | None = None,
        only_looking: bool = False,
    ) -> Self:
        """Load the plugins given as objects, and the installed ones that files and environment choose.

        `installed` None means the entry points of group `packhouse.plugins`; times are seconds; `run_query` answers
        `context.query`, `database` gives the open database for `context.state`, `origin` tells where a setting came from.
        `stored` is what the database says about plugins. `only_looking`: it is told what would be left out, and nothing is logged or
        stopped by it.

        Raises:
            DuplicateCode: two plugins, or two providers of one kind, have one code, and both plugins are given, or the settings strict.
            BrokenPlugin: a given plugin is broken, or an installed one is and the settings are strict.
        """
        strict = plugin_settings.strict and not only_looking
        selection = Selection(plugin_settings, stored or {}, origin, strict=strict, quiet=only_looking)
        make = _Make(
            tuple(extra_plugins),
            None if installed is None else tuple(installed),
            hook_timeout,
            facts_deadline,
            run_query,
            database,
        )
        return cls._made(make, selection, HttpSession(), {})

    def remade(self, selection: Selection) -> Self:
        """A host of the same plugins as they are selected now. Those for which nothing changed are taken over as they are: they
        run on, in both hosts; so is the HTTP session.

        Raises:
            DuplicateCode: two plugins, or two providers of one kind, have one code, and the selection is strict.
            BrokenPlugin: one is broken, and the selection is strict.
        """
        return self._made(self._make, selection, self._http, self.candidates)

    @classmethod
    def _made(cls, make: "_Make", selection: Selection, http: HttpSession, reuse: Mapping[str, Candidate]) -> Self:
        loader = Loader(
            selection,
            http,
            make.run_query,
            make.database,
            seconds=make.hook_timeout,
            reuse=reuse,
            code_versions=make.code_versions,
        )
        return cls([*loader.given(make.given), *loader.installed(make.installed)], http, selection, loader, make)

    async def startup(self, watch: Sequence[aiohttp.TraceConfig] = ()) -> None:
        """Open the HTTP session, its requests watched, then start every plugin side by side.

        One that fails is logged and stops nobody. It is started again after a while; until that works its events wait, and it is
        not asked for facts.
        """
        await self._http.open(watch)
        await self.start_fresh()

    async def start_fresh(self) -> None:
        """Start those that were not started yet, while the others run on."""
        await asyncio.gather(*(each.life.start(self._hook_timeout) for each in self.candidates.values()))

    async def stop_others(self, successor: "PluginHost") -> None:
        """Stop those that the host after this one does not have."""
        kept = {id(each) for each in successor.candidates.values()}
        gone = [each for each in self.candidates.values() if id(each) not in kept]
        await asyncio.gather(*(each.life.stop(self._hook_timeout) for each in gone))

    async def shutdown(self) -> None:
        """Stop every plugin side by side, then close the HTTP session."""
        try:
            await asyncio.gather(*(each.life.stop(self._hook_timeout) for each in self.candidates.values()))
        finally:
            await self._http.close()

    def secrets(self) -> Iterator[str]:
        """What the plugins' settings hold and no log may show."""
        for each in self.candidates.values():
            yield from secrets_of(each.context.settings)

    @property
    def quarantined(self) -> list[tuple[str, str]]:
        """Those that were left out, with the reason."""
        return [(each.name, each.reason) for each in self.aside]

    @property
    def plugins(self) -> list[PluginReport]:
        """Who is in use."""
        return [
            report_of(
                each,
                self._addressees.of(each.code),
                needs_restart=each.code in self._outdated,
                fixed_by="" if each.is_given else self.selection.fixed_by(each.code),
            )
            for each in self.candidates.values()
        ]

    def reports(self) -> list[PluginReport]:
        """Every plugin that is known, in use or not, by its code."""
        aside = [report_of_aside(each, self.selection.fixed_by(each.name)) for each in self.aside]
        disabled = [
            PluginReport(name, PluginStatus.DISABLED, version=version, fixed_by=self.selection.fixed_by(name))
            for name, version in self.disabled.items()
        ]
        return sorted([*self.plugins, *aside, *disabled], key=lambda each: each.code)

    @property
    def failed_startups(self) -> dict[str, str]:
        """Why plugins could not start, by code."""
        lives = {code: each.life for code, each in self.candidates.items()}
        return {code: life.error for code, life in lives.items() if life.stage is Stage.FAILED_TO_START}

    def is_ready(self, address: str) -> bool:
        """Whether a plugin or recipient can be given events: its plugin has not failed to start."""
        plugin = self.candidates.get(address.partition("/")[0])
        return plugin is not None and plugin.life.stage is not Stage.FAILED_TO_START

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everybody whom events may be delivered to: codes of plugins, and `plugin/recipient`."""
        return tuple(self._addressees.contexts)

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

    async def order_extensions(self, orders: Sequence[OrderSnapshot]) -> dict[UUID, list[Extension]]:
        """What the plugins know about orders, by order; asked side by side, a late or failed answer says so."""
        hooks = [each for each in self._hooks["order_extensions"] if self.is_ready(each.code)]
        asked = [Asked(each, self.candidates[each.code].context) for each in hooks]
        return await extensions_of(asked, orders, self._facts_deadline)

    @property
    def extends_orders(self) -> bool:
        """Whether any plugin has something to say about orders, so that nobody reads them for asking when none does."""
        return bool(self._hooks["order_extensions"])

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
        return self._addressees.wants("order", code, event_type)

    def wants_customer(self, code: str, event_type: EventType) -> bool:
        """Whether a plugin's hooks for an event look at the customer."""
        return self._addressees.wants("customer", code, event_type)

    def retries(self, code: str) -> Sequence[float]:
        """How many seconds a recipient waits after each failed attempt; empty for the host's own way."""
        return self._addressees.retries(code)

    async def test_connection(self, address: str) -> str:
        """Let a plugin try its way to the vendor, or to one of its recipients; one line about what answered.

        Raises:
            Refused: NOT_FOUND: there is no such plugin or recipient; NOT_TESTABLE: it has no such hook.
            TimeoutError, ProviderError: it does not work.
        """
        context = self._addressees.contexts.get(address)
        if context is None:
            raise Refused("NOT_FOUND", f"there is no plugin or recipient {address}", "plugin")
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
        implementations = self._addressees.hooks.get((handover.plugin, event.type), ())
        if not implementations:
            return
        context = None
        if self._addressees.wants("context", handover.plugin, event.type):
            context = self._addressees.contexts[handover.plugin].during(handover)
        values = {"event": event, "order": order, "customer": customer, "context": context}
        for each in implementations:
            await within(self._hook_timeout, each.call(values))

    async def _facts(self, implementation: Implementation, order: OrderSnapshot) -> Facts | None:
        code = implementation.code
        try:
            async with asyncio.timeout(self._facts_deadline):
                facts = await implementation.call({"order": order, "context": self.candidates[code].context})
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
