"""Plugins changed from the command line, as running servers take it over; and what is listed of them."""

import asyncio
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.conftest import MailPlugin, Point, PostPlugin

from packhouse.cli import main
from packhouse.events.outbox import Outbox
from packhouse.sdk import PluginManifest, hookimpl
from packhouse.storage import Initiator, open_database

Run = Callable[..., tuple[int, str, str]]
Rows = Callable[[str], list[dict[str, Any]]]
BY = Initiator("tester", "test")
PLANTED = "planted-in-a-test-and-looked-for"


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A Packhouse in an empty folder, with the plugins post, mail and broken installed; `stdin` is what a command reads."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PACKHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", database_url)
    monkeypatch.setenv("COLUMNS", "250")
    points = [Point("post", PostPlugin), Point("mail", MailPlugin), Point("broken", ImportError("no module vendor"))]
    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: points)

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        assert PLANTED not in out + err
        return int(ended.value.code or 0), out, err

    call("init")
    return call


@pytest.fixture
def rows(database_url: str) -> Rows:
    """What a statement finds, or what it writes."""

    async def ask(sql: str) -> list[dict[str, Any]]:
        database = await open_database(database_url, before_commit=Outbox().flush)
        try:
            asked = database.fetch(sql) if sql.startswith("SELECT") else database.write(BY, lambda uow: uow.fetch(sql))
            return [dict(row) for row in await asked]
        finally:
            await database.close()

    return lambda sql: asyncio.run(ask(sql))


def cells(text: str, code: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"│ {code} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_plugin_gets_its_secret_and_its_settings_and_is_switched_on_and_off(run: Run, rows: Rows) -> None:
    code, out, err = run("plugin", "enable", "post")
    assert (code, out) == (2, "")
    assert err == "packhouse: plugin post would not work: settings: pin: Field required\n"
    done = run("plugin", "secret", "set", "post", "pin", stdin=f"{PLANTED}\n")
    assert done == (0, "The secret pin of plugin post is kept\n", "")
    assert run("plugin", "disable", "post") == (0, "The plugin post is disabled\n", "")
    assert cells(run("plugin", "list")[1], "post")[4] == "disabled"
    assert run("plugin", "enable", "post") == (0, "The plugin post is enabled\n", "")
    endpoint = '{"url": "https://a", "secrets": [{"secret": "pin"}]}'
    configured = run("plugin", "configure", "post", "speed=3", f"endpoints.a={endpoint}")
    assert configured == (0, "The plugin post is configured\n", "")
    assert run("plugin", "configure", "post", "--unset", "speed")[0] == 0
    (choice,) = rows("SELECT code, enabled, settings, changed_by FROM plugin_choice")
    assert json.loads(choice.pop("settings")) == {"endpoints": {"a": json.loads(endpoint)}}
    assert choice == {"code": "post", "enabled": True, "changed_by": "operator"}
    assert rows("SELECT version FROM plugins_version") == [{"version": 5}]
    assert PLANTED not in str([rows(f"SELECT * FROM {table}") for table in ("plugin_secret", "plugin_choice", "event")])
    assert run("settings")[0] == 0


def test_what_is_installed_is_listed_with_how_it_is_doing(run: Run, rows: Rows) -> None:
    run("plugin", "secret", "set", "post", "pin", stdin=PLANTED)
    rows(
        "INSERT INTO plugin_pause (plugin, kind, reason, since, openings)"
        " VALUES ('mail', 'manual', 'the vendor moves', '2026-01-01 00:00:00+00:00', 0) RETURNING plugin"
    )
    code, out, err = run("plugin", "list")
    assert (code, err) == (0, "")
    assert cells(out, "mail")[:6] == ["mail", "Mail", "2.0", "1", "loads", "mail: paused: the vendor moves"]
    assert cells(out, "post")[4] == "loads"
    assert cells(out, "broken")[4] == "left out"
    assert "Left out: broken: ImportError: no module vendor" in out


def test_one_that_claims_what_another_has_is_listed_with_both_names(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def rival(code: str) -> Point:
        class Plugin:
            @hookimpl
            def plugin_manifest(self) -> PluginManifest:
                return PluginManifest(code, code.title(), "1")

            @hookimpl
            def register_carriers(self) -> Any:
                return [type("Van", (), {"code": "van", "title": "Van"})()]

        return Point(code, Plugin)

    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: [rival("zeta"), rival("acme")])
    code, out, err = run("plugin", "list")
    assert (code, err) == (0, "")
    assert (cells(out, "acme")[4], cells(out, "zeta")[4]) == ("loads", "left out")
    assert "Left out: zeta: its carrier van is one of plugin acme already" in out


def test_without_a_database_what_files_say_is_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", "sqlite://packhouse.sqlite3")
    code, out, _ = run("plugin", "list")
    assert code == 0
    assert out.startswith("What the database says is left out: there is no database")
    assert cells(out, "mail")[4] == "loads"
    Path("packhouse.toml").write_text('[plugins]\nenabled = ["post"]\n')
    assert cells(run("plugin", "list")[1], "mail")[4] == "disabled by plugins.enabled (packhouse.toml)"


def test_secrets_are_listed_without_what_they_are_and_forgotten(run: Run) -> None:
    assert run("plugin", "secret", "list") == (0, "No secrets are kept\n", "")
    run("plugin", "secret", "set", "post", "pin", stdin=PLANTED)
    code, out, _ = run("plugin", "secret", "list")
    assert code == 0
    plugin, name, _, changed_by, key = cells(out, "post")
    assert (plugin, name, changed_by, key) == ("post", "pin", "operator", "present")
    assert run("plugin", "disable", "post")[0] == 0
    refused = run("plugin", "secret", "delete", "post", "pin")
    assert refused[0] == 2
    assert refused[2].startswith("packhouse: plugin post would not work: settings: pin: Field required")
    assert run("plugin", "secret", "delete", "post", "other")[2].endswith("has no stored secret other\n")
    run("plugin", "secret", "set", "post", "other", stdin=PLANTED)
    assert run("plugin", "secret", "delete", "post", "other")[:2] == (0, "The secret other of plugin post is deleted\n")


def test_secrets_are_encrypted_with_a_new_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("plugin", "secret", "set", "post", "pin", stdin=PLANTED)
    (line,) = [line for line in Path("packhouse.toml").read_text().splitlines() if line.startswith("secret_key")]
    old = line.split('"')[1]
    monkeypatch.setenv("PACKHOUSE_SECURITY__SECRET_KEY", "n" * 32)
    lost = "No key decrypts the secret pin of plugin post: set it again\n"
    assert run("plugin", "secret", "renew") == (1, "0 secrets are encrypted with the present key\n", lost)
    assert cells(run("plugin", "secret", "list")[1], "post")[4] == "unknown"
    assert "the stored secret pin cannot be decrypted" in run("plugin", "list")[1]
    monkeypatch.setenv("PACKHOUSE_SECURITY__PREVIOUS_SECRET_KEYS", f'["{old}"]')
    assert cells(run("plugin", "secret", "list")[1], "post")[4] == "previous"
    assert run("plugin", "secret", "renew") == (0, "1 secrets are encrypted with the present key\n", "")
    monkeypatch.delenv("PACKHOUSE_SECURITY__PREVIOUS_SECRET_KEYS")
    assert cells(run("plugin", "secret", "list")[1], "post")[4] == "present"
    assert cells(run("plugin", "list")[1], "post")[4] == "loads"


def test_a_key_that_the_next_process_has_not_encrypts_nothing(
    run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("config").mkdir()
    Path("config/development.toml").write_text("")
    Path("packhouse.toml").write_text("")
    monkeypatch.setenv("PACKHOUSE_PROFILE", "development")
    code, _, err = run("plugin", "secret", "set", "post", "pin", stdin=PLANTED)
    assert code == 2
    assert "security.secret_key was made up for this process" in err
    assert rows("SELECT * FROM plugin_secret") == []


@pytest.mark.parametrize("given", [(), ("speed",), ("=1",)])
def test_what_is_no_setting_is_refused_and_changes_nothing(run: Run, rows: Rows, given: tuple[str, ...]) -> None:
    code, _, err = run("plugin", "configure", "post", *given)
    assert code == 2
    assert err
    assert rows("SELECT * FROM plugin_choice") == []
