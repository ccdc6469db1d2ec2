"""Giving up what waits for a plugin: an endpoint that is gone, or one that need not hear of last week any more."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from packhouse.events.arrays import any_id, bound
from packhouse.events.commands.pause_plugin import tell_change
from packhouse.sdk.errors import Refused
from packhouse.sdk.values import now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect

MOST_LANES = 10_000
_PAGE = 500
_REASON_LENGTH = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """How many deliveries were given up; `more` where the call stopped at its limit, or others were still being made."""

    deliveries: int
    more: bool


async def give_up_deliveries(
    database: Database, by: Initiator, plugin: str, reason: str, known: Collection[str]
) -> GivenUp:
    """Give up all that waits for a plugin or recipient that is paused, or that no process knows any more; 10,000 orders a call.

    They are dead as those that failed too often: `retryDelivery` and `replayEvents` make them again, and retention takes them out.
    What is being delivered at this moment ends. The log says how many (`plugin_changed`, up to 500 orders in an event).

    Raises:
        Refused: STILL_DELIVERED: it is neither paused nor gone, so that giving up and delivering would race.
    """
    lanes = deliveries = 0
    while lanes < MOST_LANES:
        taken, given_up = await database.write(by, partial(_give_up, plugin=plugin, reason=reason, known=known))
        lanes += taken
        deliveries += given_up
        if taken < _PAGE:
            break
    waiting = await database.look_up("SELECT id FROM lane WHERE plugin = $1 LIMIT 1", plugin)
    if deliveries:
        log.warning("%s deliveries to plugin %s were given up by %s: %s", deliveries, plugin, by.actor, reason)
    return GivenUp(deliveries, more=bool(waiting))


async def _give_up(uow: UnitOfWork, *, plugin: str, reason: str, known: Collection[str]) -> tuple[int, int]:
    paused = await uow.fetch("SELECT plugin FROM plugin_pause WHERE plugin = $1", plugin)
    if plugin in known and not paused:
        raise Refused("STILL_DELIVERED", f"pause plugin {plugin} before giving up what waits for it", "plugin")
    skip = "FOR UPDATE SKIP LOCKED" if uow.dialect is Dialect.POSTGRES else ""
    # a lane that is leased is somebody's until the lease ends
    rows = await uow.fetch(
        "SELECT id FROM lane WHERE plugin = $1 AND (lease_owner IS NULL OR due_at <= $2) "
        f"ORDER BY due_at LIMIT {_PAGE:d} {skip}",
        plugin,
        now(),
    )
    lanes = bound(uow.dialect, [row["id"] for row in rows])
    given_up = await uow.fetch(
        "UPDATE delivery SET status = 'dead', last_error = $2, next_attempt_at = NULL, finished_at = $3 "
        f"WHERE {any_id(uow.dialect, 'lane_id', '$1')} AND status = 'pending' RETURNING id",
        lanes,
        f"given up by hand: {reason}"[:_REASON_LENGTH],
        now(),
    )
    if given_up:
        tell_change(uow, plugin, "given_up", reason, of={"deliveries": len(given_up)})
    await uow.execute(f"DELETE FROM lane WHERE {any_id(uow.dialect, 'id', '$1')}", lanes)
    return len(rows), len(given_up)
