"""Forgetting a plugin's secret."""

from packhouse.plugins.changes import DeleteSecret
from packhouse.plugins.commands.count_change import count_change
from packhouse.sdk.errors import Refused
from packhouse.storage import UnitOfWork


async def delete_secret(uow: UnitOfWork, change: DeleteSecret, *, expected: int) -> int:
    """Take a secret out; returns the new version.

    Raises:
        Refused: NOT_FOUND; CHANGED_MEANWHILE: somebody else changed plugins since version `expected`.
    """
    version = await count_change(uow, expected)
    rows = await uow.fetch(
        "DELETE FROM plugin_secret WHERE plugin = $1 AND name = $2 RETURNING name", change.code, change.name
    )
    if not rows:
        raise Refused("NOT_FOUND", f"plugin {change.code} has no stored secret {change.name}", "name")
    return version
