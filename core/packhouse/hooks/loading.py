"""Finds the installed plugins, makes each ready by itself, and puts broken ones aside."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib.metadata import entry_points
from typing import Any, Protocol

from packhouse.hooks.checking import check_hooks, check_manifest
from packhouse.hooks.context import HostContext, HttpSession, RunQuery, no_queries
from packhouse.hooks.errors import BrokenPlugin
from packhouse.hooks.in_time import return_in_time
from packhouse.hooks.life import Life
from packhouse.hooks.plugin_settings import PluginChoices, read_settings, table_of
from packhouse.hooks.registry import KINDS, Contribution, contributions, recipients
from packhouse.hooks.state import no_database
from packhouse.sdk.contributions import PluginManifest, Recipient
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

    `recipients`: whom it passes events on to, None where it takes them itself.
    """

    plugin: object
    manifest: PluginManifest
    hooks: tuple[str, ...]
    context: HostContext
    contributions: Mapping[str, Sequence[Contribution]]
    recipients: tuple[Recipient, ...] | None
    life: Life

    @property
    def code(self) -> str:
        """Its name in settings and events."""
        return self.manifest.code


class Loader:
    """Loads plugins one by one, each in at most `seconds`. `quarantined` collects (name, reason) of those that are broken."""

    def __init__(
        self,
        choices: PluginChoices,
        http: HttpSession,
        run_query: RunQuery = no_queries,
        database: Callable[[], Database] = no_database,
        seconds: float = 30.0,
    ) -> None:
        self.quarantined: list[tuple[str, str]] = []
        self._choices = choices
        self._http = http
        self._run_query = run_query
        self._database = database
        self._seconds = seconds

    def given(self, plugins: Iterable[object]) -> list[Candidate]:
        """The plugins that the composition root or a test hands over.

        Raises:
            BrokenPlugin: one of them is broken: that is a mistake in the program, not in an installation.
        """
        return [self._prepare(type(plugin).__name__, plugin) for plugin in plugins]

    def installed(self, found: Iterable[Installed] | None = None) -> list[Candidate]:
        """The installed plugins that the settings choose; broken ones are put aside, each logged once.

        Raises:
            BrokenPlugin: one is broken, and the settings are strict.
        """
        available = sorted(entry_points(group=GROUP) if found is None else found, key=lambda each: each.name)
        self._miss_unknown({each.name for each in available})
        candidates = []
        for each in available:
            if not self._chosen(each.name):
                continue
            try:
                candidates.append(return_in_time(partial(self._load, each), self._seconds, f"load {each.name}"))
            except (Exception, SystemExit) as error:  # noqa: BLE001  (a plugin may fail in any way)
                self._put_aside(each.name, error)
        return candidates

    def _chosen(self, name: str) -> bool:
        if self._choices.enabled is None:
            return name not in self._choices.disabled
        return name in self._choices.enabled

    def _miss_unknown(self, available: set[str]) -> None:
        for name in self._choices.enabled or ():
            if name not in available:
                nearest = get_close_matches(name, available, n=1)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                self._put_aside(name, BrokenPlugin(name, f"it is enabled but not installed{hint}"))

    def _put_aside(self, name: str, error: BaseException) -> None:
        broken = error if isinstance(error, BrokenPlugin) else BrokenPlugin(name, f"{type(error).__name__}: {error}")
        if self._choices.strict:
            raise broken from (None if broken is error else error)
        self.quarantined.append((name, broken.reason))
        log.error("Left out %s", broken, exc_info=None if broken is error else error)

    def _load(self, installed: Installed) -> Candidate:
        factory = installed.load()
        if not isinstance(factory, type):
            raise BrokenPlugin(installed.name, f"its entry point names {factory!r}, expected a class")
        candidate = self._prepare(installed.name, factory())
        if candidate.code != installed.name:
            raise BrokenPlugin(
                installed.name, f"its manifest says {candidate.code}; entry point and code must have one name"
            )
        return candidate

    def _prepare(self, name: str, plugin: object) -> Candidate:
        hooks = check_hooks(name, plugin)
        manifest = check_manifest(name, plugin, hooks)
        settings = read_settings(name, manifest.settings, table_of(self._choices.settings, manifest.code))
        logger = logging.getLogger(f"packhouse.plugins.{manifest.code}")
        context = HostContext(manifest.code, settings, logger, self._http, self._run_query, self._database)
        provided = {kind: contributions(name, kind, plugin, context) for kind in KINDS if kind.hook in hooks}
        return Candidate(
            plugin,
            manifest,
            hooks,
            context,
            {kind.field: given for kind, given in provided.items()},
            recipients(name, plugin, context) if "register_recipients" in hooks else None,
            Life(plugin, hooks, context),
        )
