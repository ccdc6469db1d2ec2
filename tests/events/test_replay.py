"""Past events are delivered again, in order and no more than asked for."""

import math
from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.commands import replay_events as module
from packhouse.events.commands.replay_events import ReplayEvents, position_before, replay_events
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.outbox import Outbox
from packhouse.sdk import EventType, ProviderRefused, ProviderUnavailable, Refused, new_id, now
from packhouse.storage import Database, UnitOfWork

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


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the database, one after another; what is done for many rows at once is one."""
    asked: list[str] = []

    def noted(method: Any) -> Any:
        async def noting(self: Any, sql: str, *values: Any) -> Any:
            asked.append(sql)
            return await method(self, sql, *values)

        return noting

    monkeypatch.setattr(Database, "fetch", noted(Database.fetch))
    monkeypatch.setattr(UnitOfWork, "fetch", noted(UnitOfWork.fetch))
    monkeypatch.setattr(UnitOfWork, "execute_many", noted(UnitOfWork.execute_many))
    return asked


async def test_as_many_statements_for_few_events_as_for_many(
    house: Any, make_plugins: Any, statements: list[str]
) -> None:
    """But for the look-ups of where the time begins, which are as many as halvings."""
    house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    counts = []
    for events in (3, 60):
        start = now()
        for number in range(events):
            await house.happen(number, order_id=new_id())
        await relay.drain()
        await relay.stop()
        statements.clear()
        assert (await replay(house, ReplayEvents("crm", start))).events == events
        look_ups = [sql for sql in statements if "recorded_at FROM event" in sql]
        assert len(look_ups) <= math.ceil(math.log2(64))
        counts.append(len(statements) - len(look_ups))
        await relay.start()
        await relay.drain()
    assert counts[0] == counts[1] <= 8


class Killed(Exception):
    """The process ends: what it had not committed is rolled back."""


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_one_that_was_killed_in_the_middle_is_done_to_its_end_by_another_call(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """What its pages had written stays, and nothing is delivered twice by the second call."""
    monkeypatch.setattr(module, "_PAGE", 2)
    plugins, start, order_id = house.listen(make_plugins(["crm"])), now(), new_id()
    await house.happen(*range(6), order_id=order_id)
    relay = await house.relay()
    await relay.drain()
    await relay.stop()
    deliver_again, pages = module._deliver_again, 0

    async def dying(uow: UnitOfWork, **values: Any) -> int:
        nonlocal pages
        pages += 1
        done = await deliver_again(uow, **values)
        if pages == at:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(module, "_deliver_again", dying)
        with pytest.raises(Killed):
            await replay(house, ReplayEvents("crm", start))
    (row,) = await house.rows("SELECT count(*) AS n FROM delivery WHERE status = 'pending'")
    assert row["n"] == 2 * (at - 1), "a page is written as a whole or not at all"
    assert (await replay(house, ReplayEvents("crm", start))).more is False
    (row,) = await house.rows("SELECT count(*) AS n FROM delivery WHERE status = 'pending'")
    assert row["n"] == 6
    await relay.start()
    await relay.drain()
    assert plugins.facts("crm") == [*range(6), *range(6)]
    assert await house.rows("SELECT * FROM lane") == []


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
        (ReplayEvents("crm", now() - timedelta(days=1), after=3), "INVALID_POSITION", "after"),
    ],
)
async def test_a_refused_replay_changes_nothing(
    house: Any, make_plugins: Any, data: ReplayEvents, code: str, field: str
) -> None:
    plugins = house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    await house.happen(1, 2, order_id=new_id())
    await relay.drain()
    before = await house.rows("SELECT * FROM delivery")
    with pytest.raises(Refused) as refused:
        await replay(house, data)
    assert (refused.value.code, refused.value.field) == (code, field)
    await relay.drain()
    assert plugins.facts("crm") == [1, 2]
    assert await house.rows("SELECT * FROM delivery") == before
    assert await house.rows("SELECT * FROM lane") == []


async def test_one_may_go_on_behind_the_last_event(house: Any, make_plugins: Any) -> None:
    house.listen(make_plugins(["crm"]))
    relay = await house.relay()
    await house.happen(1, 2)
    await relay.drain()
    done = await replay(house, ReplayEvents("crm", now() - timedelta(days=1), after=2))
    assert (done.events, done.position, done.more) == (0, 2, False)


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
