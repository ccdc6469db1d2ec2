"""What commands share: the settings, and a database to work in."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from packhouse.sdk import InvalidValue
    from packhouse.settings import Settings
    from packhouse.storage import UnitOfWork

T = TypeVar("T")

ACTOR = "operator"
ORIGIN = "cli"


def invalid(field: str, message: str) -> "InvalidValue":
    """The error for an option or argument that cannot be what it should be."""
    from packhouse.sdk import InvalidValue

    return InvalidValue(field, message)


def read_settings() -> "Settings":
    """The effective settings.

    Raises:
        SettingsError: something in them is wrong.
    """
    from packhouse.settings import load_settings

    return load_settings().settings


def write(settings: "Settings", work: "Callable[[UnitOfWork], Awaitable[T]]") -> T:
    """Run work in one transaction of the database.

    Raises:
        DatabaseNotReady: it cannot be reached, or lacks migrations.
    """
    from packhouse.events.outbox import Outbox
    from packhouse.opening import open_ready
    from packhouse.storage import Initiator

    async def run() -> T:
        database = await open_ready(settings, Outbox.undecided())
        try:
            return await database.write(Initiator(ACTOR, ORIGIN), work)
        finally:
            await database.close()

    return asyncio.run(run())


def migrate_database(settings: "Settings") -> list[str]:
    """Bring the database to the newest schema; the names of the migrations that were applied.

    Raises:
        DatabaseNotReady: it cannot be reached.
        MigrationFailed: it is not as it should be afterwards.
    """
    from packhouse.opening import cannot_open
    from packhouse.storage.migrate import MigrationFailed, migrate

    try:
        return asyncio.run(migrate(settings.database.url))
    except MigrationFailed:
        raise
    except Exception as error:
        raise cannot_open(settings, error) from error
