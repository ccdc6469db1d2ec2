"""Reads what the database says about plugins, with their secrets decrypted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from packhouse.events.audience import plugins_version
from packhouse.hooks.selection import StoredChoice
from packhouse.plugins.vault import Undecipherable, Vault
from packhouse.storage.dialect import read_json, read_time
from packhouse.storage.unit_of_work import Reader


@dataclass(frozen=True, slots=True)
class Stored:
    """All of it, at least as new as `version`."""

    version: int
    choices: Mapping[str, StoredChoice]

    def of(self, code: str) -> StoredChoice:
        """What is said about one plugin."""
        return self.choices.get(code, StoredChoice())

    def with_choice(self, code: str, choice: StoredChoice) -> "Stored":
        """The same with another choice for one plugin."""
        return Stored(self.version, {**self.choices, code: choice})


async def read_stored(reader: Reader, vault: Vault) -> Stored:
    """Everything. The version is read first: what is changed meanwhile is noticed by its next number."""
    version = await plugins_version(reader)
    choices = await reader.fetch("SELECT code, enabled, settings FROM plugin_choice ORDER BY code")
    kept: dict[str, dict[str, SecretStr | None]] = {}
    for row in await reader.fetch("SELECT plugin, name, token FROM plugin_secret ORDER BY plugin, name"):
        kept.setdefault(row["plugin"], {})[row["name"]] = _opened(vault, row["plugin"], row["name"], row["token"])
    found = {
        row["code"]: StoredChoice(
            None if row["enabled"] is None else bool(row["enabled"]),
            read_json(row["settings"]),
            kept.pop(row["code"], {}),
        )
        for row in choices
    }
    return Stored(version, found | {code: StoredChoice(secrets=secrets) for code, secrets in kept.items()})


def _opened(vault: Vault, plugin: str, name: str, token: str) -> SecretStr | None:
    try:
        return vault.open(plugin, name, token)
    except Undecipherable:
        return None


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret that is kept, without itself; `key` tells what it was encrypted with: present, previous or unknown."""

    plugin: str
    name: str
    changed_at: datetime
    changed_by: str
    key: str


async def list_secrets(reader: Reader, vault: Vault) -> list[KeptSecret]:
    """Every secret that is kept, by plugin and name."""
    rows = await reader.fetch(
        "SELECT plugin, name, token, changed_at, changed_by FROM plugin_secret ORDER BY plugin, name"
    )
    return [
        KeptSecret(row["plugin"], row["name"], read_time(row["changed_at"]), row["changed_by"], _key_of(vault, row))
        for row in rows
    ]


def _key_of(vault: Vault, row: Mapping[str, Any]) -> str:
    if vault.is_new(row["token"]):
        return "present"
    return "unknown" if _opened(vault, row["plugin"], row["name"], row["token"]) is None else "previous"
