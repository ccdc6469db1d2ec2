"""The deployment example says nothing that the product does not know."""

import configparser
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import typer.main
import yaml
from prometheus_client.parser import text_string_to_metric_families

from packhouse.cli import make_app
from packhouse.settings import MetricsSettings, ServerSettings, Settings, load_settings
from packhouse.testing.server import running_server, server_settings

DEPLOY = Path("config/deploy").resolve()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The example's settings, filled in."""
    monkeypatch.chdir(tmp_path)
    text = (DEPLOY / "packhouse.toml").read_text("utf-8")
    for name in ("SECRET_KEY", "NATS_PASSWORD", "METRICS_TOKEN"):
        assert name in text
        text = text.replace(name, secrets.token_urlsafe(48))
    (tmp_path / "packhouse.toml").write_text(text, "utf-8")
    return load_settings(environ={}).settings


def unit(path: Path) -> Mapping[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # as configparser wants it
    parser.read(path)
    return {section: dict(parser[section]) for section in parser.sections()}


def test_its_settings_are_valid(settings: Settings) -> None:
    assert settings.logging.format == "json"
    assert settings.server.host == "127.0.0.1"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_each_unit_runs_what_there_is(path: Path) -> None:
    command = unit(path)["Service"]["ExecStart"].split()
    if command[0].endswith("/packhouse"):
        group = typer.main.get_command(make_app())
        context = group.make_context("packhouse", list(command[1:]), resilient_parsing=True)
        name, found, rest = group.resolve_command(context, command[1:])  # type: ignore[attr-defined]
        assert name == command[1]
        known = {option for each in found.params for option in each.opts}
        assert {each for each in rest if each.startswith("--")} <= known
    else:
        assert (DEPLOY / Path(command[0]).relative_to("/opt/packhouse/deploy")).stat().st_mode & 0o111


def test_nobody_is_killed_before_the_time_to_stop_is_over(settings: Settings) -> None:
    server: ServerSettings = settings.server
    for role in ("api", "worker"):
        seconds = float(unit(DEPLOY / "systemd" / f"packhouse-{role}@.service")["Service"]["TimeoutStopSec"])
        assert seconds >= server.stop_delay_seconds + server.graceful_shutdown_seconds + 10


def test_nats_has_its_passwords_and_its_folder() -> None:
    config = (DEPLOY / "nats" / "nats-server.conf").read_text("utf-8")
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "nats" / "nats.env").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\$(NATS_\w+)", config)) == given
    service = unit(DEPLOY / "systemd" / "nats-server.service.d" / "packhouse.conf")["Service"]
    assert f"store_dir: /var/lib/{service['StateDirectory']}\n" in config
    assert f"`{service['EnvironmentFile']}`" in (DEPLOY / "README.md").read_text("utf-8")


def test_no_unit_holds_a_secret_or_may_do_more_than_it_needs() -> None:
    for path in UNITS:
        service = unit(path)["Service"]
        assert service["User"] == "packhouse"
        assert (service["NoNewPrivileges"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == (
            "yes",
            "strict",
            "",
        )
        assert "PASSWORD" not in path.read_text("utf-8").upper().replace("NO PASSWORD", "")


def test_the_proxy_passes_on_what_the_api_takes(settings: Settings) -> None:
    text = (DEPLOY / "nginx" / "packhouse.conf").read_text("utf-8")
    bodies, uploads = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(bodies) * 1024 * 1024 >= settings.server.max_body_bytes
    assert int(uploads) * 1024 * 1024 >= settings.server.max_upload_bytes
    assert re.findall(r"^    location (?:= )?(\S+) \{", text, re.MULTILINE) == [
        "/.well-known/acme-challenge/",
        "/",
        "/graphql",
        "/sheets/",
        "/track/",
        "/webhooks/",
        "/",
    ]
    # one that was left out for a while would be missing when the next one stops
    assert set(re.findall(r"server 127\S+ (.*);", text)) == {"max_fails=0"}
    target = (DEPLOY / "systemd" / "packhouse.target").read_text("utf-8")
    assert set(re.findall(r"server 127\.0\.0\.1:(\d+)", text)) == set(re.findall(r"packhouse-api@(\d+)", target))


async def test_alerts_look_at_metrics_that_there_are(database_url: str) -> None:
    measured = {"metrics": MetricsSettings.model_validate({"token": "a token of tests"})}
    headers = {"Authorization": "Bearer a token of tests"}
    async with (
        running_server(server_settings(database_url).model_copy(update=measured)) as server,
        aiohttp.ClientSession(headers=headers) as client,
        client.get(f"{server.url}/metrics") as response,
    ):
        known = {family.name for family in text_string_to_metric_families(await response.text())}
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"packhouse_\w+", rule["expr"])}
    assert {re.sub("_(total|bucket)$", "", name) for name in asked} <= known
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "packhouse.yml").read_text("utf-8"))["scrape_configs"][0]
    ports = {target.rpartition(":")[2] for each in scraped["static_configs"] for target in each["targets"]}
    assert ports == set(re.findall(r"@(\d+)\.service", (DEPLOY / "systemd" / "packhouse.target").read_text("utf-8")))
