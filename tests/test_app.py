import asyncio
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from tests.web.conftest import tiny_parts, with_limits

from packhouse.app import create_app
from packhouse.hooks import DuplicateCode, NotStarted
from packhouse.house import House
from packhouse.jobs.runner import Job
from packhouse.opening import DatabaseNotReady
from packhouse.sdk import PluginContext, PluginManifest, hookimpl
from packhouse.settings import SecuritySettings, Settings, SettingsError
from packhouse.settings.sections import NatsSettings
from packhouse.storage import Initiator
from packhouse.testing.nats import NatsServer
from packhouse.testing.server import running_server, server_settings


class Witness:
    """A plugin that writes down what happens to it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("witness", "Witness", "1.0")

    @hookimpl
    async def startup(self, context: PluginContext) -> None:
        self.seen.append(f"startup with {'an open' if not context.http.closed else 'a closed'} session")

    @hookimpl
    async def shutdown(self) -> None:
        self.seen.append("shutdown")


def routes(_: House) -> Sequence[BaseRoute]:
    async def broken(_: Request) -> Response:
        raise ValueError("the password is hunter2")

    async def fine(_: Request) -> Response:
        return PlainTextResponse("fine")

    return [Route("/broken", broken), Route("/fine", fine, methods=["POST"])]


async def test_everything_starts_and_stops_in_order(database_url: str) -> None:
    witness = Witness()
    parts = tiny_parts(
        jobs=lambda house: [Job("job", 60, lambda: note("job", house))],
        on_start=[lambda house: note("on_start", house)],
    )

    async def note(what: str, house: House) -> None:
        await house.database.fetch("SELECT 1")
        witness.seen.append(what)

    async with running_server(server_settings(database_url), [witness], parts=parts) as server:
        house = server.house
        async with asyncio.timeout(20):
            while len(witness.seen) < 3:  # noqa: ASYNC110  (the job runs in the server)
                await asyncio.sleep(0.01)
        assert witness.seen == ["startup with an open session", "on_start", "job"]
    assert witness.seen[3:] == ["shutdown"]
    with pytest.raises(NotStarted):
        _ = house.database
    with pytest.raises(NotStarted):
        _ = house.relay


async def test_health(database_url: str, by: Initiator) -> None:
    async with (
        running_server(server_settings(database_url), parts=tiny_parts()) as server,
        aiohttp.ClientSession() as client,
    ):
        for path in ("live", "ready"):
            async with client.get(f"{server.url}/health/{path}") as response:
                assert (response.status, await response.json()) == (200, {"status": "ok"})
        name = await server.house.database.fetch("SELECT MAX(name) AS name FROM tortoise_migrations")
        await server.house.database.write(by, lambda uow: uow.execute("DELETE FROM tortoise_migrations"))
        async with client.get(f"{server.url}/health/ready") as response:
            body = await response.json()
            assert response.status == 503
            assert body["status"] == "not ready"
            assert name[0]["name"] in body["reason"]
            assert "packhouse db migrate" in body["reason"]


async def test_a_database_that_goes_away_is_not_ready_but_alive(database_url: str) -> None:
    async with (
        running_server(server_settings(database_url), parts=tiny_parts()) as server,
        aiohttp.ClientSession() as client,
    ):

        async def fail(*_: object) -> None:
            raise OSError("gone, with the password hunter2")

        server.house.database.fetch = fail  # type: ignore[method-assign, assignment]
        async with client.get(f"{server.url}/health/ready") as response:
            assert response.status == 503
            assert await response.json() == {"status": "not ready", "reason": "the database does not answer"}
        async with client.get(f"{server.url}/health/live") as response:
            assert response.status == 200


async def test_a_nats_that_is_away_is_told_and_not_waited_for(database_url: str, nats_server: NatsServer) -> None:
    settings = server_settings(database_url)
    with_nats = settings.model_copy(update={"nats": NatsSettings(url=nats_server.url)})
    expected = {
        "status": "degraded",
        "reasons": ["NATS cannot be reached: processes find out by polling what others have done"],
    }

    async def health() -> object:
        async with client.get(f"{server.url}/health/ready") as response:
            assert response.status == 200
            return await response.json()

    async with (
        running_server(with_nats, parts=tiny_parts()) as server,
        aiohttp.ClientSession() as client,
        asyncio.timeout(20),
    ):
        while await health() != {"status": "ok"}:  # noqa: ASYNC110  (NATS tells no test)
            await asyncio.sleep(0.01)
        await asyncio.to_thread(nats_server.stop)
        while await health() != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_errors_outside_graphql_are_json(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        running_server(server_settings(database_url), parts=tiny_parts(routes=routes)) as server,
        aiohttp.ClientSession() as client,
    ):
        async with client.get(f"{server.url}/nowhere") as response:
            assert response.status == 404
            assert await response.json() == {"error": {"code": "NOT_FOUND", "message": "Not Found"}}
        async with client.get(f"{server.url}/fine") as response:
            assert response.status == 405
            assert response.headers["allow"] == "POST"
            assert (await response.json())["error"]["code"] == "METHOD_NOT_ALLOWED"
        async with client.get(f"{server.url}/broken", headers={"X-Request-Id": "ticket-4711"}) as response:
            assert response.status == 500
            assert await response.json() == {
                "error": {
                    "code": "INTERNAL_SERVER_ERROR",
                    "message": "Something went wrong on our side. Quote ticket-4711 when you report it.",
                    "correlationId": "ticket-4711",
                }
            }
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["GET /broken failed [ticket-4711]"]


async def test_other_sites_may_call_only_where_they_are_let_in(database_url: str) -> None:
    preflight = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    settings = server_settings(database_url)
    for origins, allowed in (([], None), (["https://shop.example.com"], "https://shop.example.com")):
        chosen = with_limits(settings, "server", allowed_origins=origins)
        async with (
            running_server(chosen, parts=tiny_parts()) as server,
            aiohttp.ClientSession() as client,
            client.options(server.graphql, headers=preflight) as response,
        ):
            assert response.headers.get("access-control-allow-origin") == allowed


async def test_a_database_without_its_migrations_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    house = House(server_settings(f"sqlite://{path}"), tiny_parts())
    with pytest.raises(DatabaseNotReady, match="there is no database"):
        async with house.running():
            pass
    assert not path.exists()
    path.touch()
    with pytest.raises(DatabaseNotReady, match="lacks 1 of its migrations: run packhouse init"):
        async with house.running():
            pass


async def test_a_server_that_does_not_answer_is_refused_without_its_password() -> None:
    settings = server_settings("postgresql://user:hunter2@127.0.0.1:1/none")
    at_once = settings.database.model_copy(update={"start_wait_seconds": 0.0})
    house = House(settings.model_copy(update={"database": at_once}), tiny_parts())
    with pytest.raises(DatabaseNotReady, match="cannot be opened") as refused:
        async with house.running():
            pass
    assert "hunter2" not in str(refused.value)


def test_what_is_wrong_stops_the_making() -> None:
    """No database is opened."""
    settings = server_settings("sqlite://never-opened.sqlite3")
    with pytest.raises(DuplicateCode):
        create_app(settings, [Witness(), Witness()], parts=tiny_parts())
    without_key: Settings = settings.model_copy(update={"security": SecuritySettings()})
    with pytest.raises(SettingsError, match="secret_key"):
        create_app(without_key, parts=tiny_parts())


async def test_all_of_packhouse_starts(database_url: str) -> None:
    async with running_server(server_settings(database_url)) as server, aiohttp.ClientSession() as client:
        query = {"query": "{ orders(first: 1) { totalCount pageInfo { hasNextPage } } }"}
        async with client.post(server.graphql, json=query, headers=server.headers) as response:
            assert await response.json() == {
                "data": {"orders": {"totalCount": 0, "pageInfo": {"hasNextPage": False}}},
            }
