import asyncio
from collections.abc import AsyncIterator
from typing import Any

from packhouse.events.event_log import EventLog, EventSelection, LiveEvents
from packhouse.events.live import LiveLog, Subscription
from packhouse.events.positions import assign_positions
from packhouse.sdk import EventType, new_id


async def take(events: AsyncIterator[Any], count: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [(await anext(events)).payload["n"] for _ in range(count)]


async def live_of(house: Any, **sizes: Any) -> LiveEvents:
    live: LiveEvents = LiveLog(EventLog(house.database), **sizes)
    await live.start()
    return live


async def advance(house: Any, live: LiveEvents) -> None:
    await assign_positions(house.database)
    await live.read()


def waiting(subscription: Subscription[Any, Any], count: int = 1) -> asyncio.Task[list[Any]]:
    return asyncio.create_task(take(subscription, count))


async def test_a_subscriber_gets_what_happens_from_now_on(house: Any) -> None:
    await house.happen("before")
    await assign_positions(house.database)
    live = await live_of(house)
    subscription = live.subscribe(live.head)
    task = waiting(subscription, 2)
    await asyncio.sleep(0)
    await house.happen("one")
    await advance(house, live)
    await house.happen("two")
    await advance(house, live)
    assert await task == ["one", "two"]


async def test_a_subscriber_may_ask_for_what_came_before(house: Any) -> None:
    await house.happen(*range(10))
    await assign_positions(house.database)
    live = await live_of(house, page=3)
    assert await take(live.subscribe(after=0), 10) == list(range(10))
    assert await take(live.subscribe(after=7), 3) == [7, 8, 9]


async def test_only_the_orders_and_types_asked_for(house: Any) -> None:
    mine, other = new_id(), new_id()
    live = await live_of(house)
    by_order = waiting(live.subscribe(live.head, EventSelection(order_ids=frozenset({mine}))), 2)
    by_type = waiting(live.subscribe(live.head, EventSelection(types=frozenset({EventType.ORDER_HELD}))))
    by_both = waiting(live.subscribe(live.head, EventSelection(frozenset({mine}), frozenset({EventType.ORDER_HELD}))))
    await asyncio.sleep(0)
    await house.happen("a", order_id=mine)
    await house.happen("b", order_id=other)
    await advance(house, live)
    await house.happen("c", order_id=other, event_type=EventType.ORDER_HELD)
    await advance(house, live)
    await house.happen("d", order_id=mine, event_type=EventType.ORDER_HELD)
    await advance(house, live)
    assert (await by_order, await by_type, await by_both) == (["a", "d"], ["c"], ["d"])


async def test_filters_hold_while_catching_up_too(house: Any) -> None:
    mine = new_id()
    for number in range(12):
        await house.happen(number, order_id=mine if number % 4 == 0 else new_id())
    await assign_positions(house.database)
    live = await live_of(house, page=2)
    assert await take(live.subscribe(0, EventSelection(order_ids=frozenset({mine}))), 3) == [0, 4, 8]
    assert await take(
        live.subscribe(0, EventSelection(frozenset({mine}), frozenset({EventType.ORDER_CHANGED}))), 3
    ) == [0, 4, 8]


async def test_a_slow_subscriber_misses_nothing_and_the_window_stays_small(house: Any) -> None:
    live = await live_of(house, window=10, page=7)
    slow = live.subscribe(live.head)
    got = waiting(slow)
    await asyncio.sleep(0)
    for start in range(0, 100, 5):
        await house.happen(*range(start, start + 5))
        await advance(house, live)
    assert len(live._window) <= 10
    assert await got + await take(slow, 99) == list(range(100))


async def test_nothing_is_kept_while_nobody_waits(house: Any) -> None:
    live = await live_of(house)
    await house.happen(*range(20))
    await advance(house, live)
    assert len(live._window) == 0
    late = live.subscribe(live.head)
    got = waiting(late)
    await asyncio.sleep(0)
    await house.happen(20)
    await advance(house, live)
    assert await got == [20]
    assert await take(live.subscribe(after=18), 3) == [18, 19, 20]


async def test_the_log_is_read_once_for_all_subscribers(house: Any) -> None:
    live = await live_of(house)
    tasks = [waiting(live.subscribe(live.head)) for _ in range(50)]
    await asyncio.sleep(0)
    reads: list[str] = []
    fetch = house.database.fetch

    async def counting(sql: str, *values: Any) -> Any:
        reads.append(sql)
        return await fetch(sql, *values)

    house.database.fetch = counting
    await house.happen("one")
    await assign_positions(house.database)
    reads.clear()
    await live.read()
    assert await asyncio.gather(*tasks) == [["one"]] * 50
    assert len(reads) == 2  # the page, and the empty one after it
    house.database.fetch = fetch


async def test_a_position_ahead_of_this_process_waits_and_repeats_nothing(house: Any) -> None:
    live = await live_of(house)
    task = waiting(live.subscribe(after=2))
    await asyncio.sleep(0)
    for name in ("one", "two", "three"):
        await house.happen(name)
        await advance(house, live)
        await asyncio.sleep(0.01)
    assert await task == ["three"]


async def test_closing_and_stopping_end_the_iteration(house: Any) -> None:
    live = await live_of(house)
    closed, stopped = live.subscribe(live.head), live.subscribe(live.head)

    async def all_of(subscription: Subscription[Any, Any]) -> list[Any]:
        return [event async for event in subscription]

    tasks = [asyncio.create_task(all_of(each)) for each in (closed, stopped)]
    await asyncio.sleep(0)
    await closed.aclose()
    assert await tasks[0] == []
    live.stop()
    assert await tasks[1] == []
    assert live._waiting == {}


async def test_the_relay_feeds_subscribers(house: Any) -> None:
    relay = await house.relay()
    task = waiting(relay.live.subscribe(relay.live.head), 2)
    await asyncio.sleep(0)
    await house.happen(1, 2)
    assert await task == [1, 2]
