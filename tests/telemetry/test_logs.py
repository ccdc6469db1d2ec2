import asyncio
import io
import json
import logging
import subprocess
import sys
from datetime import datetime
from uuid import UUID

import aiohttp
import pytest
from pydantic import BaseModel, SecretStr
from tests.telemetry.conftest import Log
from tests.web.conftest import tiny_parts

from packhouse.events.record import record
from packhouse.jobs.runner import Job
from packhouse.sdk import Event, EventType, PluginContext, PluginManifest, hookimpl, new_id
from packhouse.settings import LoggingSettings
from packhouse.storage import DatabaseLost, DatabaseSilent, Initiator, UnitOfWork
from packhouse.telemetry.bound import bound, bound_names
from packhouse.telemetry.logs import log_handler
from packhouse.telemetry.secrets import Secrets
from packhouse.testing.server import running_server, server_settings

JSON = {"Content-Type": "application/json"}
UNAUTHENTICATED = "Send a valid access token: Authorization: Bearer ph_... (packhouse token create NAME makes one)"
say = logging.getLogger("packhouse.example")


def test_a_line_is_one_json_object(log: Log) -> None:
    order_id = new_id()
    with bound(correlation_id="ticket-4711", order_id=order_id), bound(plugin="crm", event_id=None):
        say.warning("%s of %s", 3, "parcels", extra={"attempt": 2})
    (line,) = log.lines
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() is not None
    assert line == {
        "level": "warning",
        "logger": "packhouse.example",
        "event": "3 of parcels",
        "attempt": 2,
        "correlation_id": "ticket-4711",
        "order_id": str(order_id),
        "plugin": "crm",
    }
    assert list(json.loads(log.text))[:4] == ["timestamp", "level", "logger", "event"]


async def test_what_a_task_is_about_is_its_own() -> None:
    seen: dict[str, str] = {}

    async def work(name: str) -> None:
        with bound(job=name):
            await asyncio.sleep(0)
            seen[name] = str(bound_names()["job"])
            await asyncio.create_task(inherits(name))

    async def inherits(name: str) -> None:
        seen[f"{name}'s"] = str(bound_names()["job"])

    await asyncio.gather(work("a"), work("b"))
    assert seen == {"a": "a", "b": "b", "a's": "a", "b's": "b"}
    assert dict(bound_names()) == {}


def test_an_error_is_told_with_its_trace_and_without_secrets(log: Log) -> None:
    log.secrets.learn(["planted-secret"])
    try:
        int("the password is planted-secret")
    except ValueError:
        say.exception("failed with %s", "planted-secret", extra={"token": "abc", "sent": {"to": "planted-secret"}})
    (line,) = log.lines
    assert "planted-secret" not in log.text
    assert "ValueError: invalid literal for int() with base 10: 'the password is ********'" in line["exception"]
    assert (line["event"], line["token"], line["sent"]) == ("failed with ********", "********", {"to": "********"})


def test_text_is_for_people() -> None:
    stream = io.StringIO()
    handler = log_handler(LoggingSettings(), Secrets(["planted-secret"]), stream)
    with bound(plugin="crm"):
        handler.emit(
            logging.makeLogRecord({"name": "x", "levelno": 30, "levelname": "WARNING", "msg": "planted-secret"})
        )
    assert stream.getvalue().rstrip().endswith("plugin=crm")
    assert "[warning" in stream.getvalue()
    assert "******** " in stream.getvalue()
    assert "planted-secret" not in stream.getvalue()


def test_a_line_that_cannot_be_rendered_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = log_handler(LoggingSettings(), Secrets(), stream)
    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("planted-secret",)}))
    assert stream.getvalue() == '{"level":"error","event":"a line of the log could not be written"}\n'
    assert "planted-secret" not in capsys.readouterr().err


def test_structlogs_own_loggers_write_the_same() -> None:
    code = """
import structlog, sys
from packhouse.settings import LoggingSettings
from packhouse.telemetry.bound import bound
from packhouse.telemetry.logs import set_up_logs
from packhouse.telemetry.secrets import Secrets
set_up_logs(LoggingSettings(format="json"), Secrets(["planted-secret"]))
with bound(plugin="crm"):
    structlog.get_logger("theirs").info("sent", to="planted-secret")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    line = json.loads(ended.stderr)
    del line["timestamp"]
    assert line == {"level": "info", "logger": "theirs", "event": "sent", "to": "********", "plugin": "crm"}


class Account(BaseModel):
    password: SecretStr = SecretStr("planted-password")


class Talkative:
    """A plugin that says what it gets, and fails with what it knows."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("talkative", "Talkative", "1.0", settings=Account)

    @hookimpl
    async def order_placed(self, event: Event, context: PluginContext) -> None:
        context.log.info("%s came", event.type.value)
        raise ValueError(f"cannot log in with {context.settings.password.get_secret_value()}")


async def test_a_delivery_is_logged_with_the_request_that_caused_it(database_url: str, log: Log) -> None:
    """The plugin's own lines and the house's about it; what the plugin's settings hold is not in them."""
    order_id = new_id()

    async def place(uow: UnitOfWork) -> UUID:
        return record(uow, EventType.ORDER_PLACED, order_id, order_id=order_id)

    async with running_server(server_settings(database_url), [Talkative()], parts=tiny_parts()) as server:
        log.secrets.learn(server.house.host.secrets())
        event_id = await server.house.database.write(Initiator("admin", "api", "ticket-4711"), place)
        await server.house.relay.drain()
    about = {
        "correlation_id": "ticket-4711",
        "event_id": str(event_id),
        "order_id": str(order_id),
        "plugin": "talkative",
    }
    own, failed = log.of("packhouse.plugins.talkative") + log.of("packhouse.events.lanes")
    assert own["event"] == "order_placed came"
    assert failed["event"].endswith("ValueError: cannot log in with ********")
    assert [{name: line[name] for name in about} for line in (own, failed)] == [about, about]
    assert "planted-password" not in log.text


async def test_the_house_teaches_the_log_what_its_plugins_hold(database_url: str) -> None:
    async with running_server(server_settings(database_url), [Talkative()], parts=tiny_parts()) as server:
        assert server.house.secrets.hide("planted-password") == "********"


async def test_a_refused_request_is_logged_once_with_its_id(database_url: str, log: Log) -> None:
    async with (
        running_server(server_settings(database_url), parts=tiny_parts()) as server,
        aiohttp.ClientSession() as client,
    ):
        given = {"X-Request-Id": "ticket-4711", "Authorization": "Bearer ph_wrong-and-long-enough-to-be-one"}
        for method, path, body in (
            ("POST", "/graphql", {"query": "{ hello }"}),
            ("PUT", "/graphql", None),
            ("GET", "/nowhere", None),
            ("GET", "/track/ImFiYyI.aQ2x.sIgNaTuRe", None),
        ):
            async with client.request(method, f"{server.url}{path}", json=body, headers=given) as response:
                await response.read()
        async with client.post(server.graphql, data=b"{", headers={**server.headers, **JSON}) as response:
            assert response.status == 400
    told = [(line["request"], line["event"]) for line in log.lines if line["logger"].startswith("packhouse.")]
    assert told == [
        ("POST /graphql", f"refused 401 UNAUTHENTICATED: {UNAUTHENTICATED}"),
        ("PUT /graphql", "refused 405 BAD_USER_INPUT: Use GET or POST"),
        ("GET /nowhere", "refused 404 NOT_FOUND: Not Found"),
        ("GET /track/********", "refused 404 NOT_FOUND: a customer's link that is not valid"),
        ("POST /graphql", "refused 400 BAD_USER_INPUT: The body is not JSON in UTF-8"),
    ]
    assert {line["correlation_id"] for line in log.lines if "refused" in line["event"]} > {"ticket-4711"}
    assert server.token not in log.text
    assert "sIgNaTuRe" not in log.text


async def test_a_job_says_which_it_is(database_url: str, log: Log) -> None:
    ran = asyncio.Event()

    async def work() -> None:
        say.info("at work")
        ran.set()

    parts = tiny_parts(jobs=lambda _: [Job("nightly", 60, work)])
    async with running_server(server_settings(database_url), parts=parts), asyncio.timeout(10):
        await ran.wait()
    (line,) = log.of("packhouse.example")
    assert (line["event"], line["job"]) == ("at work", "nightly")


def test_an_outage_is_told_in_a_line_and_not_by_a_trace_for_each_task(log: Log) -> None:
    errors = (DatabaseLost("connection refused"), DatabaseSilent("it gives no answer"), ValueError("our own mistake"))
    for error in errors:
        try:
            raise error
        except (DatabaseLost, ValueError):
            say.exception("Request failed")
    lost, silent, other = log.lines
    assert (lost["cause"], silent["cause"]) == (
        "DatabaseLost: connection refused",
        "DatabaseSilent: it gives no answer",
    )
    assert "exception" not in lost
    assert "exception" not in silent
    assert "our own mistake" in other["exception"]
