"""Writing down what the database says about a plugin: whether it runs, and its settings."""

from packhouse.hooks.selection import StoredChoice
from packhouse.plugins.commands.count_change import count_change
from packhouse.sdk.values import now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import as_json


async def store_choice(uow: UnitOfWork, code: str, choice: StoredChoice, *, expected: int) -> int:
    """Write a choice down; returns the new version.

    Raises:
        Refused: CHANGED_MEANWHILE: somebody else changed plugins since version `expected`.
    """
    version = await count_change(uow, expected)
    await uow.execute(
        "INSERT INTO plugin_choice (code, enabled, settings, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (code) DO UPDATE SET enabled = $2, settings = $3, changed_at = $4, changed_by = $5",
        code,
        choice.enabled,
        as_json(dict(choice.table)),
        now(),
        uow.initiator.actor,
    )
    return version
