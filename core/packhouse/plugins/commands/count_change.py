"""Counting a change, so that every process takes it over, and nobody decides on what has changed since."""

from packhouse.events.audience import plugins_version
from packhouse.sdk.errors import Refused
from packhouse.storage import UnitOfWork

CHANGED_MEANWHILE = "CHANGED_MEANWHILE"


async def count_change(uow: UnitOfWork, expected: int | None = None) -> int:
    """The number of this change; the row stays locked until the commit.

    Raises:
        Refused: CHANGED_MEANWHILE: it is not the one after `expected`.
    """
    await uow.execute(
        "INSERT INTO plugins_version (name, version) VALUES ('plugins', 1) "
        "ON CONFLICT (name) DO UPDATE SET version = plugins_version.version + 1"
    )
    version = await plugins_version(uow)
    if expected is not None and version != expected + 1:
        raise Refused(CHANGED_MEANWHILE, "somebody else changed plugins at this moment: look again, and repeat it")
    return version
