import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from packhouse.events.lane_store import redeliver
from packhouse.events.positions import assign_positions
from packhouse.events.relay import Relay
from packhouse.sdk import Event, EventType, OrderSnapshot, ProviderRateLimited, ProviderRefused, new_id, now
from packhouse.storage.dialect import read_time


async def statuses(house: Any) -> list[tuple[str, int, str]]:
    rows = await house.rows(
        "SELECT status, attempts, last_error FROM delivery JOIN event ON event.id = delivery.event_id ORDER BY position"
    )
    return [(row["status"], row["attempts"], row["last_error"]) for row in rows]


async def test_every_listener_gets_every_event_in_order_with_its_order(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins(["crm", "mail"]))
    relay = await house.relay()
    orders = [new_id() for _ in range(5)]
    for number in range(20):
        await house.happen(number, order_id=orders[number % 5])
    await relay.drain()
    for code in ("crm", "mail"):
        assert sorted(plugins.facts(code)) == list(range(20))
        for index, order_id in enumerate(orders):
            assert plugins.facts(code, order_id) == list(range(index, 20, 5))
    assert all(order is not None and order.id == event.order_id for _, event, order in plugins.delivered)
    assert {status for status, _, _ in await statuses(house)} == {"done"}
    assert await house.rows("SELECT * FROM lane") == []
    attempts = await house.rows("SELECT ok, error, duration_ms FROM delivery_attempt")
    assert len(attempts) == 40
    assert all(row["ok"] and row["error"] == "" and row["duration_ms"] >= 0 for row in attempts)


async def test_an_event_of_no_order_is_delivered_without_one(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    relay = await house.relay()
    (event_id,) = await house.happen(1, event_type=EventType.STOCK_ADJUSTED)
    await relay.drain()
    ((_, event, order),) = plugins.delivered
    assert (event.id, event.order_id, order, event.position) == (event_id, None, None, 1)
    assert (event.actor, event.origin, event.reason) == ("tester", "test", "because")


async def test_events_of_a_customer_come_in_order_with_the_customer(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    customers = [new_id(), new_id()]
    for number in range(10):
        await house.happen(number, customer_id=customers[number % 2], event_type=EventType.CONSENT_CHANGED)
    lanes = await house.rows("SELECT DISTINCT lane_id FROM delivery")
    assert len(lanes) == 2
    relay = await house.relay()
    await relay.drain()
    for index, customer_id in enumerate(customers):
        own = [event.payload["n"] for _, event, _ in plugins.delivered if event.customer_id == customer_id]
        assert own == list(range(index, 10, 2))
    assert {order for _, _, order in plugins.delivered} == {None}
    assert sorted(customer.id for customer in plugins.customers) == sorted(customers * 5)


async def test_what_was_recorded_while_nobody_worked_is_delivered_at_the_start(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    await house.happen(1, 2, order_id=new_id())
    relay = await house.relay()
    await relay.drain()
    assert plugins.facts("crm") == [1, 2]


async def test_polling_alone_works(house: Any, make_plugins: Any) -> None:
    house.listen(make_plugins())
    relay = await house.relay()
    house.database.on_commit.clear()
    await house.happen(1)
    await house.until_delivered(1)
    house.database.on_commit.append(relay._wake.set)


async def test_events_that_hooks_record_are_delivered_too(house: Any, make_plugins: Any) -> None:
    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        if event.payload["n"] < 3:
            await house.happen(event.payload["n"] + 1, order_id=event.order_id)

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(0, order_id=new_id())
    await relay.drain()
    assert plugins.facts("crm") == [0, 1, 2, 3]


async def test_a_deep_lane_keeps_its_order(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    order_id = new_id()
    for start in range(0, 350, 50):
        await house.happen(*range(start, start + 50), order_id=order_id)
    relay = await house.relay()
    await relay.drain()
    assert plugins.facts("crm", order_id) == list(range(350))


async def test_a_failing_delivery_is_repeated_and_its_lane_waits(house: Any, make_plugins: Any) -> None:
    failures = 1

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        nonlocal failures
        if event.payload["n"] == "first" and failures:
            failures -= 1
            raise ConnectionError("try later")

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen("first", "second", order_id=new_id())
    await relay.drain()
    assert plugins.delivered == []
    assert await statuses(house) == [("pending", 1, "ConnectionError: try later"), ("pending", 0, "")]
    (lane,) = await house.rows("SELECT due_at, lease_owner FROM lane")
    assert lane["lease_owner"] is None
    assert now() - timedelta(seconds=1) < read_time(lane["due_at"]) <= now() + timedelta(seconds=1)
    await house.until_delivered(2)
    await relay.drain()
    assert plugins.facts("crm") == ["first", "second"]
    assert await statuses(house) == [("done", 2, ""), ("done", 1, "")]
    attempts = await house.rows("SELECT ok, error FROM delivery_attempt ORDER BY started_at")
    assert [(bool(row["ok"]), row["error"]) for row in attempts] == [
        (False, "ConnectionError: try later"),
        (True, ""),
        (True, ""),
    ]


async def test_new_events_do_not_hurry_a_lane_that_waits(house: Any, make_plugins: Any) -> None:
    calls: list[Any] = []

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        calls.append(event.payload["n"])
        raise ProviderRateLimited("slow down", retry_after=60)

    house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    order_id = new_id()
    await house.happen(1, order_id=order_id)
    await relay.drain()
    await house.happen(2, order_id=order_id)
    await relay.drain()
    assert calls == [1]
    (lane,) = await house.rows("SELECT due_at FROM lane")
    assert timedelta(seconds=55) < read_time(lane["due_at"]) - now() < timedelta(seconds=67)
    assert (await statuses(house))[0] == ("pending", 0, "ProviderRateLimited: slow down")


async def test_a_delivery_is_given_up_and_its_lane_goes_on(
    house: Any, make_plugins: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        if event.payload["n"] == "poison":
            raise ValueError("cannot\x00 be")

    house.settings.max_attempts = 1
    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen("poison", "good", order_id=new_id())
    await relay.drain()
    assert plugins.facts("crm") == ["good"]
    assert await statuses(house) == [("dead", 1, "ValueError: cannot be"), ("done", 1, "")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_what_a_vendor_refused_for_good_is_not_repeated(house: Any, make_plugins: Any) -> None:
    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        raise ProviderRefused("no such order")

    house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(1)
    await relay.drain()
    assert await statuses(house) == [("dead", 1, "ProviderRefused: no such order")]


class Unspeakable(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("planted")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Unspeakable(), "Unspeakable: it cannot say what it is"),
        (ValueError(json.loads(r'"half \ud83d of it"')), "ValueError: half ? of it"),
    ],
    ids=["unspeakable", "unstorable"],
)
async def test_any_error_is_written_down_and_tried_again(
    house: Any, make_plugins: Any, error: Exception, text: str
) -> None:
    failures = 1

    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise error

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen("broken", order_id=new_id())
    await relay.drain()
    assert await statuses(house) == [("pending", 1, text)]
    await house.until_delivered(1)
    await relay.drain()
    assert plugins.facts("crm") == ["broken"]
    assert await statuses(house) == [("done", 2, "")]


async def test_a_dead_delivery_can_be_made_again(house: Any, make_plugins: Any) -> None:
    broken = True

    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        if broken:
            raise ProviderRefused("no")

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(1)
    await relay.drain()
    broken = False
    (row,) = await house.rows("SELECT id FROM delivery WHERE status = 'dead'")
    assert await house.database.write(house.by, lambda uow: redeliver(uow, row["id"]))
    assert not await house.database.write(house.by, lambda uow: redeliver(uow, row["id"]))
    await relay.drain()
    assert plugins.facts("crm") == [1]


async def test_a_failing_or_slow_plugin_holds_up_nobody_else(house: Any, make_plugins: Any) -> None:
    async def hook(code: str, _: Event, __: OrderSnapshot | None) -> None:
        if code == "failing":
            raise ValueError("no")
        if code == "slow":
            await asyncio.sleep(60)

    plugins = house.listen(make_plugins(["failing", "good", "slow"], hook=hook))
    await house.relay()
    await house.happen(*range(30), order_id=new_id())
    await house.until_delivered(30, "good")
    assert plugins.facts("good") == list(range(30))
    assert plugins.facts("failing") == plugins.facts("slow") == []


async def test_a_failing_order_holds_up_no_other_order(house: Any, make_plugins: Any) -> None:
    bad = new_id()

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        if event.order_id == bad:
            raise ValueError("no")

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(0, order_id=bad)
    for number in range(1, 6):
        await house.happen(number, order_id=new_id())
    await relay.drain()
    assert sorted(plugins.facts("crm")) == [1, 2, 3, 4, 5]


async def test_an_order_that_cannot_be_read_holds_up_no_other(house: Any, make_plugins: Any) -> None:
    bad, good = new_id(), new_id()

    async def load(order_ids: Sequence[UUID]) -> dict[UUID, OrderSnapshot]:
        if bad in order_ids:
            raise ValueError("unreadable")
        return {}

    plugins = house.listen(make_plugins())
    await house.happen("bad", order_id=bad)
    await house.happen("good", order_id=good)
    relay = await house.relay(load)
    await relay.drain()
    assert plugins.facts("crm") == ["good"]
    told = f"on the side of Packhouse: OwnFailure: order {bad} could not be read: ValueError: unreadable"
    assert await statuses(house) == [("pending", 0, told), ("done", 1, "")]


async def test_the_lane_of_a_worker_that_died_is_taken_over(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins())
    await house.happen(1, 2, order_id=new_id())
    await assign_positions(house.database)
    dead = new_id()

    async def leave(uow: Any, until: Any) -> None:
        await uow.execute("UPDATE lane SET lease_owner = $1, due_at = $2", dead, until)

    await house.database.write(house.by, lambda uow: leave(uow, now() + timedelta(seconds=60)))
    relay = await house.relay()
    await relay.drain()
    assert plugins.delivered == []
    await house.database.write(house.by, lambda uow: leave(uow, now() - timedelta(seconds=1)))
    await relay.drain()
    assert plugins.facts("crm") == [1, 2]
    assert await house.rows("SELECT * FROM lane") == []


async def test_a_lease_is_renewed_while_a_hook_runs(house: Any, make_plugins: Any) -> None:
    calls: list[int] = []

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        calls.append(event.payload["n"])
        await asyncio.sleep(1.2)

    house.settings.lease_seconds = 0.4
    house.listen(make_plugins(hook=hook))
    first = await house.relay()
    await house.relay()
    await house.happen(1)
    await first.drain()
    await house.until_delivered(1)
    assert calls == [1]


async def test_a_lease_is_renewed_however_seldom_somebody_looks_for_work(house: Any, make_plugins: Any) -> None:
    calls: list[int] = []

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        calls.append(event.payload["n"])
        if len(calls) == 1:
            await asyncio.sleep(1.2)

    house.settings.lease_seconds, house.settings.poll_seconds = 0.4, 60.0
    house.listen(make_plugins(hook=hook))
    first = await house.relay()
    await house.happen(1)
    await house.until_rows("SELECT id FROM lane WHERE lease_owner IS NOT NULL")
    house.settings = replace(house.settings, poll_seconds=0.05)
    await house.relay()
    await first.drain()
    assert calls == [1]


async def test_a_worker_that_lost_its_lease_stops_and_leaves_the_lane_alone(house: Any, make_plugins: Any) -> None:
    interrupted = asyncio.Event()

    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            interrupted.set()
            raise

    house.settings.lease_seconds = 0.3
    house.listen(make_plugins(hook=hook))
    await house.relay()
    await house.happen(1)
    await house.until_rows("SELECT id FROM lane WHERE lease_owner IS NOT NULL")
    other, until = new_id(), now() + timedelta(seconds=60)
    await house.database.write(
        house.by, lambda uow: uow.execute("UPDATE lane SET lease_owner = $1, due_at = $2", other, until)
    )
    async with asyncio.timeout(5):
        await interrupted.wait()
    await asyncio.sleep(0.1)
    (lane,) = await house.rows("SELECT lease_owner FROM lane")
    assert str(lane["lease_owner"]) == str(other)


async def test_what_runs_is_finished_and_the_rest_given_back(house: Any, make_plugins: Any) -> None:
    """A drain: the running hook ends and is written down as done, its lease kept all the while; nothing more is begun."""
    go = asyncio.Event()

    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        await go.wait()

    house.settings.lease_seconds = 0.3
    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(1, 2, order_id=new_id())
    await house.until_rows("SELECT id FROM lane WHERE lease_owner IS NOT NULL")
    relay.take_no_more()
    await house.happen(3, order_id=new_id())
    await house.until_rows("SELECT id FROM lane WHERE lease_owner IS NULL")
    (held,) = await house.rows("SELECT lease_owner FROM lane WHERE lease_owner IS NOT NULL")
    await asyncio.sleep(0.5)
    assert await house.rows("SELECT lease_owner FROM lane WHERE lease_owner IS NOT NULL") == [held]
    go.set()
    await relay.stop(grace_seconds=5)
    assert plugins.facts("crm") == [1]
    assert [status for status, *_ in await statuses(house)] == ["done", "pending", "pending"]
    lanes = await house.rows("SELECT lease_owner, due_at FROM lane")
    assert [(lane["lease_owner"], read_time(lane["due_at"]) <= now()) for lane in lanes] == [(None, True)] * 2


async def test_stopping_gives_lanes_back_at_once(house: Any, make_plugins: Any) -> None:
    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        if event.payload["n"] == 2:
            await asyncio.sleep(60)

    plugins = house.listen(make_plugins(hook=hook))
    relay = await house.relay()
    await house.happen(1, 2, 3, order_id=new_id())
    await house.until_delivered(1)
    await relay.stop(grace_seconds=0.05)
    (lane,) = await house.rows("SELECT lease_owner, due_at FROM lane")
    assert lane["lease_owner"] is None
    assert read_time(lane["due_at"]) <= now()
    plugins.hook = None
    await relay.start()
    await relay.drain()
    assert plugins.facts("crm") == [1, 2, 3]


async def test_two_relays_share_the_work_and_deliver_once(house: Any, make_plugins: Any) -> None:
    async def hook(_: str, __: Event, ___: OrderSnapshot | None) -> None:
        await asyncio.sleep(0.005)

    house.settings.batch = 3
    plugins = house.listen(make_plugins(hook=hook))
    first, second = await house.relay(), await house.relay()
    orders = [new_id() for _ in range(20)]
    for number in range(60):
        await house.happen(number, order_id=orders[number % 20])
    await first.drain()
    await second.drain()
    assert sorted(plugins.facts("crm")) == list(range(60))
    for index, order_id in enumerate(orders):
        assert plugins.facts("crm", order_id) == list(range(index, 60, 20))


async def test_draining_needs_a_running_relay(house: Any) -> None:
    async def nobody(_: Sequence[UUID]) -> dict[UUID, OrderSnapshot]:
        return {}

    with pytest.raises(RuntimeError, match="not running"):
        await Relay(house.database, house.plugins, nobody, house.settings).drain()


async def test_events_wait_for_a_plugin_that_could_not_start(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins(["late", "crm"]))
    plugins.not_started.add("late")
    relay = await house.relay()
    await house.happen(1, 2, order_id=new_id())
    await relay.drain()
    assert (plugins.facts("late"), plugins.facts("crm")) == ([], [1, 2])
    assert {row["status"] for row in await house.rows("SELECT status FROM delivery WHERE plugin = 'late'")} == {
        "pending"
    }
    assert await house.rows("SELECT id FROM delivery_attempt WHERE NOT ok") == []
    plugins.not_started.clear()
    await house.until_delivered(2, "late")
    await relay.drain()
    assert plugins.facts("late") == [1, 2]
