"""Finds the installed plugins, makes each ready by itself, and puts broken ones aside."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel

from packhouse.hooks.checking import check_hooks, check_manifest
from packhouse.hooks.claims import PLUGIN, Claims
from packhouse.hooks.context import HostContext, HttpSession, RunQuery, no_queries
from packhouse.hooks.errors import BrokenPlugin, DuplicateCode
from packhouse.hooks.in_time import Escaped, return_in_time
from packhouse.hooks.life import Life
from packhouse.hooks.offers import JOBS, ROUTES, jobs_of, routes_of
from packhouse.hooks.plugin_settings import read_settings
from packhouse.hooks.registry import KINDS, Contribution, contributions, recipients, routing_rules
from packhouse.hooks.selection import Selection
from packhouse.hooks.state import no_database
from packhouse.hooks.tables import PluginTable, follow
from packhouse.sdk.contributions import PluginJob, PluginManifest, PluginRoute, Recipient
from packhouse.sdk.routing import RoutingRule
from packhouse.storage import Database

GROUP = "packhouse.plugins"
log = logging.getLogger(__name__)


class Installed(Protocol):
    """An entry point: its name, and how to load what it names (a class that is called without arguments)."""

    @property
    def name(self) -> str:
        """The entry point's name: the plugin's code."""

    def load(self) -> Any:  # noqa: ANN401  (whatever the entry point names)
        """Import what the entry point names."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that passed every check. `contributions` are the providers that it registers, by kind.

    `table` is what its settings were read from; `recipients`: whom it passes events on to, None where it takes them itself.
    `is_given`: it is built in, or was handed over as an object.
    """

    plugin: object
    manifest: PluginManifest
    hooks: tuple[str, ...]
    context: HostContext
    table: PluginTable
    contributions: Mapping[str, Sequence[Contribution]]
    recipients: tuple[Recipient, ...] | None
    jobs: tuple[PluginJob, ...]
    routes: tuple[PluginRoute, ...]
    life: Life
    is_given: bool = True
    routing_rules: tuple[RoutingRule, ...] = ()

    @property
    def code(self) -> str:
        """Its name in settings and events."""
        return self.manifest.code


@dataclass(frozen=True, slots=True)
class PutAside:
    """A plugin that was left out, with the settings (`keys`) that it is about, where it is about any.

    `manifest` where it came so far, `table` as it was given. `rival` is the plugin that has a code which this one claims too.
    """

    name: str
    reason: str
    keys: tuple[str, ...]
    manifest: PluginManifest | None
    table: PluginTable
    rival: str = ""


class Loader:
    """Loads plugins one by one, the given ones first, then the installed ones by their codes: who claims what an earlier one has is left out. Each in at most `seconds`; what `reuse` has by code is taken as it is where nothing changed.

    `aside` collects those that are broken, `disabled` the names and versions of installed ones that are not wanted, `outdated` those
    whose code in this process is of another version than what is installed now (`code_versions` remembers it).
    """

    def __init__(
        self,
        selection: Selection,
        http: HttpSession,
        run_query: RunQuery = no_queries,
        database: Callable[[], Database] = no_database,
        *,
        seconds: float = 30.0,
        reuse: Mapping[str, Candidate] = MappingProxyType({}),
        code_versions: dict[str, str] | None = None,
    ) -> None:
        self.aside: list[PutAside] = []
        self.disabled: dict[str, str] = {}
        self.outdated: set[str] = set()
        self._code_versions = {} if code_versions is None else code_versions
        self._selection = selection
        self._http = http
        self._run_query = run_query
        self._database = database
        self._seconds = seconds
        self._reuse = reuse
        self._manifests: dict[str, PluginManifest] = {}
        self._claims = Claims()

    def given(self, plugins: Iterable[object]) -> list[Candidate]:
        """The plugins that the composition root or a test hands over.

        Raises:
            BrokenPlugin: one of them is broken: that is a mistake in the program, not in an installation.
            DuplicateCode: two of them claim one code: so is that.
        """
        known = {id(each.plugin): each for each in self._reuse.values()}
        candidates = [known.get(id(plugin)) or self._prepare(type(plugin).__name__, plugin) for plugin in plugins]
        for each in candidates:
            self._claims.take(each.code, each.contributions)
        return candidates

    def installed(self, found: Iterable[Installed] | None = None) -> list[Candidate]:
        """The installed plugins that are wanted; broken ones are put aside, each logged once.

        Raises:
            BrokenPlugin: one is broken, and the settings are strict.
            DuplicateCode: one claims what another one has, and the settings are strict.
        """
        available = sorted(entry_points(group=GROUP) if found is None else found, key=_place)
        self._miss_unknown({each.name for each in available})
        candidates = []
        for each in available:
            if not self._selection.wants(each.name):
                self.disabled[each.name] = version_of(each)
                continue
            try:
                self._claims.require_free(each.name)
                candidate = return_in_time(partial(self._load, each), self._seconds, f"load {each.name}")
                self._claims.take(candidate.code, candidate.contributions)
                candidates.append(candidate)
            except Escaped as escaped:
                self._put_aside(each.name, escaped.error)
            except Exception as error:  # noqa: BLE001  (a plugin may fail in any way)
                self._put_aside(each.name, error)
        return candidates

    def _miss_unknown(self, available: set[str]) -> None:
        for name in self._selection.named():
            if name not in available:
                nearest = get_close_matches(name, available, n=1)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                self._put_aside(name, BrokenPlugin(name, f"it is enabled but not installed{hint}"))

    def _put_aside(self, name: str, error: BaseException) -> None:
        broken = error if isinstance(error, BrokenPlugin) else BrokenPlugin(name, f"{type(error).__name__}: {error}")
        if self._selection.strict:
            raise broken from (None if broken is error else error)
        clash = error if isinstance(error, DuplicateCode) else None
        # one whose own code is taken was not loaded: what is known by this name is the other one
        manifest = None if clash is not None and clash.kind == PLUGIN else self._manifests.get(name)
        table = self._selection.table(name)
        hidden = frozenset(table.sources)  # nobody knows which of them are secrets
        self.aside.append(
            PutAside(
                name,
                broken.reason,
                broken.keys,
                manifest,
                PluginTable(table.values, table.sources, hidden),
                "" if clash is None else clash.first,
            )
        )
        if not self._selection.quiet:
            log.error("Left out %s", broken, exc_info=None if broken is error else error)

    def _load(self, installed: Installed) -> Candidate:
        factory = installed.load()
        if not isinstance(factory, type):
            raise BrokenPlugin(installed.name, f"its entry point names {factory!r}, expected a class")
        version = version_of(installed)
        if self._code_versions.setdefault(installed.name, version) != version:
            self.outdated.add(installed.name)
        known = self._reuse.get(installed.name)
        if known is not None and type(known.plugin) is factory and not known.is_given:
            table = self._followed(known.code, known.manifest)
            if table == known.table:
                return known
        candidate = self._prepare(installed.name, factory(), is_given=False)
        if candidate.code != installed.name:
            raise BrokenPlugin(
                installed.name, f"its manifest says {candidate.code}; entry point and code must have one name"
            )
        return candidate

    def _prepare(self, name: str, plugin: object, *, is_given: bool = True) -> Candidate:
        hooks = check_hooks(name, plugin)
        manifest = self._manifests[name] = check_manifest(name, plugin, hooks)
        table = self._followed(name, manifest)
        settings = read_settings(name, manifest.settings, table.values)
        logger = logging.getLogger(f"packhouse.plugins.{manifest.code}")
        context = HostContext(manifest.code, settings, logger, self._http, self._run_query, self._database)
        provided = {kind: contributions(name, kind, plugin, context) for kind in KINDS if kind.hook in hooks}
        return Candidate(
            plugin,
            manifest,
            hooks,
            context,
            table,
            {kind.field: given for kind, given in provided.items()},
            recipients(name, plugin, context) if "register_recipients" in hooks else None,
            jobs_of(name, plugin, context) if JOBS in hooks else (),
            routes_of(name, plugin, context) if ROUTES in hooks else (),
            Life(plugin, hooks, context),
            is_given,
            routing_rules(name, plugin, context) if "register_routing_rules" in hooks else (),
        )

    def _followed(self, name: str, manifest: PluginManifest) -> PluginTable:
        selection = self._selection
        return follow(name, manifest.settings, selection.table(manifest.code), selection.secrets(manifest.code))


def settings_model_of(
    code: str, found: Iterable[Installed] | None = None, *, seconds: float = 30.0
) -> type[BaseModel] | None:
    """The model of an installed plugin's settings, whether it is wanted or not; None where it has none.

    Raises:
        BrokenPlugin: it is not installed, or does not come as far as its manifest.
    """
    available = entry_points(group=GROUP) if found is None else found
    installed = next((each for each in available if each.name.replace("-", "_") == code.replace("-", "_")), None)
    if installed is None:
        raise BrokenPlugin(code, "it is not installed")

    def read() -> type[BaseModel] | None:
        plugin = installed.load()()
        return check_manifest(code, plugin, check_hooks(code, plugin)).settings

    try:
        return return_in_time(read, seconds, f"look at {code}")
    except Escaped as escaped:
        raise BrokenPlugin(code, str(escaped)) from escaped
    except Exception as error:
        raise BrokenPlugin(code, f"{type(error).__name__}: {error}") from error


def _place(installed: Installed) -> tuple[str, str]:
    """Where a plugin stands among the installed ones: by its code, and by its distribution where two have one."""
    distribution = getattr(installed, "dist", None)
    return installed.name, str(getattr(distribution, "name", ""))


def version_of(installed: Installed) -> str:
    """The version of the distribution that an entry point belongs to, as it is installed now."""
    distribution = getattr(installed, "dist", None)
    return str(distribution.version) if distribution is not None else "unknown"
