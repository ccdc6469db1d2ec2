from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from packhouse.events.positions import assign_positions
from packhouse.events.queries import events_after, last_position, timeline
from packhouse.sdk import Event, EventType, new_id


async def numbers(house: Any, *args: Any, **options: Any) -> dict[Any, list[Any]]:
    found = await timeline(house.database, *args, **options)
    return {order_id: [(event.position, event.payload["n"]) for event in events] for order_id, events in found.items()}


async def test_timelines_of_many_orders_in_one_statement(house: Any) -> None:
    one, two, none = new_id(), new_id(), new_id()
    await house.happen(1, order_id=one)
    await house.happen(2, order_id=two)
    await house.happen(3, order_id=one)
    await assign_positions(house.database)
    assert await numbers(house, [one, two, none]) == {one: [(1, 1), (3, 3)], two: [(2, 2)], none: []}
    assert await numbers(house, [one, two], after=1) == {one: [(3, 3)], two: [(2, 2)]}
    assert await numbers(house, [one], first=1) == {one: [(1, 1)]}
    assert await timeline(house.database, []) == {}


async def test_a_timeline_shows_what_was_acknowledged_a_moment_ago(house: Any) -> None:
    order_id = new_id()
    await house.happen(1, order_id=order_id)
    await assign_positions(house.database)
    await house.happen(2, 3, order_id=order_id)
    assert await numbers(house, [order_id]) == {order_id: [(1, 1), (0, 2), (0, 3)]}
    assert await numbers(house, [order_id], after=1) == {order_id: [(0, 2), (0, 3)]}


async def test_the_log_is_read_in_pages(house: Any) -> None:
    assert await last_position(house.database) == 0
    await house.happen(*range(1, 8))
    assert await events_after(house.database, 0, limit=10) == []
    await assign_positions(house.database)
    assert await last_position(house.database) == 7
    page = await events_after(house.database, 2, limit=3)
    assert [event.position for event in page] == [3, 4, 5]
    page = await events_after(house.database, 2, limit=10, upto=4, types={EventType.ORDER_CHANGED})
    assert [event.position for event in page] == [3, 4]
    assert await events_after(house.database, 0, limit=10, types={EventType.ORDER_HELD}) == []


async def test_an_event_that_was_read_is_like_any_other(house: Any) -> None:
    order_id, customer_id = new_id(), new_id()
    await house.happen(1, order_id=order_id, customer_id=customer_id)
    await assign_positions(house.database)
    (read,) = await events_after(house.database, 0, limit=10)
    made = Event(**{each.name: getattr(read, each.name) for each in fields(Event)})
    assert type(read) is Event
    assert (read, repr(read), replace(read, position=7)) == (made, repr(made), replace(made, position=7))
    assert (read.order_id, read.customer_id, read.payload) == (order_id, customer_id, {"n": 1})
    with pytest.raises(FrozenInstanceError):
        read.position = 2  # type: ignore[misc]
