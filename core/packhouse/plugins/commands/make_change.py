"""Writing down a change of a plugin that was tried out."""

from packhouse.plugins.changes import Change, DeleteSecret, KeepSecret
from packhouse.plugins.commands.delete_secret import delete_secret
from packhouse.plugins.commands.store_choice import store_choice
from packhouse.plugins.commands.store_secret import store_secret
from packhouse.plugins.stored import Stored
from packhouse.plugins.vault import Vault
from packhouse.storage import UnitOfWork


async def make_change(uow: UnitOfWork, vault: Vault, change: Change, proposed: Stored) -> str:
    """Write down what `try_change` proposed; returns the new version as text.

    Raises:
        Refused: NOT_FOUND: there is no such secret; CHANGED_MEANWHILE: somebody else changed plugins since it was tried.
    """
    expected = proposed.version
    match change:
        case KeepSecret():
            version = await store_secret(uow, vault, change, expected=expected)
        case DeleteSecret():
            version = await delete_secret(uow, change, expected=expected)
        case _:
            version = await store_choice(uow, change.code, proposed.of(change.code), expected=expected)
    return str(version)
