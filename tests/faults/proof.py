"""What has to hold afterwards: nothing lost, nothing twice, everybody saw everything in order."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Sequence

from tests.faults.house import ENDPOINTS, Receiver
from tests.faults.load import Acknowledged

from packhouse.events.outbox import Outbox
from packhouse.storage import Database, open_database

_CATCH_UP_SECONDS = 120
_MUG = "variant_id = (SELECT id FROM variant WHERE sku = 'MUG')"


async def prove(
    database_url: str,
    done: Acknowledged,
    receiver: Receiver,
    followers: Sequence[list[int]],
    following: Sequence[asyncio.Task[None]],
) -> int:
    """Wait until everybody has caught up, and compare; returns the number of events. `following` are the followers' tasks.

    Raises:
        AssertionError: something was lost, done twice, seen out of order, or never seen.
        TimeoutError: an event never got its position.
    """
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        events = await _all_events(database)
        await _nothing_lost_or_doubled(database, done)
    finally:
        await database.close()
    positions = {position for _, position in events}
    of_orders = [position for order, position in events if order]
    until = asyncio.get_running_loop().time() + _CATCH_UP_SECONDS
    while missing := _missing(positions, set(of_orders), receiver, followers):
        for task in following:
            assert not task.done(), f"a follower ended: {task}"
        assert asyncio.get_running_loop().time() < until, f"never seen: {missing}"
        await asyncio.sleep(0.1)
    for seen in followers:
        assert seen == of_orders, "every event exactly once, in order"
    for name in ENDPOINTS:
        assert set(receiver.got[name]) == set(events), f"{name} got every event"
        _in_order_per_order(receiver.got[name])
    return len(events)


def _missing(
    positions: set[int], of_orders: set[int], receiver: Receiver, followers: Sequence[list[int]]
) -> dict[str, list[int]]:
    unseen = {name: positions - receiver.seen(name) for name in ENDPOINTS}
    unseen |= {f"follower {number}": of_orders - set(seen) for number, seen in enumerate(followers)}
    return {who: sorted(which) for who, which in unseen.items() if which}


async def _nothing_lost_or_doubled(database: Database, done: Acknowledged) -> None:
    orders = await database.fetch("SELECT id, email FROM orders")
    assert {row["email"]: _node_id(row["id"]) for row in orders} == done.orders, "every order that was acknowledged"
    assert len(orders) == len(done.orders), "each order once"
    (level,) = await database.fetch(f"SELECT on_hand FROM stock_level WHERE {_MUG}")
    assert level["on_hand"] == done.adjusted, "each unit once"
    (ledger,) = await database.fetch(f"SELECT SUM(on_hand) AS units FROM stock_movement WHERE {_MUG}")
    assert ledger["units"] == done.adjusted, "the ledger agrees"
    (holds,) = await database.fetch("SELECT COUNT(*) AS n FROM hold")
    assert holds["n"] == done.held, "each hold once"


async def _all_events(database: Database) -> list[tuple[str, int]]:
    async with asyncio.timeout(_CATCH_UP_SECONDS):
        while await database.fetch("SELECT 1 FROM event WHERE position IS NULL LIMIT 1"):
            await asyncio.sleep(0.05)
    rows = await database.fetch("SELECT order_id, position FROM event ORDER BY position")
    return [(_node_id(row["order_id"]) if row["order_id"] else "", row["position"]) for row in rows]


def _in_order_per_order(got: Sequence[tuple[str, int]]) -> None:
    firsts: dict[str, list[int]] = defaultdict(list)
    for order, position in dict.fromkeys(got):
        if order:
            firsts[order].append(position)
    assert all(positions == sorted(positions) for positions in firsts.values()), "in order per order"


def _node_id(order_id: object) -> str:
    return base64.b64encode(f"Order:{order_id}".encode()).decode()
