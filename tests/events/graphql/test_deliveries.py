"""Whoever is on call sees what was delivered, pauses, goes on and sends again."""

import base64
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest_asyncio

from packhouse.events.record import record
from packhouse.sdk import (
    Event,
    EventType,
    PluginContext,
    PluginManifest,
    ProviderRefused,
    ProviderUnavailable,
    hookimpl,
    new_id,
)
from packhouse.storage import Initiator
from packhouse.testing.server import RunningServer, running_server, server_settings

BY = Initiator("tester", "test")
DELIVERIES = """
query Deliveries($filter: DeliveryFilter) {
  deliveries(filter: $filter, first: 10) {
    totalCount
    edges { node { id idempotencyKey plugin status attemptCount failingSince nextAttemptAt lastError finishedAt event { type payload } attempts { ok error } } }
  }
}
"""
PLUGINS = "{ pluginDeliveries { plugin pending failing dead oldestPendingAt pause { kind reason until } } }"


class Crm:
    """A plugin that refuses what its list names."""

    def __init__(self) -> None:
        self.refused = {1}
        self.is_away = False
        self.got: list[int] = []
        self.keys: list[str] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("crm", "CRM", "1.0")

    @hookimpl
    async def order_changed(self, event: Event, context: PluginContext) -> None:
        self.keys.append(context.idempotency_key)
        if self.is_away:
            raise ProviderUnavailable("no route to them")
        if event.payload["n"] in self.refused:
            raise ProviderRefused("they do not want it")
        self.got.append(event.payload["n"])


class Api:
    def __init__(self, running: RunningServer, crm: Crm) -> None:
        self.running, self.crm = running, crm

    async def ask(self, query: str, **variables: Any) -> Any:
        async with (
            aiohttp.ClientSession(headers=self.running.headers) as session,
            session.post(self.running.graphql, json={"query": query, "variables": variables}) as response,
        ):
            body = await response.json()
        assert "errors" not in body, body
        return body["data"]

    async def change(self, name: str, fields: str, **given: Any) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input"
        document = (
            f"mutation Change($input: {kind}!) {{ {name}(input: $input) {{ {fields} userErrors {{ code field }} }} }}"
        )
        return (await self.ask(document, input=given))[name]

    async def happen(self, *numbers: int) -> None:
        order_id = new_id()

        async def work(uow: Any) -> None:
            for number in numbers:
                record(uow, EventType.ORDER_CHANGED, new_id(), order_id=order_id, payload={"n": number})

        await self.running.house.database.write(BY, work)
        await self.running.house.relay.drain()

    async def seen(self, **chosen: Any) -> list[dict[str, Any]]:
        page = (await self.ask(DELIVERIES, filter={"plugin": "crm", **chosen}))["deliveries"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"] for edge in page["edges"]]


@pytest_asyncio.fixture
async def api(database_url: str) -> Any:
    crm = Crm()
    async with running_server(server_settings(database_url), [crm]) as running:
        yield Api(running, crm)


async def test_deliveries_show_what_became_of_them(api: Api) -> None:
    await api.happen(1, 2)
    done, dead = await api.seen(plugin="crm")
    assert (done["status"], done["lastError"], done["event"]["payload"]) == ("DONE", None, {"n": 2})
    assert (dead["status"], dead["attemptCount"]) == ("DEAD", 1)
    assert dead["attempts"] == [{"ok": False, "error": "ProviderRefused: they do not want it"}]
    assert [each["id"] for each in await api.seen(status="DEAD")] == [dead["id"]]
    assert await api.seen(plugin="nobody") == []
    assert [dead["idempotencyKey"], done["idempotencyKey"]] == api.crm.keys
    (order_id,) = await api.running.house.database.fetch("SELECT DISTINCT order_id FROM event")
    global_id = base64.b64encode(f"Order:{order_id['order_id']}".encode()).decode()
    assert len(await api.seen(orderId=global_id)) == 2
    other = base64.b64encode(f"Order:{new_id()}".encode()).decode()
    assert await api.seen(orderId=other) == []


async def test_a_dead_delivery_is_retried(api: Api) -> None:
    await api.happen(1)
    (dead,) = await api.seen()
    api.crm.refused.clear()
    answer = await api.change("retryDelivery", "delivery { id status }", deliveryId=dead["id"])
    assert answer == {"delivery": {"id": dead["id"], "status": "PENDING"}, "userErrors": []}
    await api.running.house.relay.drain()
    assert api.crm.got == [1]
    assert api.crm.keys == [dead["idempotencyKey"]] * 2
    again = await api.change("retryDelivery", "delivery { id }", deliveryId=dead["id"])
    assert again == {"delivery": None, "userErrors": [{"code": "ALREADY_DELIVERED", "field": ["deliveryId"]}]}


async def test_a_paused_plugin_waits_with_its_figures(api: Api) -> None:
    paused = await api.change(
        "pausePlugin", "deliveries { plugin pause { kind reason } }", plugin="crm", reason="moving"
    )
    assert paused["deliveries"] == {"plugin": "crm", "pause": {"kind": "MANUAL", "reason": "moving"}}
    before = datetime.now(UTC)
    await api.happen(2, 3)
    (crm,) = [each for each in (await api.ask(PLUGINS))["pluginDeliveries"] if each["plugin"] == "crm"]
    assert (crm["pending"], crm["dead"], crm["pause"]["until"]) == (2, 0, None)
    assert datetime.fromisoformat(crm["oldestPendingAt"]) >= before
    assert api.crm.got == []

    resumed = await api.change("resumePlugin", "deliveries { pause { kind } pending }", plugin="crm")
    assert resumed["deliveries"]["pause"] is None
    await api.running.house.relay.drain()
    assert api.crm.got == [2, 3]
    again = await api.change("resumePlugin", "deliveries { plugin }", plugin="crm")
    assert again == {"deliveries": None, "userErrors": [{"code": "NOT_PAUSED", "field": ["plugin"]}]}


async def test_what_waits_for_a_vendor_is_seen_long_before_it_is_given_up(api: Api) -> None:
    before = datetime.now(UTC)
    api.crm.is_away = True
    await api.happen(2, 3)
    (crm,) = [each for each in (await api.ask(PLUGINS))["pluginDeliveries"] if each["plugin"] == "crm"]
    assert (crm["pending"], crm["failing"], crm["dead"], crm["pause"]) == (2, 1, 0, None)
    assert datetime.fromisoformat(crm["oldestPendingAt"]) >= before
    behind, failing = await api.seen(status="PENDING")
    assert (behind["attemptCount"], behind["failingSince"], behind["nextAttemptAt"]) == (0, None, None)
    assert failing["lastError"] == "ProviderUnavailable: no route to them"
    assert before <= datetime.fromisoformat(failing["failingSince"]) < datetime.fromisoformat(failing["nextAttemptAt"])


async def test_events_are_replayed(api: Api) -> None:
    since = datetime.now(UTC).isoformat()
    await api.happen(2, 3)
    done = await api.change("replayEvents", "events position more", plugin="crm", since=since)
    assert done == {"events": 2, "position": "2", "more": False, "userErrors": []}
    await api.running.house.relay.drain()
    assert api.crm.got == [2, 3, 2, 3]


async def test_what_waits_for_a_paused_plugin_is_given_up(api: Api) -> None:
    await api.change("pausePlugin", "deliveries { plugin }", plugin="crm")
    await api.happen(2, 3)
    done = await api.change("giveUpDeliveries", "givenUp more", plugin="crm", reason="they moved")
    assert done == {"givenUp": 2, "more": False, "userErrors": []}
    assert [(each["status"], each["lastError"]) for each in await api.seen()] == [
        ("DEAD", "given up by hand: they moved")
    ] * 2
    await api.change("resumePlugin", "deliveries { plugin }", plugin="crm")
    await api.happen(4)
    assert api.crm.got == [4]
    (dead, *_) = await api.seen(status="DEAD")
    await api.change("retryDelivery", "delivery { status }", deliveryId=dead["id"])
    await api.running.house.relay.drain()
    assert sorted(api.crm.got) in ([2, 4], [3, 4])


async def test_refusals_name_the_field_and_change_nothing(api: Api) -> None:
    since = datetime.now(UTC).isoformat()
    await api.happen(2)
    for name, fields, given, code, field in [
        ("pausePlugin", "deliveries { plugin }", {"plugin": "crn"}, "UNKNOWN_PLUGIN", "plugin"),
        ("resumePlugin", "deliveries { plugin }", {"plugin": "crn"}, "UNKNOWN_PLUGIN", "plugin"),
        ("retryDelivery", "delivery { id }", {"deliveryId": "RGVsaXZlcnk6MQ=="}, "INVALID_ID", "deliveryId"),
        ("giveUpDeliveries", "givenUp", {"plugin": "crm", "reason": ""}, "STILL_DELIVERED", "plugin"),
        ("replayEvents", "events", {"plugin": "crn", "since": since}, "UNKNOWN_PLUGIN", "plugin"),
        ("replayEvents", "events", {"plugin": "crm", "since": since, "until": since}, "INVALID_RANGE", "until"),
        ("replayEvents", "events", {"plugin": "crm", "since": since, "after": "x"}, "INVALID_POSITION", "after"),
        ("replayEvents", "events", {"plugin": "crm", "since": since, "after": "2"}, "INVALID_POSITION", "after"),
    ]:
        answer = await api.change(name, fields, **given)
        assert answer["userErrors"] == [{"code": code, "field": [field]}], name
    assert await api.running.house.database.fetch("SELECT * FROM plugin_pause") == []
    assert [each["status"] for each in await api.seen()] == ["DONE"]
    assert api.crm.got == [2]
