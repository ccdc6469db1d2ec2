from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from packhouse.settings import DatabaseSettings, PluginsSettings, SecuritySettings, Settings
from packhouse.settings.sections import NatsSettings
from packhouse.telemetry.secrets import Secrets, secrets_of

HIDDEN = "********"
KEY = "a key of tests, long enough to be accepted"


def settings() -> Settings:
    return Settings(
        database=DatabaseSettings(url="postgresql://packhouse:p%40ssw0rd@db/packhouse"),
        nats=NatsSettings(url="nats://worker:natspass@nats:4222"),
        security=SecuritySettings.model_validate({"secret_key": KEY}),
        plugins=PluginsSettings(
            settings={
                "shop": {"webhook_secret": "planted-one", "name": "My shop", "keys": ["planted-two", "planted-three"]},
                "erp": {"url": "https://me:planted-four@erp.example.com/api"},
            }
        ),
    )


@pytest.mark.parametrize(
    "secret",
    [
        KEY,
        "p%40ssw0rd",
        "p@ssw0rd",
        "natspass",
        "planted-one",
        "planted-two",
        "planted-three",
        "planted-four",
    ],
)
def test_what_the_settings_hold_is_hidden(secret: str) -> None:
    shown = Secrets.of(settings()).hide(f"before {secret!r} and {secret}, after")
    assert shown == f"before '{HIDDEN}' and {HIDDEN}, after"


def test_what_is_no_secret_stays() -> None:
    text = "My shop at https://erp.example.com/api?page=2, order 1001 of 2026-11-03, 12.50 GBP, key figures: 3 of 4"
    assert Secrets.of(settings()).hide(text) == text


class Account(BaseModel):
    name: str
    password: SecretStr


class Plugin(BaseModel):
    token: SecretStr
    accounts: dict[str, Account]
    others: list[SecretStr]


def test_a_plugins_model_is_searched_through() -> None:
    model = Plugin.model_validate(
        {
            "token": "planted-five",
            "accounts": {"a": {"name": "Anna", "password": "planted-six"}},
            "others": ["planted-seven"],
        }
    )
    assert list(secrets_of(model)) == ["planted-five", "planted-six", "planted-seven"]
    secrets = Secrets()
    secrets.learn(secrets_of(model))
    secrets.learn(secrets_of(model))
    assert secrets.hide("planted-five of Anna, planted-six") == f"{HIDDEN} of Anna, {HIDDEN}"


def test_other_forms_are_hidden_too() -> None:
    secrets = Secrets(["it's a \\ secret/with 100%"])
    assert secrets.hide("?q=it%27s%20a%20%5C%20secret%2Fwith%20100%25") == f"?q={HIDDEN}"
    assert secrets.hide(repr({"x": "it's a \\ secret/with 100%"})) == f"{{'x': \"{HIDDEN}\"}}"


def test_a_short_one_would_hide_everything() -> None:
    assert Secrets(["a", "12345"]).hide("a cat, 12345") == "a cat, 12345"


def test_the_longer_one_is_hidden_whole() -> None:
    assert Secrets(["secret", "secret-and-more"]).hide("secret-and-more secret") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token ph_{'x' * 43} of shop", f"token ph_{HIDDEN} of shop"),
        ("GET /track/ImFiYyI.aQ2x.sIgNaTuRe-_x answered", f"GET /track/{HIDDEN} answered"),
        ("Authorization: Bearer abcdefgh.ijk", f"Authorization: Bearer {HIDDEN}"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", f"{{'Authorization': 'Basic {HIDDEN}'}}"),
        ("authorization=Token-of-ours, next", f"authorization={HIDDEN}, next"),
        ("(b'authorization', b'abcdefgh')", f"(b'authorization', b'{HIDDEN}')"),
        ("whsec_QUJDREVGRw== signs", f"whsec_{HIDDEN} signs"),
        ("postgresql://me:hunter2@db/x and more", f"postgresql://me:{HIDDEN}@db/x and more"),
        ("GET https://x.example/y?a=1&access_token=abc&b=2", f"GET https://x.example/y?a=1&access_token={HIDDEN}&b=2"),
    ],
)
def test_what_looks_like_one_is_hidden(text: str, shown: str) -> None:
    assert Secrets().hide(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"api_key": "x", "name": "planted-one"}, {"api_key": HIDDEN, "name": HIDDEN}),
        (["planted-one", ("a", 1)], [HIDDEN, ["a", 1]]),
        ({"count": 3, "ok": True, "none": None, "part": 0.5}, {"count": 3, "ok": True, "none": None, "part": 0.5}),
        (ValueError("planted-one"), HIDDEN),
    ],
)
def test_tables_and_lists_are_searched_through(value: Any, shown: Any) -> None:
    assert Secrets(["planted-one"]).hide_within(value) == shown
