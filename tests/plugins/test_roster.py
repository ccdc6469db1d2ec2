"""A process takes over what was changed about plugins: new ones first, old ones last, the others untouched."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from packhouse.hooks import PluginHost
from packhouse.hooks.reports import PluginStatus
from packhouse.plugins import roster as module
from packhouse.plugins.changes import Change, Configure, DeleteSecret, Disable, Enable, KeepSecret
from packhouse.plugins.roster import Roster
from packhouse.plugins.vault import Vault
from packhouse.sdk import PluginManifest, Refused, hookimpl
from packhouse.storage import Database, Initiator
from packhouse.telemetry.secrets import Secrets
from packhouse.testing.hints import Hints

VAULT = Vault(["a key of a test"])
PLANTED = "planted-in-a-test-and-looked-for"
FREE = {"plugins.enabled": "default", "plugins.disabled": "default"}


@dataclass
class Choices:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=lambda: ["post"])
    strict: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Process:
    """One process's roster, with what it switched to."""

    roster: Roster
    database: Database
    switched: list[tuple[PluginHost, int]]
    secrets: Secrets

    async def change(self, change: Change) -> None:
        by = Initiator("tester", "test")
        await self.roster.change(self.database, lambda work: self.database.write(by, work), change)

    def statuses(self) -> dict[str, PluginStatus]:
        return {each.code: each.status for each in self.roster.reports()}


Start = Callable[..., Awaitable[Process]]


@asynccontextmanager
async def process(
    database: Database, points: Any, *, grace_seconds: float = 0, **choices: Any
) -> AsyncIterator[Process]:
    host = PluginHost.load(Choices(**choices), installed=points, origin=lambda key: FREE.get(key, ""))
    secrets = Secrets()
    hints = Hints(database)
    roster = Roster(host, VAULT, secrets, announce=lambda: hints.announce("plugins"), grace_seconds=grace_seconds)
    started = Process(roster, database, [], secrets)

    async def switch(fresh: PluginHost, version: int) -> None:
        assert roster.host is fresh
        started.switched.append((fresh, version))

    await roster.read(database)
    await roster.host.startup()
    roster.start(database, switch)
    await hints.start({"plugins": roster.wake})
    try:
        yield started
    finally:
        await hints.stop()
        await roster.stop()
        await roster.host.shutdown()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  (what is waited for happens in other tasks, which set no event)
            await asyncio.sleep(0.01)


ENDPOINT = {"endpoints.a.url": "u", "endpoints.a.secrets": [{"secret": "pin"}]}


async def test_a_plugin_is_given_its_secret_enabled_configured_and_disabled(
    database: Database, points: Any, post: Any
) -> None:
    async with process(database, points) as here:
        mail = here.roster.host.candidates["mail"]
        assert here.statuses() == {
            "broken": PluginStatus.QUARANTINED,
            "mail": PluginStatus.RUNNING,
            "post": PluginStatus.DISABLED,
        }
        await here.change(KeepSecret("post", "pin", SecretStr(PLANTED)))
        await here.change(Enable("post"))
        assert here.statuses()["post"] is PluginStatus.RUNNING
        (first,) = post.alive
        assert here.roster.host.addresses == ("mail",)
        await here.change(Configure("post", ENDPOINT))
        assert here.roster.host.addresses == ("mail", "post/a")
        await eventually(lambda: len(post.alive) == 1)
        (second,) = post.alive
        assert second is not first
        await here.change(Disable("post"))
        assert here.roster.host.addresses == ("mail",)
        await eventually(lambda: post.alive == [])
        assert [version for _, version in here.switched] == [1, 2, 3, 4]
        assert here.roster.host.candidates["mail"] is mail
        assert here.secrets.hide(f"a {PLANTED} b") == "a ******** b"
    # the next process begins with what was said
    async with process(database, points) as next_one:
        await next_one.change(Enable("post"))
        assert next_one.roster.host.addresses == ("mail", "post/a")


async def test_a_process_begins_with_what_the_database_says(database: Database, points: Any, post: Any) -> None:
    async with process(database, points) as here:
        await here.change(KeepSecret("post", "pin", SecretStr(PLANTED)))
        await here.change(Enable("post"))
    assert post.alive == []
    async with process(database, points) as later:
        assert later.roster.version == 2
        assert later.statuses()["post"] is PluginStatus.RUNNING
        assert later.switched == []


async def test_another_process_takes_it_over(database: Database, points: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.05)
    async with process(database, points) as here, process(database, points) as there:
        await here.change(Disable("mail"))
        await eventually(lambda: there.roster.version == 1)
        assert there.statuses()["mail"] is PluginStatus.DISABLED
        there.roster.wake()
        await here.change(Enable("mail"))
        await eventually(lambda: there.statuses()["mail"] is PluginStatus.RUNNING)


async def test_the_old_one_runs_on_until_what_it_is_about_has_ended(database: Database, points: Any, post: Any) -> None:
    async with process(database, points, grace_seconds=60) as here:
        await here.change(KeepSecret("post", "pin", SecretStr(PLANTED)))
        await here.change(Enable("post"))
        await here.change(Configure("post", {"speed": 2}))
        assert [each.settings.speed for each in post.alive] == [1, 2]
    # stopping waits for nobody
    assert post.alive == []


async def test_a_refused_change_changes_nothing(database: Database, points: Any) -> None:
    async with process(database, points) as here:
        for change in (
            Enable("post"),
            Configure("post", {"speed": 0}),
            DeleteSecret("post", "pin"),
            Enable("gone"),
        ):
            with pytest.raises(Refused):
                await here.change(change)
        assert here.switched == []
        assert here.roster.version == 0
        for table in ("plugin_choice", "plugin_secret", "plugins_version"):
            assert await database.fetch(f"SELECT 1 FROM {table}") == []


async def test_one_that_cannot_start_is_told_and_the_change_stays(
    database: Database, points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        @hookimpl
        def plugin_manifest(self) -> PluginManifest:
            return PluginManifest("failing", "Failing", "1")

        @hookimpl
        async def startup(self) -> None:
            raise ConnectionError("the vendor is away")

    monkeypatch.setattr("packhouse.hooks.life.retry_seconds", lambda _: 60.0)
    points.append(type(points[0])("failing", Failing))
    async with process(database, points, disabled=["failing", "post"]) as here:
        await here.change(Enable("failing"))
        (report,) = [each for each in here.roster.reports() if each.code == "failing"]
        assert (report.status, report.error) == (
            PluginStatus.FAILED_TO_START,
            "ConnectionError: the vendor is away",
        )
        assert not here.roster.host.is_ready("failing")


async def test_what_this_process_cannot_use_is_told_and_those_in_use_run_on(
    database: Database, points: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A newer process has installed what this one has not; strict settings refuse that here."""
    async with process(database, points) as newer:
        await newer.change(KeepSecret("post", "pin", SecretStr(PLANTED)))
    older = [each for each in points if each.name == "mail"]
    async with process(database, older, strict=True) as here:
        async with process(database, points) as newer:
            await newer.change(Enable("post"))
        here.roster.wake()
        await eventually(lambda: here.roster.version == 2)
        assert here.roster.problem == "plugin post: it is enabled but not installed"
        assert here.statuses() == {"mail": PluginStatus.RUNNING}
        assert [(host is here.roster.host, version) for host, version in here.switched] == [(True, 2)]
        async with process(database, points) as newer:
            await newer.change(Disable("post"))
        here.roster.wake()
        await eventually(lambda: here.roster.problem == "")
    assert PLANTED not in caplog.text


async def test_a_database_that_is_away_for_a_moment_is_asked_again(
    database: Database, points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [ConnectionError("away")]
    real = module.plugins_version

    async def version(reader: Any) -> int:
        if failures:
            raise failures.pop()
        return await real(reader)

    monkeypatch.setattr(module, "plugins_version", version)
    monkeypatch.setattr(module, "_PAUSE_AFTER_ERROR", 0.01)
    async with process(database, points) as here:
        await here.change(Disable("mail"))
        assert failures == []
        assert here.statuses()["mail"] is PluginStatus.DISABLED
