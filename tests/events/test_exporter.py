"""The stream holds every event once and in order, whatever happened to the exporter."""

import signal
from collections.abc import Awaitable, Callable
from typing import Any

import nats
import orjson
import pytest
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import APIError

from packhouse.events import exporter
from packhouse.events.exporter import export_events
from packhouse.events.positions import assign_positions
from packhouse.sdk import new_id
from packhouse.testing.nats import NatsServer

STREAM = "orders"


async def stream_of(url: str) -> list[dict[str, Any]]:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        count = (await jetstream.stream_info(STREAM)).state.messages
        subscription = await jetstream.pull_subscribe("packhouse.events.*", stream=STREAM)
        found: list[dict[str, Any]] = []
        while len(found) < count:
            for message in await subscription.fetch(count - len(found), timeout=5):
                assert message.headers is not None
                found.append({**orjson.loads(message.data), "message": message.headers["Nats-Msg-Id"]})
                await message.ack()
        return found
    finally:
        await client.close()


async def test_every_event_once_and_in_order(house: Any, nats_server: NatsServer) -> None:
    order_id = new_id()
    ids = await house.happen(*range(5), order_id=order_id)
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == 5
    assert await export_events(house.database, nats_server.url, STREAM) == 0

    # it died after publishing, before it wrote down how far it came
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE log_reader SET position = 2"))
    ids += await house.happen(5, order_id=order_id)
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == 4

    found = await stream_of(nats_server.url)
    assert [each["data"]["n"] for each in found] == list(range(6))
    assert [each["position"] for each in found] == list(range(1, 7))
    assert [each["message"] for each in found] == [each["id"] for each in found] == [str(each) for each in ids]
    assert {each["subject"] for each in found} == {str(order_id)}
    assert {each["type"] for each in found} == {"packhouse.order_changed"}


async def test_without_nats_it_fails_and_goes_on_later(house: Any, nats_server: NatsServer) -> None:
    await house.happen(1)
    await assign_positions(house.database)
    nats_server.stop()
    with pytest.raises(Exception, match=r"no servers available|Connect"):
        await export_events(house.database, nats_server.url, STREAM)
    assert await house.rows("SELECT * FROM log_reader") == []
    nats_server.start()
    assert await export_events(house.database, nats_server.url, STREAM) == 1


async def changed(url: str, change: Callable[[JetStreamContext], Awaitable[object]]) -> None:
    client = await nats.connect(url)
    try:
        await change(client.jetstream())
    finally:
        await client.close()


async def make_anew(jetstream: JetStreamContext) -> None:
    await jetstream.delete_stream(STREAM)
    await jetstream.add_stream(name=STREAM, subjects=["packhouse.events.*"])


@pytest.mark.parametrize(
    ("change", "positions"),
    [
        (lambda jetstream: jetstream.delete_stream(STREAM), [1, 2, 3, 4, 5]),
        (make_anew, [1, 2, 3, 4, 5]),
        (lambda jetstream: jetstream.purge_stream(STREAM), [5]),
    ],
    ids=["deleted", "made anew", "purged"],
)
async def test_a_deleted_stream_is_filled_anew_and_a_purged_one_is_not(
    house: Any, nats_server: NatsServer, change: Callable[[JetStreamContext], Awaitable[object]], positions: list[int]
) -> None:
    await house.happen(*range(4))
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == 4
    await changed(nats_server.url, change)
    await house.happen(4)
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == len(positions)
    assert [each["position"] for each in await stream_of(nats_server.url)] == positions


async def test_a_stream_that_lost_its_end_gets_it_again(
    house: Any, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    await house.happen(*range(3))
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == 3
    # NATS acknowledged five, and a power cut took the last two from its disk
    await house.happen(3, 4)
    await assign_positions(house.database)
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE log_reader SET position = 5"))
    await house.happen(5)
    await assign_positions(house.database)
    assert await export_events(house.database, nats_server.url, STREAM) == 3
    assert [each["position"] for each in await stream_of(nats_server.url)] == [1, 2, 3, 4, 5, 6]
    assert "Stream orders ends at position 3, not at 5" in caplog.text


async def test_a_full_stream_delays_and_loses_nothing(house: Any, nats_server: NatsServer) -> None:
    client = await nats.connect(nats_server.url)
    try:
        jetstream = client.jetstream()
        config = StreamConfig(name=STREAM, subjects=["packhouse.events.*"], discard=DiscardPolicy.NEW, max_msgs=2)
        await jetstream.add_stream(config)
        ids = await house.happen(*range(5))
        await assign_positions(house.database)
        for _ in range(2):
            with pytest.raises(APIError, match="maximum messages exceeded"):
                await export_events(house.database, nats_server.url, STREAM)
        await jetstream.update_stream(config.evolve(max_msgs=-1))
        assert await export_events(house.database, nats_server.url, STREAM) == 5
    finally:
        await client.close()
    found = await stream_of(nats_server.url)
    assert [each["message"] for each in found] == [str(each) for each in ids]
    assert [each["position"] for each in found] == [1, 2, 3, 4, 5]


async def test_a_server_that_hangs_is_given_up_and_asked_again_later(
    house: Any, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "_TIMEOUT_SECONDS", 0.2)
    await house.happen(*range(3))
    await assign_positions(house.database)
    assert nats_server.process is not None
    nats_server.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises((TimeoutError, nats.errors.Error)):
            await export_events(house.database, nats_server.url, STREAM)
    finally:
        nats_server.process.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    assert await export_events(house.database, nats_server.url, STREAM) == 3
    assert [each["position"] for each in await stream_of(nats_server.url)] == [1, 2, 3]
