"""Past events are delivered again, in order and no more than asked for."""

from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.commands import replay_events as module
from packhouse.events.commands.replay_events import ReplayEvents, position_before, replay_events
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.outbox import Outbox
from packhouse.sdk import EventType, ProviderRefused, ProviderUnavailable, Refused, new_id, now

KNOWN = {"crm", "mail"}
ALL = frozenset(EventType)


async def replay(house: Any, data: ReplayEvents) -> Any:
    return await replay_events(house.database, house.by, data, ALL, KNOWN)


async def test_a_plugin_gets_again_what_was_recorded_since(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins(["crm", "mail"]))
    relay = await house.relay()
    order_id, start = new_id(), now()
    await house.happen(1, 2, order_id=order_id)
    await relay.drain()
    middle = now()
    await house.happen(3, order_id=order_id)
    await house.happen(4, order_id=order_id, event_type=EventType.ORDER_HELD)
    await relay.drain()
    first = [event.id for _, event, _ in plugins.delivered]

    done = await replay(house, ReplayEvents("crm", middle))
    assert (done.events, done.position, done.more) == (2, 4, False)
    await relay.drain()
    assert plugins.facts("crm") == [1, 2, 3, 4, 3, 4]
    assert plugins.facts("mail") == [1, 2, 3, 4], "nobody else gets anything"
    assert {event.id for _, event, _ in plugins.delivered} == set(first), "with the ids that they had"

    assert (await replay(house, ReplayEvents("crm", start, middle))).events == 2
    assert (await replay(house, ReplayEvents("crm", start, types=frozenset({EventType.ORDER_HELD})))).events == 1
    await relay.drain()
    assert plugins.facts("crm") == [1, 2, 3, 4, 3, 4, 1, 2, 4]


async def test_events_of_a_customer_come_again_in_their_order(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    relay = await house.relay()
    start, customer_id = now(), new_id()
    await house.happen(1, 2, 3, customer_id=customer_id, event_type=EventType.CONSENT_CHANGED)
    await relay.drain()
    await replay(house, ReplayEvents("crm", start))
    assert len(await house.rows("SELECT id FROM lane")) == 1
    await relay.drain()
    assert plugins.facts("crm") == [1, 2, 3, 1, 2, 3]


async def test_a_new_plugin_gets_what_was_before_it(house: Any, make_plugins: Any) -> None:
    start = now()
    await house.happen(1, 2, order_id=new_id())
    plugins = house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    await relay.drain()
    assert plugins.facts("crm") == []
    await replay(house, ReplayEvents("crm", start))
    await relay.drain()
    assert plugins.facts("crm") == [1, 2]


async def test_a_long_range_takes_several_calls(house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    monkeypatch.setattr(module, "MOST_EVENTS", 4)
    plugins, start = house.listen(make_plugins(["crm"])), now()
    for number in range(7):
        await house.happen(number, order_id=new_id())
    relay = await house.relay()
    await relay.drain()
    seen, position = [], 0
    while True:
        done = await replay(house, ReplayEvents("crm", start, after=position))
        seen.append(done.events)
        position = done.position
        if not done.more:
            break
    await relay.drain()
    assert seen == [4, 3]
    assert sorted(plugins.facts("crm")) == sorted([*range(7), *range(7)])


async def test_what_waits_is_not_doubled(house: Any, make_plugins: Any) -> None:
    plugins, start = house.listen(make_plugins(["crm"])), now()
    await house.happen(1, order_id=new_id())
    relay = await house.relay()
    await relay.drain()
    await relay.stop()
    for _ in range(3):
        await replay(house, ReplayEvents("crm", start))
    await relay.start()
    await relay.drain()
    assert plugins.facts("crm") == [1, 1]


async def test_imported_history_is_left_out(house: Any, make_plugins: Any) -> None:
    house.database.before_commit = Outbox().flush
    await house.happen(1)
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE event SET origin = 'import'"))
    house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    await relay.drain()
    done = await replay(house, ReplayEvents("crm", now() - timedelta(days=1)))
    assert (done.events, done.more) == (0, False)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (ReplayEvents("crn", now()), "UNKNOWN_PLUGIN", "plugin"),
        (ReplayEvents("crm", now(), now() - timedelta(seconds=1)), "INVALID_RANGE", "until"),
    ],
)
async def test_a_refused_replay_changes_nothing(house: Any, data: ReplayEvents, code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        await replay(house, data)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await house.rows("SELECT * FROM delivery") == []


async def test_a_position_is_found_by_time_also_beside_holes(house: Any, make_plugins: Any) -> None:
    house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    times = []
    for number in range(9):
        times.append(now())
        await house.happen(number)
        await relay.drain()
    await house.database.write(house.by, lambda uow: uow.execute("DELETE FROM event WHERE position IN (1, 2, 5, 6)"))
    found = [await position_before(house.database, moment) for moment in [*times, now()]]
    assert found == [0, 0, 0, 3, 4, 4, 4, 7, 8, 9]


async def test_a_dead_delivery_is_retried_and_a_done_one_is_not(house: Any, make_plugins: Any) -> None:
    errors: list[Exception] = [ProviderRefused("no")]

    async def hook(*_: object) -> None:
        if errors:
            raise errors.pop()

    plugins = house.listen(make_plugins(["crm"], hook))
    relay = await house.relay()
    await house.happen(1, order_id=new_id())
    await relay.drain()
    (row,) = await house.rows("SELECT id, status FROM delivery")
    assert row["status"] == "dead"
    await house.database.write(house.by, lambda uow: retry_delivery(uow, row["id"]))
    await relay.drain()
    assert plugins.facts("crm") == [1]
    for id_, code in ((row["id"], "ALREADY_DELIVERED"), (new_id(), "NOT_FOUND")):
        with pytest.raises(Refused) as refused:
            await house.database.write(house.by, lambda uow, id_=id_: retry_delivery(uow, id_))
        assert (refused.value.code, refused.value.field) == (code, "deliveryId")
    await relay.drain()
    assert plugins.facts("crm") == [1]


async def test_a_delivery_that_waits_is_hurried(house: Any, make_plugins: Any) -> None:
    errors: list[Exception] = [ProviderUnavailable("down")]

    async def hook(*_: object) -> None:
        if errors:
            raise errors.pop()

    plugins = house.listen(make_plugins(["crm"], hook))
    relay = await house.relay()
    await house.happen(1, order_id=new_id())
    await relay.drain()
    await house.database.write(
        house.by, lambda uow: uow.execute("UPDATE lane SET due_at = $1", now() + timedelta(hours=1))
    )
    (row,) = await house.rows("SELECT id FROM delivery")
    await house.database.write(house.by, lambda uow: retry_delivery(uow, row["id"]))
    await house.until_delivered(1)
    assert plugins.facts("crm") == [1]
