"""Keeping a plugin's secret, encrypted."""

from packhouse.plugins.changes import KeepSecret
from packhouse.plugins.commands.count_change import count_change
from packhouse.plugins.vault import Vault
from packhouse.sdk.errors import Refused
from packhouse.sdk.values import new_id, now
from packhouse.storage import UnitOfWork


async def store_secret(uow: UnitOfWork, vault: Vault, change: KeepSecret, *, expected: int) -> int:
    """Write a secret down in place of the one that had its name; returns the new version.

    Raises:
        Refused: NO_LASTING_KEY: nobody could read it after a restart; CHANGED_MEANWHILE: somebody else changed plugins since version `expected`.
    """
    if not vault.is_lasting:
        raise Refused(
            "NO_LASTING_KEY",
            "security.secret_key was made up for this process, so the secret could not be read after it: set one first",
            "value",
        )
    version = await count_change(uow, expected)
    await uow.execute(
        "INSERT INTO plugin_secret (id, plugin, name, token, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (plugin, name) DO UPDATE SET token = $4, changed_at = $5, changed_by = $6",
        new_id(),
        change.code,
        change.name,
        vault.seal(change.code, change.name, change.value),
        now(),
        uow.initiator.actor,
    )
    return version
