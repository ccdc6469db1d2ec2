"""Encrypting all stored secrets with the key of today."""

from dataclasses import dataclass

from packhouse.events.commands.pause_plugin import tell_change
from packhouse.plugins.vault import Undecipherable, Vault
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Renewed:
    """How many were encrypted anew, and which (plugin, name) no key opens: those stay as they are."""

    count: int
    unreadable: tuple[tuple[str, str], ...]


async def renew_secrets(uow: UnitOfWork, vault: Vault) -> Renewed:
    """Encrypt with the key of today what an older one encrypted. What the secrets say stays, so nobody has to take it over."""
    rows = await uow.fetch(
        f"SELECT id, plugin, name, token FROM plugin_secret ORDER BY plugin, name {uow.for_update()}"
    )
    count = 0
    unreadable = []
    for row in rows:
        plugin, name, token = row["plugin"], row["name"], row["token"]
        if vault.is_new(token):
            continue
        try:
            renewed = vault.seal(plugin, name, vault.open(plugin, name, token))
        except Undecipherable:
            unreadable.append((plugin, name))
            continue
        await uow.execute("UPDATE plugin_secret SET token = $2 WHERE id = $1", row["id"], renewed)
        tell_change(uow, plugin, "secret_renewed", of={"secret": name})
        count += 1
    return Renewed(count, tuple(unreadable))
