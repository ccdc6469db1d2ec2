"""A plugin's settings put together: who wins, what stands elsewhere, and what nobody is shown."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from packhouse.hooks import BrokenPlugin
from packhouse.hooks.tables import PluginTable, follow, put_together

PLANTED = "planted-in-a-test-and-looked-for"


class Endpoint(BaseModel):
    url: str
    secrets: list[Annotated[SecretStr, Field(min_length=1)]] = []


class Shop(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "shop"
    pin: SecretStr | None = None
    signing: Annotated[SecretStr, Field(alias="signing_key")] = SecretStr("")
    endpoints: dict[str, Endpoint] = {}
    free: dict[str, Any] = {}
    anything: Any = None


def origin(key: str) -> str:
    return {"plugins.settings.my_shop.name": "environment X", "plugins.settings.my-shop.free.a": "packhouse.toml"}.get(
        key, ""
    )


def followed(values: dict[str, Any], source: str = "packhouse.toml", **secrets: str | None) -> PluginTable:
    sources = dict.fromkeys(_keys(values), source)
    stored = {name: None if text is None else SecretStr(text) for name, text in secrets.items()}
    return follow("shop", Shop, PluginTable(values, sources), stored, {"PIN": PLANTED})


def _keys(values: dict[str, Any], above: str = "") -> list[str]:
    return [
        key
        for name, value in values.items()
        for key in ([f"{above}{name}", *(_keys(value, f"{above}{name}.") if isinstance(value, dict) else [])])
    ]


def test_files_and_environment_win_key_by_key_over_the_database() -> None:
    stored = {"name": "stored", "free": {"a": 1, "b": {"c": 2}}, "pin": {"secret": "pin"}}
    fixed = {"my-shop": {"free": {"a": 9}}, "my_shop": {"name": "fixed"}, "other": {"name": "x"}}
    table = put_together("my-shop", stored, fixed, origin)
    assert table.values == {"name": "fixed", "free": {"a": 9, "b": {"c": 2}}, "pin": {"secret": "pin"}}
    assert table.sources == {
        "name": "environment X",
        "free.a": "packhouse.toml",
        "free.b.c": "database",
        "pin": "database",
    }


def test_a_fixed_value_takes_the_place_of_a_stored_reference_as_a_whole() -> None:
    stored = {"pin": {"secret": "pin"}, "free": {"a": {"env": "A"}}}
    table = put_together("shop", stored, {"shop": {"pin": {"env": "PIN"}, "free": {"a": {"b": 1}}}}, lambda _: "")
    assert table.values == {"pin": {"env": "PIN"}, "free": {"a": {"b": 1}}}
    assert table.sources == {"pin": "settings", "free.a.b": "settings"}


def test_values_stand_in_variables_files_and_the_store(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text(PLANTED + "\n")
    endpoint = {"url": {"secret": "url"}, "secrets": [{"env": "PIN"}, "plain", {"secret": "first"}]}
    table = followed(
        {"pin": {"file": str(file)}, "name": {"env": "PIN"}, "endpoints": {"a": endpoint}}, url="https://x", first="one"
    )
    assert table.values == {
        "pin": PLANTED,
        "name": PLANTED,
        "endpoints": {"a": {"url": "https://x", "secrets": [PLANTED, "plain", "one"]}},
    }
    assert table.hidden == {"pin", "name", "endpoints.a.url", "endpoints.a.secrets"}
    assert table.sources["pin"] == f"packhouse.toml, the file {file}"
    assert table.sources["name"] == "packhouse.toml, the environment variable PIN"
    assert table.sources["endpoints.a.url"] == "packhouse.toml, the stored secret url"


def test_a_key_with_file_behind_it_names_the_file_where_the_model_knows_only_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text(PLANTED)
    table = followed({"pin_file": str(file), "name_file": "name.txt"})
    assert table.values == {"pin": PLANTED, "name_file": "name.txt"}
    assert table.sources == {"pin": f"packhouse.toml, the file {file}", "name_file": "packhouse.toml"}

    class WithFile(Shop):
        pin_file: str = ""

    kept = follow("shop", WithFile, PluginTable({"pin_file": str(file)}, {"pin_file": ""}), {})
    assert kept.values == {"pin_file": str(file)}


def test_a_stored_secret_is_the_value_of_the_key_with_its_name_unless_that_is_set() -> None:
    assert followed({}, pin=PLANTED, signing_key="k", name="no secret").values == {"pin": PLANTED, "signing_key": "k"}
    assert followed({}, pin=PLANTED).sources == {"pin": "stored secret"}
    assert followed({}, pin=PLANTED).hidden == {"pin"}
    assert followed({"pin": "set"}, pin=PLANTED).values == {"pin": "set"}


def test_a_table_that_only_looks_like_a_reference_stays_one() -> None:
    values = {"free": {"file": "a"}, "anything": {"env": "PIN"}, "unknown": {"file": "x"}}
    assert followed(values).values == values


def test_what_the_model_or_the_name_says_is_secret_is_hidden() -> None:
    table = followed({"name": "n", "pin": "1", "signing_key": "k", "free": {"a": 1, "api_token": "t"}})
    assert table.hidden == {"pin", "signing_key", "free.api_token"}


@pytest.mark.parametrize(
    ("values", "source", "reason"),
    [
        ({"pin": {"env": "GONE"}}, "file", "settings: pin: the environment variable GONE is not set"),
        ({"pin_file": "/gone"}, "file", "settings: pin: the file /gone cannot be read: No such file or directory"),
        ({"pin": {"secret": "gone"}}, "database", "settings: pin: there is no stored secret gone: "),
        ({"pin": {"secret": "old"}}, "database", "settings: pin: the stored secret old cannot be decrypted"),
        ({"pin": {"env": "PIN"}}, "database", "settings: pin: files and environment variables are named in files"),
        ({"name": {"file": "/etc/passwd"}}, "database", "settings: name: files and environment variables are named"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_named(values: dict[str, Any], source: str, reason: str) -> None:
    with pytest.raises(BrokenPlugin) as refusal:
        followed(values, source, old=None)
    assert refusal.value.reason.startswith(reason)
    assert PLANTED not in str(refusal.value)


def test_a_plugin_without_a_model_has_its_table_as_it_is() -> None:
    table = PluginTable({"a": {"env": "PIN"}}, {"a": ""})
    assert follow("shop", None, table, {"a": SecretStr("x")}) == table
