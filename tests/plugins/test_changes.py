from typing import Any

import pytest
from pydantic import SecretStr

from packhouse.hooks.selection import StoredChoice
from packhouse.plugins.changes import Configure, DeleteSecret, Disable, Enable, KeepSecret, changed
from packhouse.sdk import Refused

TABLE = {"name": "a", "endpoints": {"shop": {"url": "u", "retries": [1, 2]}}}


def test_a_plugin_is_enabled_and_disabled_and_keeps_the_rest() -> None:
    choice = StoredChoice(None, TABLE, {"pin": SecretStr("1")})
    assert changed(choice, Enable("x")) == StoredChoice(enabled=True, table=TABLE, secrets=choice.secrets)
    assert changed(choice, Disable("x")) == StoredChoice(enabled=False, table=TABLE, secrets=choice.secrets)


@pytest.mark.parametrize(
    ("values", "unset", "table"),
    [
        ({"name": "b"}, (), {**TABLE, "name": "b"}),
        ({"endpoints.shop.url": "v"}, (), {"name": "a", "endpoints": {"shop": {"url": "v", "retries": [1, 2]}}}),
        ({"endpoints.books": {"url": "w"}}, ("endpoints.shop",), {"name": "a", "endpoints": {"books": {"url": "w"}}}),
        ({}, ("endpoints.shop.url", "endpoints.shop.retries"), {"name": "a"}),
        ({}, ("name", "gone", "name.deeper", "endpoints.gone.deeper"), {"endpoints": TABLE["endpoints"]}),
        ({"name.deeper": 1}, (), {"name": {"deeper": 1}, "endpoints": TABLE["endpoints"]}),
    ],
)
def test_settings_are_set_and_taken_back_by_dotted_keys(
    values: dict[str, Any], unset: tuple[str, ...], table: dict[str, Any]
) -> None:
    choice = StoredChoice(table=TABLE)
    assert changed(choice, Configure("x", values, unset)).table == table
    assert choice.table == {"name": "a", "endpoints": {"shop": {"url": "u", "retries": [1, 2]}}}


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Refused) as refusal:
        changed(StoredChoice(), Configure("x", {key: 1}))
    assert (refusal.value.code, refusal.value.field) == ("INVALID_KEY", f"settings.{key}")


def test_secrets_are_kept_and_forgotten() -> None:
    choice = StoredChoice(secrets={"pin": SecretStr("1"), "old": None})
    kept = changed(choice, KeepSecret("x", "client_secret.v2", SecretStr("2")))
    assert kept.secrets == {"pin": SecretStr("1"), "old": None, "client_secret.v2": SecretStr("2")}
    assert changed(kept, DeleteSecret("x", "pin")).secrets == {"old": None, "client_secret.v2": SecretStr("2")}


@pytest.mark.parametrize(
    ("name", "value", "code", "field"),
    [
        ("", "1", "INVALID_NAME", "name"),
        ("two words", "1", "INVALID_NAME", "name"),
        ("-x", "1", "INVALID_NAME", "name"),
        ("x" * 129, "1", "INVALID_NAME", "name"),
        ("pin", "", "INVALID_SECRET", "value"),
        ("pin", "x" * 65_537, "INVALID_SECRET", "value"),
    ],
)
def test_a_secret_that_cannot_be_kept_is_refused(name: str, value: str, code: str, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        changed(StoredChoice(), KeepSecret("x", name, SecretStr(value)))
    assert (refusal.value.code, refusal.value.field) == (code, field)
