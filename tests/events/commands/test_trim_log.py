"""What is too old is taken out, and nobody follows the log from before it without knowing."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.commands import trim_log as module
from packhouse.events.commands.replay_events import ReplayEvents, replay_events
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.commands.trim_log import trim_log
from packhouse.events.delivery_log import AttemptLog
from packhouse.events.event_log import EventLog, LiveEvents
from packhouse.events.exporter import export_events
from packhouse.events.live import LiveLog, Trimmed
from packhouse.events.positions import assign_positions
from packhouse.house import House
from packhouse.rooms import all_rooms
from packhouse.sdk import Event, EventType, OrderSnapshot, ProviderRefused, new_id, now
from packhouse.storage.dialect import read_json
from packhouse.testing.nats import NatsServer
from packhouse.testing.server import server_settings
from packhouse.web.feeds import Bounds


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred days from now, as far as trimming is concerned."""
    monkeypatch.setattr(module, "now", lambda: now() + timedelta(days=100))


async def facts(house: Any) -> list[Any]:
    rows = await house.rows("SELECT payload FROM event ORDER BY position")
    return [read_json(row["payload"])["n"] for row in rows]


async def counted(house: Any, table: str) -> int:
    return int((await house.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])


async def bounds(house: Any) -> tuple[Bounds, Bounds]:
    return await EventLog(house.database).bounds(), await AttemptLog(house.database).bounds()


async def delivered(house: Any, make_plugins: Any, *, hook: Any = None) -> Any:
    """Three events of an order, three of none, all delivered to one plugin; returns who delivers."""
    house.listen(make_plugins(["crm"], hook))
    relay = await house.relay()
    order_id = new_id()
    for number in range(3):
        await house.happen(f"order {number}", order_id=order_id)
        await house.happen(f"stock {number}", event_type=EventType.STOCK_ADJUSTED)
        await relay.drain()
    return relay


@pytest.mark.usefixtures("later")
async def test_settled_deliveries_go_and_orders_keep_their_events(house: Any, make_plugins: Any) -> None:
    await delivered(house, make_plugins)
    assert await trim_log(house.database, 30) == 6 + 3
    assert await facts(house) == ["order 0", "order 1", "order 2"]
    assert (await counted(house, "delivery"), await counted(house, "delivery_attempt")) == (0, 0)
    assert await bounds(house) == (Bounds(6, 6), Bounds(6, 6))
    assert await trim_log(house.database, 30) == 0


async def test_what_is_young_stays(house: Any, make_plugins: Any) -> None:
    await delivered(house, make_plugins)
    assert await trim_log(house.database, 30) == 0
    assert len(await facts(house)) == 6
    assert await bounds(house) == (Bounds(0, 6), Bounds(0, 6))


@pytest.mark.usefixtures("later")
async def test_what_belongs_to_a_customer_stays(house: Any) -> None:
    await house.happen("consent", customer_id=new_id(), event_type=EventType.CONSENT_CHANGED)
    await house.happen("stock", event_type=EventType.STOCK_ADJUSTED)
    await assign_positions(house.database)
    await trim_log(house.database, 30)
    assert await facts(house) == ["consent"]


@pytest.mark.usefixtures("later")
async def test_what_waits_to_be_delivered_stays(house: Any, make_plugins: Any) -> None:
    house.listen(make_plugins(["crm"]))
    await house.happen("waits", event_type=EventType.STOCK_ADJUSTED)
    await assign_positions(house.database)
    assert await trim_log(house.database, 30) == 0
    relay = await house.relay()
    await relay.drain()
    assert house.plugins.facts("crm") == ["waits"]
    assert await trim_log(house.database, 30) == 2
    assert await facts(house) == []


@pytest.mark.usefixtures("later")
async def test_what_has_no_position_yet_stays(house: Any) -> None:
    await house.happen("fresh", event_type=EventType.STOCK_ADJUSTED)
    assert await trim_log(house.database, 30) == 0
    await assign_positions(house.database)
    assert await trim_log(house.database, 30) == 1


@pytest.mark.usefixtures("later")
async def test_what_a_reader_outside_has_not_read_stays(house: Any, nats_server: NatsServer) -> None:
    await house.happen("one", "two", event_type=EventType.STOCK_ADJUSTED)
    await assign_positions(house.database)
    assert await trim_log(house.database, 30, ("orders",)) == 0
    await export_events(house.database, nats_server.url, "orders")
    await house.happen("three", event_type=EventType.STOCK_ADJUSTED)
    await assign_positions(house.database)
    assert await trim_log(house.database, 30, ("orders",)) == 2
    assert await facts(house) == ["three"]


@pytest.mark.usefixtures("later")
async def test_a_stream_that_comes_too_late_is_told(
    house: Any, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    await house.happen("one", event_type=EventType.STOCK_ADJUSTED)
    await assign_positions(house.database)
    await trim_log(house.database, 30)
    # NATS is asked only when something new has happened
    await house.happen("two", order_id=new_id())
    await assign_positions(house.database)
    with caplog.at_level(logging.WARNING):
        await export_events(house.database, nats_server.url, "orders")
    assert "misses events up to position 1" in caplog.text


@pytest.mark.usefixtures("later")
async def test_it_goes_in_small_transactions(house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await delivered(house, make_plugins)
    monkeypatch.setattr(module, "BATCH", 2)
    sizes: list[int] = []
    write = house.database.write

    async def counting(by: Any, work: Any) -> Any:
        result = await write(by, work)
        sizes.append(result)
        return result

    monkeypatch.setattr(house.database, "write", counting)
    await trim_log(house.database, 30)
    assert sizes == [2, 2, 2, 2, 1]


@pytest.mark.usefixtures("later")
async def test_what_has_to_stay_is_passed_over_once(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivered(house, make_plugins)
    await house.database.write(
        house.by,
        lambda uow: uow.execute(
            "UPDATE delivery SET status = 'pending', finished_at = NULL WHERE event_id IN "
            "(SELECT id FROM event WHERE position <= 4)"
        ),
    )
    await house.close()
    monkeypatch.setattr(module, "BATCH", 1)
    looked_at: list[int] = []
    fetch = house.database.fetch

    async def noting(sql: str, *values: Any) -> Any:
        rows = await fetch(sql, *values)
        looked_at.append(len(rows))
        return rows

    monkeypatch.setattr(house.database, "fetch", noting)
    assert await trim_log(house.database, 30) == 2 + 1
    assert looked_at == [*(1, 1, 0), *(1, 0)]
    assert await facts(house) == ["order 0", "stock 0", "order 1", "stock 1", "order 2"]
    assert await counted(house, "delivery") == 4


@pytest.mark.usefixtures("later")
async def test_a_delivery_that_was_given_up_can_be_retried_until_it_goes(house: Any, make_plugins: Any) -> None:
    async def refuse(code: str, event: Event, order: OrderSnapshot | None) -> None:
        del code, event, order
        raise ProviderRefused("no")

    await delivered(house, make_plugins, hook=refuse)
    dead = (await house.rows("SELECT id FROM delivery WHERE status = 'dead' ORDER BY id"))[0]["id"]
    await house.close()
    await house.database.write(house.by, lambda uow: retry_delivery(uow, dead))
    await trim_log(house.database, 30)
    assert await counted(house, "delivery") == 1
    assert await counted(house, "event") == 3


@pytest.mark.usefixtures("later")
async def test_a_subscriber_that_is_still_behind_it_is_told(house: Any) -> None:
    for number in range(10):
        await house.happen(number, event_type=EventType.STOCK_ADJUSTED, order_id=new_id() if number > 6 else None)
    await assign_positions(house.database)
    live: LiveEvents = LiveLog(EventLog(house.database), page=3)
    await live.start()
    behind = live.subscribe(0)
    assert (await anext(behind)).payload["n"] == 0
    await trim_log(house.database, 30)
    with pytest.raises(Trimmed):
        [event async for event in behind]
    kept = live.subscribe((await live.bounds()).trimmed)
    assert [(await anext(kept)).payload["n"] for _ in range(3)] == [7, 8, 9]


@pytest.mark.usefixtures("later")
async def test_a_replay_says_when_it_is_not_whole(house: Any, make_plugins: Any) -> None:
    start = now()
    relay = await delivered(house, make_plugins)
    data = ReplayEvents("crm", start)
    whole = await replay_events(house.database, house.by, data, frozenset(EventType), {"crm"})
    assert (whole.events, whole.is_whole) == (6, True)
    await relay.drain()
    await trim_log(house.database, 30)
    rest = await replay_events(house.database, house.by, data, frozenset(EventType), {"crm"})
    assert (rest.events, rest.is_whole) == (3, False)


@pytest.mark.parametrize(("days", "jobs"), [(0, []), (30, ["trim the log"])])
def test_it_is_a_job_where_days_are_set(days: int, jobs: list[str], make_house: Any) -> None:
    names = [job.name for job in make_house(days).jobs.jobs]
    assert [name for name in names if name == "trim the log"] == jobs


@pytest.fixture
def make_house(database_url: str) -> Any:
    def make(days: int) -> House:
        settings = server_settings(database_url)
        events = settings.events.model_copy(update={"keep_days": days})
        return House(settings.model_copy(update={"events": events}), all_rooms())

    return make
