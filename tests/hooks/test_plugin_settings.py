from typing import Any

import pytest
from pydantic import BaseModel

from packhouse.hooks import PluginHost
from packhouse.hooks.plugin_settings import table_of
from packhouse.sdk import PluginManifest, hookimpl
from packhouse.settings.environment import read_environment
from packhouse.settings.sections import PluginsSettings

FILE = {"acme-post": {"base_url": "https://a.example", "shipper": {"name": "A", "city": "Leeds"}}}


@pytest.mark.parametrize(
    ("tables", "table"),
    [
        ({}, {}),
        (FILE, FILE["acme-post"]),
        ({"acme_post": {"api_key": "k"}}, {"api_key": "k"}),
        (
            FILE | {"acme_post": {"api_key": "k", "shipper": {"city": "York"}}},
            {"base_url": "https://a.example", "api_key": "k", "shipper": {"name": "A", "city": "York"}},
        ),
    ],
)
def test_the_environment_writes_a_code_with_hyphens_in_underscores(
    tables: dict[str, Any], table: dict[str, Any]
) -> None:
    assert table_of(tables, "acme-post") == table


def test_a_code_without_hyphens_has_one_table() -> None:
    assert table_of({"ups": {"a": 1}, "u_ps": {"a": 2}}, "ups") == {"a": 1}


def test_a_plugin_with_hyphens_is_configured_by_the_environment() -> None:
    class Settings(BaseModel):
        api_key: str = ""

    class Plugin:
        seen = ""

        @hookimpl
        def plugin_manifest(self) -> PluginManifest:
            return PluginManifest("acme-post", "Acme", "1", settings=Settings)

        @hookimpl
        def register_carriers(self, context: Any) -> list[Any]:
            Plugin.seen = context.settings.api_key
            return []

    values, problems = read_environment({"PACKHOUSE_PLUGINS__SETTINGS__ACME_POST__API_KEY": "k1"})
    tables: dict[str, dict[str, Any]] = {}
    for path, (_, value) in values.items():
        tables.setdefault(path[2], {})[path[3]] = value
    PluginHost.load(PluginsSettings(enabled=[], settings=tables), [Plugin()])
    assert (problems, Plugin.seen) == ([], "k1")
