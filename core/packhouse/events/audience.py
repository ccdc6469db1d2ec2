"""Who shall get an event is decided where it is recorded, by the plugins of that process at that moment.

When plugins are changed, processes take that over one after the other. The one that numbers events has taken it over, and makes
the deliveries that a slower one did not know of: so a plugin gets every event that is numbered after it was enabled. Commands, which
load no plugins, leave all of theirs to it.
"""

from collections.abc import Mapping

from packhouse.events.outbox import Outbox, lane_id
from packhouse.events.queries import EVENT_COLUMNS, read_event
from packhouse.sdk.values import new_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import insert_sql
from packhouse.storage.unit_of_work import Reader


class PluginsChanged(Exception):
    """This process has not yet taken over the plugins as they are now: it is not the one to number events."""


async def plugins_version(reader: Reader) -> int:
    """How often the plugins of the house were changed."""
    rows = await reader.look_up("SELECT version FROM plugins_version WHERE name = 'plugins'")
    return int(rows[0]["version"]) if rows else 0


async def complete_deliveries(uow: UnitOfWork, outbox: Outbox, after: int, upto: int, oldest: int | None) -> None:
    """Make the deliveries of events in a range of positions that were recorded before the plugins were changed, or without knowing any.

    `oldest` is the oldest version of plugins among them, None where none of them is to be completed.

    Raises:
        PluginsChanged: they were changed again since this process took them over.
    """
    version = await plugins_version(uow)
    if version != outbox.version:
        raise PluginsChanged
    if oldest is None or oldest >= version:
        return
    rows = await uow.fetch(
        f"SELECT {EVENT_COLUMNS} FROM event WHERE position > $1 AND position <= $2 AND plugins_version < $3 "
        # as when they were recorded, nobody hears of imported history
        "AND origin <> 'import' ORDER BY position",
        after,
        upto,
        version,
    )
    deliveries: list[Mapping[str, object]] = [
        {"id": new_id(), "event_id": event.id, "plugin": plugin, "lane_id": lane_id(plugin, event)}
        for event in map(read_event, rows)
        for plugin in outbox.listeners.get(event.type, ())
    ]
    for delivery in deliveries:
        await uow.execute(
            f"{insert_sql('delivery', tuple(delivery), 1)} ON CONFLICT (event_id, plugin) DO NOTHING",
            *delivery.values(),
        )
