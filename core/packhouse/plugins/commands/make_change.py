"""Writing down a change of a plugin that was tried out."""

from packhouse.events.commands.pause_plugin import tell_change
from packhouse.plugins.changes import Change, Configure, DeleteSecret, Disable, Enable, KeepSecret
from packhouse.plugins.commands.delete_secret import delete_secret
from packhouse.plugins.commands.store_choice import store_choice
from packhouse.plugins.commands.store_secret import store_secret
from packhouse.plugins.stored import Stored
from packhouse.plugins.vault import Vault
from packhouse.storage import UnitOfWork

_WHAT = {
    Enable: "enabled",
    Disable: "disabled",
    Configure: "configured",
    KeepSecret: "secret_set",
    DeleteSecret: "secret_deleted",
}


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
    tell_change(uow, change.code, _WHAT[type(change)], of=_of(change))
    return str(version)


def _of(change: Change) -> dict[str, object]:
    """What was changed, without its value."""
    match change:
        case KeepSecret() | DeleteSecret():
            return {"secret": change.name}
        case Configure():
            return {"settings": sorted({*change.values, *change.unset})}
        case _:
            return {}
