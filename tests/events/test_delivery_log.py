import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from packhouse.events.delivery_log import AttemptLog, AttemptSelection, LiveDeliveries, LoggedAttempt
from packhouse.events.positions import count_on
from packhouse.events.queries import ATTEMPT_COUNTER
from packhouse.events.relay import Relay
from packhouse.sdk import Event, OrderSnapshot, ProviderRefused, new_id
from packhouse.storage import UnitOfWork
from packhouse.testing.hints import Hints


@pytest.fixture
async def deliveries(house: Any) -> AsyncIterator[LiveDeliveries]:
    hints = Hints(house.database)
    live = LiveDeliveries(house.database, poll_seconds=30, announce=lambda: hints.announce("deliveries"))
    await live.start()
    await hints.start({"deliveries": live.wake})
    yield live
    await hints.stop()
    await live.stop()


async def relay_of(house: Any, make_plugins: Any, deliveries: LiveDeliveries, *codes: str) -> Relay:
    async def hook(code: str, event: Event, order: OrderSnapshot | None) -> None:
        del event, order
        if code == "refusing":
            raise ProviderRefused("no")

    house.listen(make_plugins(codes, hook))
    relay: Relay = await house.relay(settled=deliveries.settled)
    return relay


async def take(attempts: AsyncIterator[LoggedAttempt], count: int) -> list[LoggedAttempt]:
    async with asyncio.timeout(10):
        return [await anext(attempts) for _ in range(count)]


async def test_attempts_are_told_when_they_are_written_down(
    house: Any, make_plugins: Any, deliveries: LiveDeliveries
) -> None:
    await relay_of(house, make_plugins, deliveries, "crm", "refusing")
    end = await deliveries.live.end()
    everything = asyncio.create_task(take(deliveries.live.subscribe(end), 4))
    failed = asyncio.create_task(take(deliveries.live.subscribe(end, AttemptSelection(ok=False)), 2))
    of_crm = asyncio.create_task(take(deliveries.live.subscribe(end, AttemptSelection(plugin="crm")), 2))
    await asyncio.sleep(0.05)
    await house.happen("one", order_id=new_id())
    await house.happen("two", order_id=new_id())
    assert [attempt.position for attempt in await everything] == [1, 2, 3, 4]
    assert sorted((attempt.plugin, attempt.ok, attempt.error) for attempt in everything.result()) == [
        ("crm", True, ""),
        ("crm", True, ""),
        ("refusing", False, "ProviderRefused: no"),
        ("refusing", False, "ProviderRefused: no"),
    ]
    assert {attempt.plugin for attempt in await failed} == {"refusing"}
    assert {attempt.plugin for attempt in await of_crm} == {"crm"}


async def test_whoever_comes_later_gets_what_comes_from_then_on(
    house: Any, make_plugins: Any, deliveries: LiveDeliveries
) -> None:
    relay = await relay_of(house, make_plugins, deliveries, "crm")
    for number in range(5):
        await house.happen(number, order_id=new_id())
        await relay.drain()
    late = asyncio.create_task(take(deliveries.live.subscribe(await deliveries.live.end()), 1))
    resumed = asyncio.create_task(take(deliveries.live.subscribe(3), 3))
    await asyncio.sleep(0.05)
    await house.happen("last", order_id=new_id())
    assert [attempt.position for attempt in await late] == [6]
    assert [attempt.position for attempt in await resumed] == [4, 5, 6]


async def test_what_another_process_wrote_down_is_told_at_a_hint_or_the_next_poll(
    house: Any, make_plugins: Any, deliveries: LiveDeliveries
) -> None:
    polling, elsewhere = LiveDeliveries(house.database, poll_seconds=0.05), LiveDeliveries(house.database, 30)
    await polling.start()
    waiting = [asyncio.create_task(take(each.live.subscribe(0), 1)) for each in (polling, deliveries)]
    await asyncio.sleep(0.02)
    relay = await relay_of(house, make_plugins, elsewhere, "crm")
    await house.happen("one", order_id=new_id())
    await relay.drain()
    assert len(await waiting[0]) == 1
    assert not waiting[1].done()
    deliveries.wake()
    assert len(await waiting[1]) == 1
    await polling.stop()


async def test_nothing_is_read_while_nobody_follows(house: Any, make_plugins: Any, deliveries: LiveDeliveries) -> None:
    relay = await relay_of(house, make_plugins, deliveries, "crm")
    read: list[int] = []
    source = AttemptLog.read

    async def counting(self: AttemptLog, after: int, **more: Any) -> Any:
        read.append(after)
        return await source(self, after, **more)

    AttemptLog.read = counting  # type: ignore[method-assign]  # counts, and reads
    try:
        await house.happen("one", order_id=new_id())
        await relay.drain()
        await asyncio.sleep(0.1)
        assert read == []
        # one who comes back is not kept waiting until the next poll
        assert len(await take(deliveries.live.subscribe(0), 1)) == 1
        assert read != []
    finally:
        AttemptLog.read = source  # type: ignore[method-assign]


async def test_positions_are_in_the_order_of_commits(house: Any) -> None:
    """The second one to count waits until the first has committed, so nobody reads past what is not there yet."""
    positions: list[int] = []
    counted = asyncio.Event()

    async def slow(uow: UnitOfWork) -> None:
        position = await count_on(uow, ATTEMPT_COUNTER, 1)
        counted.set()
        await asyncio.sleep(0.2)
        positions.append(position)

    async def fast(uow: UnitOfWork) -> None:
        positions.append(await count_on(uow, ATTEMPT_COUNTER, 2))

    first = asyncio.create_task(house.database.write(house.by, slow))
    await counted.wait()
    await asyncio.gather(first, house.database.write(house.by, fast))
    assert positions == [1, 3]
