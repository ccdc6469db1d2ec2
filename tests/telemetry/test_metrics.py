import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.web.conftest import tiny_parts, with_limits
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from packhouse.app import Role
from packhouse.events.calls import call_provider
from packhouse.events.figures import event_figures
from packhouse.events.outbox import Outbox
from packhouse.events.record import record
from packhouse.jobs.figures import job_figures
from packhouse.jobs.runner import Job
from packhouse.jobs.store import add_jobs
from packhouse.sdk import (
    Event,
    EventType,
    PluginManifest,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
    Refused,
    hookimpl,
    new_id,
    now,
)
from packhouse.settings import MetricsSettings, Settings
from packhouse.storage import Database, Initiator, UnitOfWork, open_database
from packhouse.storage.dialect import Dialect
from packhouse.storage.unit_of_work import Conflict
from packhouse.telemetry.metrics import Metrics
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.testing.statements import noted_statements, query_plan

TOKEN = "a token of tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def measured(database_url: str, keep_seconds: float = 0.001) -> Settings:
    metrics = MetricsSettings.model_validate({"token": TOKEN, "keep_seconds": keep_seconds})
    return server_settings(database_url).model_copy(update={"metrics": metrics})


def samples(text: str) -> Samples:
    return {
        (sample.name.removeprefix("packhouse_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Samples, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by those of its labels, in the order of their names."""
    return {tuple(value for _, value in labels): each for (known, labels), each in found.items() if known == name}


async def scrape(server: RunningServer, headers: dict[str, str] = BEARER) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(f"{server.url}/metrics", headers=headers) as response:
        return response.status, await response.text()


async def ask(server: RunningServer, query: str) -> None:
    async with (
        aiohttp.ClientSession(headers=server.headers) as client,
        client.post(server.graphql, json={"query": query}) as response,
    ):
        await response.read()


async def test_without_a_token_there_are_none(database_url: str) -> None:
    async with running_server(server_settings(database_url), parts=tiny_parts()) as server:
        assert (await scrape(server))[0] == 404


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": TOKEN}, {"Authorization": "Bearer a token of tests, but longer"}]
)
async def test_with_another_token_they_are_refused(database_url: str, headers: dict[str, str]) -> None:
    async with running_server(measured(database_url), parts=tiny_parts()) as server:
        status, text = await scrape(server, headers)
        assert (status, "packhouse_" in text) == (401, False)
        assert (await scrape(server, server.headers))[0] == 401


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_tells_them(postgres_url: str, role: Role) -> None:
    """Roles are of the set-up with several processes."""
    async with running_server(measured(postgres_url), parts=tiny_parts(), role=role) as server:
        status, text = await scrape(server)
    found = samples(text)
    assert status == 200
    assert ("process_cpu_seconds_total", ()) in found
    # what all share is told by those who work on it
    assert (("event_position", ()) in found) == (role is not Role.API)
    assert of(found, "live_connections") == {(): 0}


async def test_subscribers_and_how_far_they_are_told(database_url: str, by: Initiator) -> None:
    async with (
        running_server(measured(database_url), parts=tiny_parts()) as server,
        connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        assert of(samples((await scrape(server))[1]), "live_connections") == {(): 0}
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": server.token}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await happen(server.house.database, by, "", "")
        await server.house.relay.drain()
        async with asyncio.timeout(10):
            while of(found := samples((await scrape(server))[1]), "live_position") != {(): 2}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert of(found, "live_connections") == {(): 1}


async def test_requests_and_operations_are_counted(database_url: str) -> None:
    hasty = with_limits(measured(database_url), "graphql", timeout_seconds=1.0)
    async with running_server(hasty, parts=tiny_parts()) as server:
        for query in (
            "{ hello }",
            "{ hello }",
            "{ broken }",
            "{ nothing }",
            "{",
            'mutation { name(input: {name: "planted@example.com"}) { name } }',
            "{ slow(seconds: 60) }",
        ):
            await ask(server, query)
        async with aiohttp.ClientSession() as client:
            for path in ("/nowhere", "/nowhere/planted@example.com", "/track/planted"):
                async with client.request(
                    "PROPFIND" if path == "/nowhere" else "GET", f"{server.url}{path}"
                ) as response:
                    await response.read()
        _, text = await scrape(server)
    found = samples(text)
    assert of(found, "graphql_operations_total") == {
        ("query", "done"): 2,
        ("query", "errors"): 1,
        ("none", "refused"): 2,
        ("mutation", "done"): 1,
        ("query", "failed"): 1,
    }
    assert of(found, "graphql_operation_seconds_count") == {("query",): 4, ("mutation",): 1}
    assert of(found, "http_requests_total") == {
        ("POST", "/graphql", "200"): 6,
        ("POST", "/graphql", "503"): 1,
        ("other", "none", "404"): 1,
        ("GET", "none", "404"): 1,
        ("GET", "/track/{token}", "404"): 1,
    }
    assert "planted" not in text.lower()


class Listener:
    """A plugin that fails as told by the event."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("crm", "CRM", "1.0")

    @hookimpl
    async def order_changed(self, event: Event) -> None:
        failure = event.payload["fails"]
        if failure:
            raise {"for good": ProviderRefused, "for now": ProviderUnavailable}[failure]("planted@example.com")


async def happen(database: Database, by: Initiator, *failures: str) -> None:
    async def work(uow: UnitOfWork) -> None:
        for failure in failures:
            order_id = new_id()
            payload = {"fails": failure, "email": "planted@example.com"}
            record(uow, EventType.ORDER_CHANGED, order_id, order_id=order_id, payload=payload)

    await database.write(by, work)


async def test_deliveries_are_counted_and_looked_up(database_url: str, by: Initiator) -> None:
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()
        raise ValueError("planted@example.com")

    parts = tiny_parts(jobs=lambda _: [Job("nightly", 3600, work)])
    async with running_server(measured(database_url), [Listener()], parts=parts) as server:
        await happen(server.house.database, by, "", "", "for good", "for now")
        await server.house.relay.drain()
        await ran.wait()
        async with asyncio.timeout(10):
            while not (found := samples((await scrape(server))[1])).get(("job_failures", (("job", "nightly"),))):  # noqa: ASYNC110  (it is asked as Prometheus asks)
                await asyncio.sleep(0.02)
        _, text = await scrape(server)
    assert of(found, "delivery_attempts_total") == {("done", "crm"): 2, ("dead", "crm"): 1, ("retry", "crm"): 1}
    assert of(found, "delivery_attempt_seconds_count") == {("crm",): 4}
    assert of(found, "deliveries_pending") == {("crm",): 1}
    assert of(found, "deliveries_failing") == {("crm",): 1}
    assert of(found, "deliveries_dead") == {("crm",): 1}
    assert 0 < of(found, "deliveries_oldest_age_seconds")["crm",] < 600
    assert of(found, "lanes_due") == {("crm",): 0}
    assert of(found, "plugin_paused") == {("crm",): 0}
    assert of(found, "event_position") == {(): 4}
    assert of(found, "events_without_position") == {(): 0}
    assert of(found, "job_runs_total") == {("nightly", "failed"): 1}
    assert of(found, "job_failures") == {("nightly",): 1}
    assert of(found, "job_lag_seconds") == {("nightly",): 0}
    assert of(found, "database_up") == {(): 1}
    assert "planted" not in text


async def test_what_nobody_works_on_is_seen_to_wait(database_url: str, by: Initiator) -> None:
    """A database alone: events without positions, a paused plugin, a call in doubt, a reader that is behind, a late job."""
    outbox = Outbox({EventType.ORDER_CHANGED: ("crm",)})
    database = await open_database(database_url, before_commit=outbox.flush)
    long_ago = now() - timedelta(hours=1)

    async def prepare(uow: UnitOfWork) -> None:
        await uow.execute(
            "INSERT INTO plugin_pause (plugin, kind, reason, since, openings) VALUES ('crm', 'manual', '', $1, 0)",
            long_ago,
        )
        await uow.execute("INSERT INTO position_counter (name, position) VALUES ('event', 12)")
        await uow.execute("INSERT INTO log_reader (name, position) VALUES ('abroad', 5)")
        await uow.execute("UPDATE job SET due_at = $1", long_ago)

    async def fail() -> str:
        raise TimeoutError

    async def keep(_: UnitOfWork, answer: str) -> str:
        return answer

    try:
        await add_jobs(database, ["nightly", "of a plugin that is gone"])
        await happen(database, by, "", "")
        await database.write(by, prepare)
        with pytest.raises(ProviderInDoubt):
            await call_provider(
                database,
                by,
                provider="ups",
                operation="buy",
                subject_id=new_id(),
                order_id=None,
                idempotency_key="planted@example.com",
                send=fail,
                find=None,
                on_success=keep,
            )
        found = {each.name: dict(each.values) for each in await event_figures(database, ["crm", "erp"])}
        jobs = {each.name: dict(each.values) for each in await job_figures(database, ["nightly"])}
        database.metrics.note([])
        counted = samples(database.metrics.text().decode())
    finally:
        await database.close()
    assert found["events_without_position"] == {(): 2}
    assert 0 <= found["events_without_position_age_seconds"][()] < 600
    assert found["log_reader_lag_events"] == {("abroad",): 7}
    assert found["plugin_paused"] == {("crm",): 1, ("erp",): 0}
    assert found["provider_calls_in_doubt"] == {("ups", "buy"): 1}
    assert list(jobs["job_lag_seconds"]) == [("nightly",)]
    assert 3599 < jobs["job_lag_seconds"]["nightly",] < 4200
    assert jobs["job_last_finished_timestamp_seconds"] == {}
    assert of(counted, "provider_calls_total") == {("buy", "in_doubt", "ups"): 1}


async def test_units_of_work_are_counted(database: Database, by: Initiator) -> None:
    async def refuse(_: UnitOfWork) -> None:
        raise Refused("NO", "no")

    async def conflict(_: UnitOfWork) -> None:
        raise Conflict("it has changed")

    async def break_(_: UnitOfWork) -> None:
        raise ValueError

    for work, error in ((refuse, Refused), (conflict, Conflict), (break_, ValueError)):
        with pytest.raises(error):
            await database.write(by, work)
    await happen(database, by, "")
    found = samples(database.metrics.text().decode())
    assert of(found, "units_of_work_total") == {("refused",): 1, ("conflict",): 1, ("failed",): 1, ("committed",): 1}
    assert of(found, "unit_of_work_seconds_count") == {(): 4}


async def test_no_look_reads_a_whole_table(database: Database, by: Initiator) -> None:
    """Each statement enters what may be large by an index, with thousands of rows that it is not about."""
    await _fill(database, by)
    with noted_statements() as sent:
        await event_figures(database, ["crm"])
    plans = [await query_plan(database, each) for each in sent]
    large = ("delivery", "event", "lane", "provider_call")
    # three for each whom something waits for, of whom seven are unknown here
    assert len(plans) == 6 + 3 * (1 + 7)
    for plan in plans:
        for table in large:
            assert f"Seq Scan on {table} " not in f"{plan} "
            assert f"SCAN {table}\n" not in f"{plan}\n"


async def _fill(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> None:
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "event_id": new_id(), "plugin": "crm", "lane_id": new_id(), "status": "done"}
            for _ in range(3000)
        ]
        await uow.insert("delivery", rows)
        await uow.insert(
            "lane", [{"id": new_id(), "plugin": f"other-{number % 7}", "due_at": now()} for number in range(3000)]
        )
        await uow.insert("event", [_event(number) for number in range(3000)])
        await uow.insert("provider_call", [_call(number) for number in range(3000)])
        if uow.dialect is Dialect.POSTGRES:  # which does it by itself; nobody does on SQLite
            await uow.execute("ANALYZE")

    await database.write(by, work)


def _event(number: int) -> dict[str, Any]:
    texts = dict.fromkeys(("actor", "origin", "reason", "correlation_id", "causation_id"), "")
    moments = {"occurred_at": now(), "recorded_at": now()}
    return {
        "id": new_id(),
        "position": number + 1,
        "type": "order_changed",
        **texts,
        **moments,
        "payload": {},
        "schema_version": 1,
    }


def _call(number: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "provider": "ups",
        "operation": "buy",
        "subject_id": new_id(),
        "idempotency_key": str(number),
        "status": "done",
        "error": "",
        "attempts": 1,
        "created_at": now(),
    }


async def test_asking_often_costs_the_database_nothing(database_url: str) -> None:
    async with running_server(measured(database_url, keep_seconds=600), parts=tiny_parts()) as server:
        await scrape(server)
        with noted_statements() as sent:
            texts = await asyncio.gather(*(scrape(server) for _ in range(5)))
    assert [status for status, _ in texts] == [200] * 5
    assert [each.sql for each in sent if "position_counter" in each.sql] == []


async def test_a_database_that_is_away_is_told(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with running_server(measured(database_url), parts=tiny_parts()) as server:

        async def fail(*_: object) -> None:
            raise OSError("planted")

        server.house.database.fetch = fail  # type: ignore[method-assign, assignment]
        with caplog.at_level(logging.WARNING, "packhouse.web.metrics"):
            status, text = await scrape(server)
    assert (status, of(samples(text), "database_up")) == (200, {(): 0})
    # the relay tells of it too, in its own words
    told = [str(vars(each)) for each in caplog.records if each.name == "packhouse.web.metrics"]
    assert len(told) == 1
    assert "planted" not in text + told[0]
    assert ("process_cpu_seconds_total", ()) in samples(text)


def test_each_has_metrics_of_its_own() -> None:
    first, second = Metrics(), Metrics()
    first.retries["deadlock",].inc()
    assert of(samples(first.text().decode()), "unit_of_work_retries_total") == {("deadlock",): 1}
    assert of(samples(second.text().decode()), "unit_of_work_retries_total") == {}
