"""A change that is not allowed, or that the plugin would not work with, is refused with the field that is wrong."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from packhouse.hooks import PluginHost
from packhouse.hooks.selection import Selection, StoredChoice
from packhouse.plugins.changes import Change, Configure, DeleteSecret, Disable, Enable, KeepSecret
from packhouse.plugins.stored import Stored
from packhouse.plugins.trial import try_change
from packhouse.sdk import PluginContext, PluginManifest, Refused, hookimpl

PLANTED = "planted-in-a-test-and-looked-for"
ORIGINS = {"plugins.enabled": "default", "plugins.disabled": "default"}
PIN = {"pin": SecretStr("1234")}


@dataclass
class Choices:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    strict: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


class BuiltIn:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("packhouse-x", "X", "1")


def tried(points: Any, change: Change, stored: StoredChoice | None = None, **choices: Any) -> StoredChoice:
    given = Choices(**choices)
    host = PluginHost.load(given, [BuiltIn()], installed=points, origin=lambda key: ORIGINS.get(key, "packhouse.toml"))
    kept = Stored(7, {change.code: stored} if stored else {})
    host = host.remade(Selection(given, kept.choices, host.selection.origin))
    before = host.reports()
    proposed = try_change(host, kept, change)
    assert host.reports() == before
    assert proposed.version == 7
    return proposed.of(change.code)


def refused(points: Any, change: Change, stored: StoredChoice | None = None, **choices: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refusal:
        tried(points, change, stored, **choices)
    assert PLANTED not in refusal.value.message
    return refusal.value.code, refusal.value.field


def test_what_works_is_proposed(points: Any) -> None:
    assert tried(points, Enable("mail")).enabled is True
    assert tried(points, Enable("post"), StoredChoice(secrets=PIN)).enabled is True
    assert tried(points, Disable("post")).enabled is False
    assert tried(points, Disable("broken")).enabled is False
    assert tried(points, Configure("post", {"speed": 3}), StoredChoice(secrets=PIN)).table == {"speed": 3}
    assert tried(points, Configure("post", {"pin": {"secret": "new"}}), StoredChoice(secrets={"new": PIN["pin"]}))


def test_who_is_not_there_or_built_in_is_refused(points: Any) -> None:
    for change in (Enable("gone"), Configure("gone", {"a": 1}), KeepSecret("gone", "pin", SecretStr(PLANTED))):
        assert refused(points, change) == ("UNKNOWN_PLUGIN", "code")
    for change in (Disable("packhouse-x"), KeepSecret("packhouse-x", "pin", SecretStr(PLANTED))):
        assert refused(points, change) == ("BUILT_IN", "code")


def test_what_files_and_environment_say_is_not_changed(points: Any) -> None:
    assert refused(points, Disable("post"), enabled=["post"]) == ("FIXED", "code")
    assert refused(points, Enable("mail"), enabled=["post"]) == ("FIXED", "code")
    fixed = {"settings": {"post": {"pin": "1234", "endpoints": {"a": {"url": "u", "secrets": ["s"]}}}}}
    for key in ("pin", "endpoints", "endpoints.a", "endpoints.a.url", "endpoints.a.url.deeper"):
        assert refused(points, Configure("post", {key: 1}), **fixed) == ("FIXED", f"settings.{key}")
        assert refused(points, Configure("post", {}, (key,)), **fixed) == ("FIXED", f"settings.{key}")
    assert tried(points, Configure("post", {"speed": 2}), **fixed).table == {"speed": 2}
    beside = {"endpoints.b.url": "v", "endpoints.b.secrets": [{"secret": "pin"}]}
    assert tried(points, Configure("post", beside), StoredChoice(secrets=PIN), **fixed)


@pytest.mark.parametrize("enabled", [None, False])
def test_settings_that_the_plugin_does_not_take_are_refused_whether_it_runs_or_not(
    points: Any, enabled: bool | None
) -> None:
    stored = StoredChoice(enabled, secrets=PIN)
    for values, field_ in (
        ({"speed": "fast"}, "settings.speed"),
        ({"sped": 1}, "settings.sped"),
        ({"endpoints.a.url": "u"}, "settings.endpoints.a.secrets"),
        ({"pin": {"secret": "gone"}}, "settings.pin"),
        ({"pin": {"env": "HOME"}}, "settings.pin"),
        ({"speed": {"file": "/etc/hostname"}}, "settings.speed"),
    ):
        assert refused(points, Configure("post", values), stored) == ("NOT_VALID", field_)


def test_one_that_lacks_settings_is_not_enabled(points: Any) -> None:
    assert refused(points, Enable("post")) == ("NOT_VALID", "settings.pin")
    assert refused(points, Enable("broken")) == ("NOT_VALID", "code")


def test_secrets_in_plain_are_refused(points: Any) -> None:
    stored = StoredChoice(secrets=PIN)
    endpoint = {"url": "u", "secrets": [{"secret": "pin"}, PLANTED]}
    assert refused(points, Configure("post", {"pin": PLANTED}), stored) == ("SECRET_IN_PLAIN", "settings.pin")
    assert refused(points, Configure("post", {"endpoints.a": endpoint}), stored) == (
        "SECRET_IN_PLAIN",
        "settings.endpoints.a.secrets",
    )


def test_a_secret_may_come_before_what_else_is_missing_but_breaks_nothing(points: Any) -> None:
    assert tried(points, KeepSecret("post", "other", SecretStr("x"))).secrets
    assert refused(points, KeepSecret("post", "pin", SecretStr("1"))) == ("NOT_VALID", "value")
    working = StoredChoice(table={"pin": {"secret": "mine"}}, secrets={"mine": SecretStr("1234")})
    assert refused(points, KeepSecret("post", "mine", SecretStr("1")), working) == ("NOT_VALID", "value")
    assert refused(points, DeleteSecret("post", "mine"), working) == ("NOT_VALID", "name")
    assert tried(points, KeepSecret("post", "mine", SecretStr("12345")), working).secrets == {
        "mine": SecretStr("12345")
    }
    assert tried(points, DeleteSecret("post", "mine"), StoredChoice(table=working.table, secrets={"mine": None}))


class VanSettings(BaseModel):
    van: str = "van"


def with_van(code: str) -> Any:
    """A plugin whose carrier has the code that its settings say."""

    class Plugin:
        @hookimpl
        def plugin_manifest(self) -> PluginManifest:
            return PluginManifest(code, code.title(), "1", settings=VanSettings)

        @hookimpl
        def register_carriers(self, context: PluginContext) -> Any:
            return [type("Van", (), {"code": context.settings.van, "title": "Van"})()]

    return Plugin


@pytest.mark.parametrize(("enabled", "running"), [("acme", "zeta"), ("zeta", "acme")])
def test_one_that_claims_what_a_running_one_has_is_not_enabled_whichever_comes_first(
    points: Any, enabled: str, running: str
) -> None:
    both = [type(points[0])(code, with_van(code)) for code in ("acme", "zeta")]
    host = PluginHost.load(Choices(disabled=[enabled]), installed=both, origin=lambda key: ORIGINS.get(key, ""))
    assert list(host.candidates) == [running]
    told = "plugin zeta would not work: its carrier van is one of plugin acme already"
    with pytest.raises(Refused, match=told) as refusal:
        try_change(host, Stored(0, {}), Enable(enabled))
    assert (refusal.value.code, refusal.value.field) == ("NOT_VALID", "code")
    assert list(host.candidates) == [running]
    settings = Configure(enabled, {"van": "bike"})
    assert try_change(host, Stored(0, {}), settings).of(enabled).table == {"van": "bike"}


def test_settings_that_claim_what_a_running_one_has_are_refused(points: Any) -> None:
    both = [type(points[0])(code, with_van(code)) for code in ("acme", "zeta")]
    kept = Stored(0, {"acme": StoredChoice(table={"van": "bike"})})
    host = PluginHost.load(Choices(), installed=both, origin=lambda key: ORIGINS.get(key, ""), stored=kept.choices)
    assert (list(host.candidates), host.quarantined) == (["acme", "zeta"], [])
    for change in (Configure("acme", {"van": "van"}), Configure("zeta", {"van": "bike"})):
        with pytest.raises(Refused, match="plugin zeta would not work: its carrier") as refusal:
            try_change(host, kept, change)
        assert refusal.value.code == "NOT_VALID"


def test_one_that_runs_beside_another_of_its_name_can_be_changed(points: Any) -> None:
    twice = [type(points[0])("acme", with_van("acme")), type(points[0])("acme", with_van("acme"))]
    host = PluginHost.load(Choices(), installed=twice, origin=lambda key: ORIGINS.get(key, ""))
    assert [name for name, _ in host.quarantined] == ["acme"]
    proposed = try_change(host, Stored(0, {}), Configure("acme", {"van": "bike"}))
    assert proposed.of("acme").table == {"van": "bike"}
