"""The stream holds every event once and in order, whatever happened to the exporter."""

from typing import Any

import nats
import orjson
import pytest

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
