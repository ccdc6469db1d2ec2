"""What the other side answered is kept with the attempt, and no secret of a plugin is kept or logged with it."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel, SecretStr

from packhouse.events.failures import answer_of, describe
from packhouse.events.record import record
from packhouse.sdk import (
    Event,
    EventType,
    PluginContext,
    PluginManifest,
    ProviderRateLimited,
    ProviderRefused,
    hookimpl,
    new_id,
)
from packhouse.settings import LoggingSettings, PluginsSettings
from packhouse.storage import Initiator, UnitOfWork
from packhouse.telemetry.logs import log_handler
from packhouse.testing.server import running_server, server_settings

PLANTED = "planted/in a test&looked for"
BY = Initiator("tester", "test")
ATTEMPTS = '{ deliveries(filter: {plugin: "vendor"}) { edges { node { lastError attempts { ok error answer } } } } }'


class VendorSettings(BaseModel):
    pin: SecretStr


class Vendor:
    """Says its secret wherever it can."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("vendor", "Vendor", "1", settings=VendorSettings)

    @hookimpl
    async def order_changed(self, event: Event, context: PluginContext) -> None:
        pin = context.settings.pin.get_secret_value()
        context.answered("an earlier answer")
        context.answered(f"200 your pin is {pin}\x00" + "." * 2000)
        context.log.warning("calling with %s", pin)
        match event.payload["n"]:
            case "refused":
                raise ProviderRefused(f"they refuse {pin}", answer=f"422 {pin} is wrong")
            case "broken":
                raise ValueError(f"cannot read {pin!r}")

    @hookimpl
    async def startup(self, context: PluginContext) -> None:
        context.answered("to nobody")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    yield stream
    assert stream.getvalue()


async def test_answers_are_kept_and_secrets_are_not(database_url: str, log: io.StringIO) -> None:
    settings = server_settings(database_url)
    plugins = PluginsSettings(enabled=[], settings={"vendor": {"pin": PLANTED}})
    events = settings.events.model_copy(update={"max_attempts": 1})
    settings = settings.model_copy(update={"plugins": plugins, "events": events})
    async with running_server(settings, [Vendor()]) as running:
        handler = log_handler(LoggingSettings(), running.house.secrets, log)
        logging.getLogger().addHandler(handler)
        try:
            for number in ("fine", "refused", "broken"):
                await happen(running, number)
            await running.house.relay.drain()
        finally:
            logging.getLogger().removeHandler(handler)
        async with (
            aiohttp.ClientSession(headers=running.headers) as session,
            session.post(running.graphql, json={"query": ATTEMPTS}) as response,
        ):
            text = await response.text()
            body = await response.json()
        rows = await running.house.database.fetch("SELECT error, answer FROM delivery_attempt")
        deliveries = await running.house.database.fetch("SELECT last_error FROM delivery")
    nodes = [edge["node"] for edge in body["data"]["deliveries"]["edges"]]
    ((broken,), (refused,), (fine,)) = [node["attempts"] for node in nodes]
    assert (fine["ok"], fine["error"]) == (True, None)
    assert fine["answer"] == "200 your pin is ********" + "." * (1000 - len("200 your pin is ********"))
    assert refused == {
        "ok": False,
        "error": "ProviderRefused: they refuse ********",
        "answer": "422 ******** is wrong",
    }
    assert (broken["error"], broken["answer"]) == ("ValueError: cannot read '********'", fine["answer"])
    for shown in (text, str([dict(row) for row in (*rows, *deliveries)]), log.getvalue()):
        assert "planted" not in shown
    assert "calling with ********" in log.getvalue()


async def happen(running: Any, number: str) -> None:
    async def work(uow: UnitOfWork) -> None:
        record(uow, EventType.ORDER_CHANGED, new_id(), order_id=new_id(), payload={"n": number})

    await running.house.database.write(BY, work)
    await running.house.relay.drain()


def test_an_errors_answer_goes_before_what_was_told() -> None:
    refused = ProviderRefused("no", answer="422 no")
    limited = ProviderRateLimited("slow down", retry_after=1, answer="429")
    assert answer_of(refused, "told") == "422 no"
    assert answer_of(limited, "told") == "429"
    assert answer_of(ProviderRefused("no"), "told") == "told"
    assert answer_of(ValueError("no"), "told") == "told"
    assert answer_of(None, "") == ""


def test_what_is_cut_off_is_hidden_before() -> None:
    secret = "s" * 20
    error = ValueError("x" * 475 + secret)
    assert "s" not in describe(error, lambda text: text.replace(secret, "*")).removeprefix("ValueError: ")
    assert answer_of(None, "x" * 990 + secret, lambda text: text.replace(secret, "*")) == "x" * 990 + "*"
