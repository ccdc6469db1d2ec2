"""What people see of plugins: everything about each, and no secret."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr
from tests.hooks.test_loading import Carrier, Choices, Mail, Point, broken

from packhouse.hooks import PluginHost
from packhouse.hooks.reports import PluginStatus, ProviderReport, SettingReport
from packhouse.hooks.selection import Selection, StoredChoice
from packhouse.sdk import Event, PluginManifest, Provider, Recipient, hookimpl

PLANTED = "planted-in-a-test-and-looked-for"


class ShopSettings(BaseModel):
    url: str
    pin: SecretStr
    api_token: str = ""
    backup: SecretStr = SecretStr(PLANTED)
    tags: frozenset[str] = Field(default=frozenset({"b", "a"}))
    ratio: float = 0.5


class ShopPlugin:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("shop", "Shop", "2.0", settings=ShopSettings)

    @hookimpl
    def register_carriers(self) -> Sequence[Provider]:
        return [Carrier("van", "Our van")]

    @hookimpl
    def register_recipients(self) -> Sequence[Recipient]:
        return [Recipient("a"), Recipient("b")]

    @hookimpl
    async def order_placed(self, event: Event) -> None: ...


@dataclass
class Distribution:
    version: str


@dataclass
class Versioned(Point):
    dist: Distribution = field(default_factory=lambda: Distribution("1.0"))


def host_with(table: dict[str, Any], *points: Point, **choices: Any) -> PluginHost:
    return PluginHost.load(
        Choices(settings={"shop": table}, **choices), installed=[Point("shop", lambda: ShopPlugin), *points]
    )


async def test_a_plugin_in_use_is_told_with_its_settings_and_no_secret() -> None:
    table = {"url": f"https://user:{PLANTED}@host/", "pin": PLANTED, "api_token": PLANTED}
    host = host_with(table)
    (report,) = host.reports()
    assert (report.code, report.title, report.version, report.api) == ("shop", "Shop", "2.0", "1")
    assert (report.status, report.error, report.is_built_in) == (PluginStatus.LOADED, "", False)
    assert report.hooks == ("order_placed", "plugin_manifest", "register_carriers", "register_recipients")
    assert report.providers == (ProviderReport("carrier", "van", "Our van"),)
    assert report.addresses == ("shop/a", "shop/b")
    assert report.settings == (
        SettingReport("url", "settings", is_secret=False, value='"https://user:********@host/"'),
        SettingReport("pin", "settings", is_secret=True, value=None),
        SettingReport("api_token", "settings", is_secret=True, value=None),
        SettingReport("backup", "default", is_secret=True, value=None),
        SettingReport("tags", "default", is_secret=False, value='["a", "b"]'),
        SettingReport("ratio", "default", is_secret=False, value="0.5"),
    )
    assert PLANTED not in str(host.reports())
    await host.startup()
    assert [each.status for each in host.reports()] == [PluginStatus.RUNNING]
    await host.shutdown()
    assert [each.status for each in host.reports()] == [PluginStatus.STOPPED]


def test_one_that_is_set_wrongly_is_told_with_what_it_would_take() -> None:
    host = host_with({"pin": PLANTED, "ratio": PLANTED}, Point("mail", lambda: Mail), Point("broken", broken))
    reports = {each.code: each for each in host.reports()}
    assert {code: each.status for code, each in reports.items()} == {
        "broken": PluginStatus.QUARANTINED,
        "mail": PluginStatus.LOADED,
        "shop": PluginStatus.QUARANTINED,
    }
    shop = reports["shop"]
    assert shop.error.startswith("settings: url: Field required; ratio: Input should be a valid number")
    assert (shop.title, shop.version) == ("Shop", "2.0")
    assert [(each.key, each.source, each.value) for each in shop.settings][:4] == [
        ("pin", "settings", None),
        ("ratio", "settings", None),
        ("url", "not set", None),
        ("api_token", "default", '""'),
    ]
    assert (reports["broken"].title, reports["broken"].settings) == ("", ())
    assert PLANTED not in str(host.reports())


def test_one_that_is_not_wanted_is_told_with_the_version_that_is_installed() -> None:
    host = PluginHost.load(
        Choices(disabled=["mail"]), [ShopSettingsFree()], installed=[Versioned("mail", lambda: Mail)]
    )
    reports = {each.code: each for each in host.reports()}
    assert (reports["mail"].status, reports["mail"].version) == (PluginStatus.DISABLED, "1.0")
    assert reports["free"].is_built_in


class ShopSettingsFree:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("free", "Free", "1")


class Other(Mail):
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("other", "Other", "1")


def test_a_host_made_anew_keeps_what_did_not_change() -> None:
    points = [Point("shop", lambda: ShopPlugin), Point("mail", lambda: Mail), Point("other", lambda: Other)]
    built_in = ShopSettingsFree()
    choices = Choices()
    host = PluginHost.load(choices, [built_in], installed=points)
    assert sorted(host.candidates) == ["free", "mail", "other"]
    kept = {"shop": StoredChoice(table={"url": "u"}, secrets={"pin": SecretStr("1")}), "other": StoredChoice(False)}
    anew = host.remade(Selection(choices, kept, lambda _: "default"))
    assert sorted(anew.candidates) == ["free", "mail", "shop"]
    assert anew.candidates["mail"] is host.candidates["mail"]
    assert anew.candidates["free"].plugin is built_in
    changed = host.remade(
        Selection(choices, {"shop": StoredChoice(table={"url": "u"}, secrets={"pin": SecretStr("2")})})
    )
    again = anew.remade(Selection(choices, kept, lambda _: "default"))
    assert again.candidates["shop"] is anew.candidates["shop"]
    assert changed.candidates["shop"] is not anew.candidates["shop"]


def test_code_of_another_version_than_what_is_installed_is_told() -> None:
    point = Versioned("mail", lambda: Mail)
    choices = Choices()
    host = PluginHost.load(choices, installed=[point])
    assert [each.needs_restart for each in host.reports()] == [False]
    point.dist.version = "1.1"
    off = host.remade(Selection(choices, {"mail": StoredChoice(enabled=False)}, lambda _: "default"))
    on = off.remade(Selection(choices))
    assert [each.needs_restart for each in on.reports()] == [True]


@pytest.mark.parametrize("strict", [False, True])
def test_making_anew_is_as_strict_as_it_is_told(strict: bool) -> None:
    host = PluginHost.load(Choices(strict=True), installed=[Point("mail", lambda: Mail)])
    stored = {"mail": StoredChoice(table={"unknown": 1})}
    if strict:
        with pytest.raises(Exception, match="it takes no settings, but has unknown"):
            host.remade(Selection(Choices(strict=True), stored, strict=True))
    else:
        anew = host.remade(Selection(Choices(strict=True), stored))
        assert anew.quarantined == [("mail", "it takes no settings, but has unknown")]
    assert sorted(host.candidates) == ["mail"]
