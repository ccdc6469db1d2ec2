"""Plugins seen and changed by GraphQL on a running house, in every process of it, and no secret anywhere."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from packhouse.events.record import record
from packhouse.sdk import EventType, PluginAnswer, PluginJob, PluginManifest, PluginRoute, hookimpl, new_id
from packhouse.settings import Settings
from packhouse.storage import Initiator, UnitOfWork
from packhouse.testing.server import RunningServer, running_server, server_settings

PLANTED = "planted-in-a-test-and-looked-for-1"
CHANGED = "planted-in-a-test-and-looked-for-2"
BY = Initiator("tester", "test")
PLUGINS = """{ plugins { code status title version api error hooks builtIn fixedBy needsRestart
  providers { kind code title } settings { key source isSecret value } deliveries { plugin pending pause { kind } } } }"""
FIELDS = "plugin { code status error deliveries { plugin } } userErrors { code field message }"


def settings(database_url: str) -> Settings:
    """Every installed plugin runs."""
    return server_settings(database_url).model_copy(update={"plugins": Settings().plugins})


class Api:
    """Asks one process; keeps every answer, to look for secrets in."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self.answers: list[str] = []

    async def ask(self, query: str, **variables: Any) -> Any:
        async with (
            aiohttp.ClientSession(headers=self.running.headers) as session,
            session.post(self.running.graphql, json={"query": query, "variables": variables}) as response,
        ):
            text = await response.text()
        self.answers.append(text)
        body = json.loads(text)
        assert "errors" not in body, body
        return body["data"]

    async def change(self, mutation: str, /, **given: Any) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        answer = await self.ask(
            f"mutation Change($input: {kind}!) {{ {mutation}(input: $input) {{ {FIELDS} }} }}", input=given
        )
        return answer[mutation]

    async def plugin(self, code: str) -> Any:
        plugins = (await self.ask(PLUGINS))["plugins"]
        return next(each for each in plugins if each["code"] == code)

    async def happen(self, number: int) -> None:
        async def work(uow: UnitOfWork) -> None:
            record(uow, EventType.ORDER_CHANGED, new_id(), order_id=new_id(), payload={"n": number})

        await self.running.house.database.write(BY, work)


@pytest.fixture
def installed(points: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: points)
    return points


@pytest_asyncio.fixture
async def api(database_url: str, installed: Any) -> AsyncIterator[Api]:
    del installed
    async with running_server(settings(database_url)) as running:
        yield Api(running)


async def test_plugins_are_seen_with_everything_but_their_secrets(api: Api) -> None:
    plugins = {each["code"]: each for each in (await api.ask(PLUGINS))["plugins"]}
    assert {code: each["status"] for code, each in plugins.items() if not each["builtIn"]} == {
        "broken": "QUARANTINED",
        "mail": "RUNNING",
        "post": "QUARANTINED",
    }
    assert plugins["packhouse-fulfillment"]["builtIn"]
    assert plugins["broken"]["error"] == "ImportError: no module named vendor"
    post = plugins["post"]
    assert post["error"] == "settings: pin: Field required"
    assert post["settings"] == [
        {"key": "pin", "source": "not set", "isSecret": True, "value": None},
        {"key": "speed", "source": "default", "isSecret": False, "value": "1"},
        {"key": "endpoints", "source": "default", "isSecret": False, "value": "{}"},
    ]
    mail = plugins["mail"]
    assert (mail["title"], mail["version"], mail["api"], mail["needsRestart"]) == ("Mail", "2.0", "1", False)
    assert mail["deliveries"] == [{"plugin": "mail", "pending": 0, "pause": None}]


async def test_one_that_claims_what_another_has_is_left_out_and_the_server_runs(
    database_url: str, points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no address, no job and no deliveries; it runs as soon as the other one does not."""

    async def answer(*_: object) -> PluginAnswer:
        return PluginAnswer(b"{}")

    def rival(code: str) -> Any:
        class Plugin:
            @hookimpl
            def plugin_manifest(self) -> PluginManifest:
                return PluginManifest(code, code.title(), "1")

            @hookimpl
            def register_carriers(self) -> Sequence[Any]:
                return [type("Van", (), {"code": "van", "title": f"Van of {code}"})()]

            @hookimpl
            def register_jobs(self) -> Sequence[PluginJob]:
                return [PluginJob("nightly", 3600, answer)]

            @hookimpl
            def register_routes(self) -> Sequence[PluginRoute]:
                return [PluginRoute("hello", answer)]

        return Plugin

    both = [type(points[0])(code, rival(code)) for code in ("zeta", "acme")]
    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: both)

    async def seen(api: Api, running: RunningServer) -> tuple[set[str], set[str], list[int]]:
        plugins = {each["code"]: each for each in (await api.ask(PLUGINS))["plugins"]}
        rivals = {code: each for code, each in plugins.items() if code in ("acme", "zeta")}
        assert {each["code"] for each in rivals.values() if each["providers"]} == {
            code for code, each in rivals.items() if each["status"] == "RUNNING"
        }
        statuses = []
        async with aiohttp.ClientSession(headers=running.headers) as session:
            for code in ("acme", "zeta"):
                async with session.get(f"{running.url}/plugins/{code}/hello") as response:
                    statuses.append(response.status)
        delivered = {each["plugin"] for each in (await api.ask("{ pluginDeliveries { plugin } }"))["pluginDeliveries"]}
        return set(running.house.plugin_jobs.names), delivered & {"acme", "zeta"}, statuses

    async with running_server(settings(database_url)) as running:
        api = Api(running)
        zeta = await api.plugin("zeta")
        told = "its carrier van is one of plugin acme already: rename one of them, or disable one of the two plugins"
        assert (zeta["status"], zeta["error"], zeta["providers"]) == ("QUARANTINED", told, [])
        assert await seen(api, running) == ({"plugin acme: nightly"}, {"acme"}, [200, 404])
        refused = await api.change("enablePlugin", code="zeta")
        assert [(each["code"], each["message"]) for each in refused["userErrors"]] == [
            ("NOT_VALID", f"plugin zeta would not work: {told}")
        ]
        await api.change("disablePlugin", code="acme")
        assert await seen(api, running) == ({"plugin zeta: nightly"}, {"zeta"}, [404, 200])
        refused = await api.change("enablePlugin", code="acme")
        assert [each["message"] for each in refused["userErrors"]] == [f"plugin zeta would not work: {told}"]
        assert await seen(api, running) == ({"plugin zeta: nightly"}, {"zeta"}, [404, 200])


async def test_a_plugin_is_set_up_without_a_restart_and_gets_its_events(api: Api, post: Any) -> None:
    house = api.running.house
    answer = await api.change("setPluginSecret", code="post", name="pin", value=PLANTED)
    assert answer["plugin"]["status"] == "RUNNING"
    endpoint = {"url": "https://a", "secrets": [{"secret": "pin"}]}
    answer = await api.change("configurePlugin", code="post", set=[{"key": "endpoints.a", "value": endpoint}])
    assert answer["plugin"]["deliveries"] == [{"plugin": "post/a"}]
    await api.happen(1)
    await house.relay.drain()
    await api.change("configurePlugin", code="post", set=[{"key": "speed", "value": 2}])
    await api.happen(2)
    await house.relay.drain()
    await api.change("setPluginSecret", code="post", name="pin", value=CHANGED)
    await api.happen(3)
    await house.relay.drain()
    assert post.got == [("a", 1, 1, PLANTED), ("a", 2, 2, PLANTED), ("a", 3, 2, CHANGED)]
    settings_ = {each["key"]: each for each in (await api.plugin("post"))["settings"]}
    assert settings_["pin"] == {"key": "pin", "source": "stored secret", "isSecret": True, "value": None}
    assert settings_["speed"] == {"key": "speed", "source": "database", "isSecret": False, "value": "2"}
    assert settings_["endpoints.a.secrets"]["source"] == "database, the stored secret pin"
    answer = await api.change("disablePlugin", code="post")
    assert answer["plugin"] == {"code": "post", "status": "DISABLED", "error": None, "deliveries": []}
    await api.happen(4)
    # numbered while it is disabled: what is numbered after it was enabled again is its own
    await house.relay.drain()
    answer = await api.change("enablePlugin", code="post")
    assert answer["plugin"]["status"] == "RUNNING"
    answer = await api.change("configurePlugin", code="post", unset=["endpoints.a", "speed"])
    assert answer["plugin"]["deliveries"] == []
    await house.relay.drain()
    assert len(post.got) == 3


async def test_refusals_name_the_field_and_change_nothing(api: Api) -> None:
    await api.change("setPluginSecret", code="post", name="pin", value=PLANTED)
    before = await api.ask(PLUGINS)
    version = api.running.house.roster.version
    refusals = [
        ("enablePlugin", {"code": "gone"}, "UNKNOWN_PLUGIN", ["code"]),
        ("enablePlugin", {"code": "broken"}, "NOT_VALID", ["code"]),
        ("disablePlugin", {"code": "packhouse-ordering"}, "BUILT_IN", ["code"]),
        (
            "configurePlugin",
            {"code": "post", "set": [{"key": "speed", "value": 0}]},
            "NOT_VALID",
            ["settings", "speed"],
        ),
        (
            "configurePlugin",
            {"code": "post", "set": [{"key": "pin", "value": CHANGED}]},
            "SECRET_IN_PLAIN",
            ["settings", "pin"],
        ),
        ("setPluginSecret", {"code": "post", "name": "pin", "value": "123"}, "NOT_VALID", ["value"]),
        ("setPluginSecret", {"code": "post", "name": "a b", "value": CHANGED}, "INVALID_NAME", ["name"]),
        ("deletePluginSecret", {"code": "post", "name": "pin"}, "NOT_VALID", ["name"]),
        ("deletePluginSecret", {"code": "post", "name": "gone"}, "NOT_FOUND", ["name"]),
    ]
    for name, given, code, field in refusals:
        answer = await api.change(name, **given)
        assert answer["plugin"] is None
        assert [(each["code"], each["field"]) for each in answer["userErrors"]] == [(code, field)]
    assert await api.ask(PLUGINS) == before
    assert api.running.house.roster.version == version


async def test_a_repeated_request_changes_once(api: Api) -> None:
    document = f'mutation {{ disablePlugin(input: {{ code: "mail" }}) {{ {FIELDS} }} }}'
    headers = {**api.running.headers, "Idempotency-Key": "once"}
    bodies = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.post(api.running.graphql, json={"query": document}) as response:
                bodies.append(await response.json())
    assert bodies[0] == bodies[1]
    assert bodies[0]["data"]["disablePlugin"]["plugin"]["status"] == "DISABLED"
    assert api.running.house.roster.version == 1


async def test_a_channel_that_is_enabled_has_a_home_for_its_orders(database_url: str, installed: Any) -> None:
    class Provider:
        code, title = "market", "A market"

    class Market:
        @hookimpl
        def plugin_manifest(self) -> PluginManifest:
            return PluginManifest("market", "Market", "1")

        @hookimpl
        def register_channels(self) -> Sequence[Any]:
            return [Provider()]

    installed.append(type(installed[0])("market", Market))
    async with running_server(settings(database_url)) as running:
        api = Api(running)
        await api.change("disablePlugin", code="market")
        assert "market" not in running.house.providers.channels
        await running.house.database.write(BY, lambda uow: uow.execute("DELETE FROM channel WHERE code = 'market'"))
        answer = await api.change("enablePlugin", code="market")
        assert answer["plugin"]["status"] == "RUNNING"
        (plugin,) = [each for each in (await api.ask(PLUGINS))["plugins"] if each["code"] == "market"]
        assert plugin["providers"] == [{"kind": "channel", "code": "market", "title": "A market"}]
        (row,) = await running.house.database.fetch("SELECT name FROM channel WHERE code = 'market'")
        assert row["name"] == "A market"


async def test_no_secret_is_in_logs_answers_or_the_database(
    api: Api, database_url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    await api.change("setPluginSecret", code="post", name="pin", value=PLANTED)
    await api.change("setPluginSecret", code="post", name="other", value=CHANGED)
    endpoint = {"url": "https://a", "secrets": [{"secret": "other"}]}
    await api.change("configurePlugin", code="post", set=[{"key": "endpoints.a", "value": endpoint}])
    await api.change("configurePlugin", code="post", set=[{"key": "speed", "value": PLANTED}])
    await api.happen(1)
    await api.running.house.relay.drain()
    await api.ask(PLUGINS)
    await api.ask("{ deliveries { edges { node { plugin lastError attempts { error } } } } }")
    dump = await _dump(database_url, tmp_path)
    assert "post" in dump
    for text in (*api.answers, caplog.text, dump):
        assert "planted-in-a-test" not in text


async def _dump(url: str, folder: Path) -> str:
    """Everything that the database holds, as text."""
    if url.startswith("sqlite://"):
        copy = folder / "copy.sqlite3"
        with sqlite3.connect(url.removeprefix("sqlite://")) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return copy.read_bytes().decode("latin-1")
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [await connection.fetch(f'SELECT * FROM "{table["tablename"]}"') for table in tables]
    finally:
        await connection.close()
    return str([[dict(row) for row in each] for each in rows])
