"""Which plugins run, and with which settings: what files and environment fix, and what the database says about the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packhouse.hooks.plugin_settings import PluginChoices
from packhouse.hooks.tables import PluginTable, Secrets, put_together

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class StoredChoice:
    """What the database says about a plugin; `enabled` None says nothing about that."""

    enabled: bool | None = None
    table: Mapping[str, Any] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=dict)


_NOTHING_STORED = StoredChoice()


def unknown_origin(_: str) -> str:
    """Where nobody remembers where settings came from."""
    return ""


@dataclass(frozen=True, slots=True)
class Selection:
    """`choices` are those of files and environment, `stored` those of the database by code.

    `origin` tells where a dotted setting came from: DEFAULT where nobody set it. `trial` is the code of a plugin that is loaded
    whatever anybody says, to see whether it would work. `quiet`: nothing is logged.
    """

    choices: PluginChoices
    stored: Mapping[str, StoredChoice] = field(default_factory=dict)
    origin: Callable[[str], str] = unknown_origin
    strict: bool = False
    trial: str = ""
    quiet: bool = False

    def wants(self, code: str) -> bool:
        """Whether an installed plugin is to run."""
        if code == self.trial:
            return True
        if self.choices.enabled is not None:
            return code in self.choices.enabled
        stored = self._stored(code).enabled
        if self.fixed_by(code) or stored is None:
            return code not in self.choices.disabled
        return stored

    def fixed_by(self, code: str) -> str:
        """What in files or environment says whether a plugin runs, so that the database has no say; empty where nothing does."""
        if self.choices.enabled is not None:
            return f"plugins.enabled ({self.origin('plugins.enabled') or 'settings'})"
        if code in self.choices.disabled and self.origin("plugins.disabled") != DEFAULT:
            return f"plugins.disabled ({self.origin('plugins.disabled') or 'settings'})"
        return ""

    def named(self) -> list[str]:
        """Everybody whom somebody wants to run."""
        if self.choices.enabled is not None:
            return list(self.choices.enabled)
        return [code for code, choice in self.stored.items() if choice.enabled and self.wants(code)]

    def table(self, code: str) -> PluginTable:
        """A plugin's settings, before references in them are followed."""
        return put_together(code, self._stored(code).table, self.choices.settings, self.origin)

    def secrets(self, code: str) -> Secrets:
        """A plugin's stored secrets."""
        return self._stored(code).secrets

    def _stored(self, code: str) -> StoredChoice:
        return self.stored.get(code, _NOTHING_STORED)
