import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from packhouse.hooks import BrokenPlugin, PluginHost
from packhouse.hooks.loading import settings_model_of
from packhouse.hooks.plugin_settings import table_of
from packhouse.sdk import Event, Objection, OrderSnapshot, PluginContext, PluginManifest, Provider, hookimpl


@dataclass
class Choices:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    strict: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Point:
    name: str
    loads: Callable[[], Any]

    def load(self) -> Any:
        return self.loads()


@dataclass
class Carrier:
    code: str
    title: str = "A carrier"


class Parcels:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("parcels", "Parcels", "1.2")

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        context.log.debug("registering")
        return [Carrier("parcels"), Carrier("parcels-express")]

    @hookimpl
    async def order_placed(self, event: Event) -> None:
        """React."""


class Mail:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("mail", "Mail", "1.0")


def load(*plugins: object, **choices: Any) -> PluginHost:
    return PluginHost.load(Choices(**choices), plugins, installed=())


def install(*points: Point, **choices: Any) -> PluginHost:
    return PluginHost.load(Choices(**choices), installed=points)


def with_hook(function: Any, name: str | None = None) -> object:
    return type("Wrong", (Mail,), {name or function.__name__: hookimpl(function)})()


def test_a_plugin_says_who_it_is_and_what_it_does() -> None:
    host = load(Parcels())
    (plugin,) = host.plugins
    assert (plugin.code, plugin.title, plugin.version, plugin.api) == ("parcels", "Parcels", "1.2", "1")
    assert plugin.hooks == ("order_placed", "plugin_manifest", "register_carriers")
    assert list(host.providers.carriers) == ["parcels", "parcels-express"]
    assert host.providers.channels == {}
    assert host.quarantined == []


def check_without_reason(self: object, order: OrderSnapshot, facts: Any = None) -> Objection | None: ...
async def check_order(self: object, order: OrderSnapshot) -> Objection | None: ...
def order_placed(self: object, event: Event) -> None: ...
async def order_placd(self: object, event: Event) -> None: ...
async def order_held(self: object, evnt: Event) -> None: ...
async def order_released(self: object, event: Event, order: OrderSnapshot | None = None) -> None: ...
async def order_changed(self: object, *events: Event) -> None: ...
async def order_cancelled(self: object, event: Event) -> Any:  # noqa: ARG001  (a hook as a plugin writes it)
    yield event


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (check_order, "check_order has the wrong colour: it must be def, because it may do no I/O"),
        (order_placed, "order_placed has the wrong colour: it must be async def"),
        (order_placd, "there is no hook order_placd; did you mean order_placed?"),
        (order_held, "order_held has no argument evnt; did you mean event? (its arguments: event, order, context)"),
        (order_released, "order_released: the argument order has a default, and would never be passed"),
        (order_changed, "order_changed: *events: packhouse.sdk.events.Event is not a plain argument"),
        (order_cancelled, "order_cancelled is a generator: it must return its answer"),
    ],
)
def test_a_wrong_hook_is_refused_with_the_reason(function: Any, reason: str) -> None:
    with pytest.raises(BrokenPlugin) as refusal:
        load(with_hook(function))
    assert refusal.value.name == "Wrong"
    assert refusal.value.reason.startswith(reason)


def test_a_default_is_refused_in_a_check_too() -> None:
    with pytest.raises(BrokenPlugin, match="the argument facts has a default"):
        load(with_hook(check_without_reason, "check_order"))


def test_a_hook_under_another_name_and_a_wrapper_are_refused() -> None:
    class Renamed(Mail):
        @hookimpl(specname="order_placed")
        async def react(self, event: Event) -> None: ...

    class Wrapper(Mail):
        @hookimpl(wrapper=True)
        def check_order(self) -> Any:
            return (yield)

    with pytest.raises(BrokenPlugin, match="give the method the hook's own name"):
        load(Renamed())
    with pytest.raises(BrokenPlugin, match="hooks cannot be wrapped"):
        load(Wrapper())


def test_a_manifest_is_needed_and_must_fit() -> None:
    class Odd:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        @hookimpl
        def plugin_manifest(self) -> Any:
            return self.answer

    with pytest.raises(BrokenPlugin, match="it has no manifest: implement plugin_manifest"):
        load(object())
    with pytest.raises(BrokenPlugin, match="plugin_manifest returned dict, expected PluginManifest"):
        load(Odd({}))
    with pytest.raises(BrokenPlugin, match="written for API version 99, this host has 1"):
        load(Odd(PluginManifest("odd", "Odd", "1", api="99")))
    with pytest.raises(BrokenPlugin, match="its code 'Odd One' is not lower-case"):
        load(Odd(PluginManifest("Odd One", "Odd", "1")))


def test_providers_of_two_kinds_may_share_a_code() -> None:
    class Channel(Mail):
        @hookimpl
        def register_channels(self) -> Sequence[Provider]:
            return [Carrier("parcels")]

    host = load(Parcels(), Channel())
    assert set(host.providers.channels) == {"parcels"}


def test_what_is_no_provider_is_refused() -> None:
    class Odd(Mail):
        @hookimpl
        def register_carriers(self) -> Any:
            return [object()]

    class Odder(Mail):
        @hookimpl
        def register_carriers(self) -> Any:
            return None

    with pytest.raises(BrokenPlugin, match="register_carriers returned object, which has no code and title"):
        load(Odd())
    with pytest.raises(BrokenPlugin, match="register_carriers returned NoneType, expected a list of providers"):
        load(Odder())


def broken() -> Any:
    raise ImportError("no module named parcels_client")


def test_a_broken_plugin_is_left_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    host = install(Point("broken", broken), Point("mail", lambda: Mail))
    assert [plugin.code for plugin in host.plugins] == ["mail"]
    assert host.quarantined == [("broken", "ImportError: no module named parcels_client")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_broken_plugin_stops_a_strict_start() -> None:
    with pytest.raises(BrokenPlugin, match="plugin broken: ImportError: no module named parcels_client"):
        install(Point("broken", broken), strict=True)


class Panic(BaseException):
    """What libraries written in another language raise where they would have ended the program."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(1), "SystemExit: 1"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (Panic("no entry found"), "Panic: no entry found"),
    ],
    ids=["exit", "interrupt", "panic"],
)
def test_a_plugin_that_ends_the_process_is_left_out(error: BaseException, reason: str) -> None:
    def leave() -> Any:
        raise error

    host = install(Point("leaver", leave), Point("mail", lambda: Mail))
    assert host.quarantined == [("leaver", reason)]
    assert [plugin.code for plugin in host.plugins] == ["mail"]
    with pytest.raises(BrokenPlugin, match=f"plugin leaver: {reason}"):
        install(Point("leaver", leave), strict=True)
    with pytest.raises(BrokenPlugin, match=f"plugin leaver: {reason}"):
        settings_model_of("leaver", [Point("leaver", leave)])


def test_an_entry_point_names_a_class_with_the_same_code() -> None:
    host = install(Point("mail", Mail), Point("post", lambda: Mail))
    assert [name for name, _ in host.quarantined] == ["mail", "post"]
    assert "expected a class" in host.quarantined[0][1]
    assert host.quarantined[1][1] == "its manifest says mail; entry point and code must have one name"


def test_settings_choose_what_is_loaded() -> None:
    points = [Point("mail", lambda: Mail), Point("parcels", lambda: Parcels)]

    def codes(**choices: Any) -> list[str]:
        return [plugin.code for plugin in install(*points, **choices).plugins]

    assert codes() == ["mail", "parcels"]
    assert codes(disabled=["mail"]) == ["parcels"]
    assert codes(enabled=["mail"], disabled=["mail"]) == ["mail"]
    assert codes(enabled=[]) == []


def test_an_enabled_plugin_that_is_not_installed_is_named() -> None:
    host = install(Point("parcels", lambda: Parcels), enabled=["parcel"])
    assert host.quarantined == [("parcel", "it is enabled but not installed; did you mean parcels?")]


class MailSettings(BaseModel):
    token: SecretStr
    port: int = 25

    @field_validator("token")
    @classmethod
    def careless(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() == "hunter22":
            raise ValueError(f"{token.get_secret_value()} is too weak")
        return token


class WithSettings:
    context: PluginContext

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("mail", "Mail", "1.0", settings=MailSettings)

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        self.context = context
        return []


def test_a_plugin_gets_its_own_settings() -> None:
    plugin = WithSettings()
    load(plugin, settings={"mail": {"token": "abc", "port": 2525}, "other": {"x": 1}})
    assert plugin.context.code == "mail"
    assert plugin.context.settings.token.get_secret_value() == "abc"
    assert plugin.context.settings.port == 2525
    assert plugin.context.log.name == "packhouse.plugins.mail"


def test_an_underscore_stands_for_the_hyphen_of_a_code_and_counts_more() -> None:
    tables = {
        "amazon-mcf": {"region": "eu", "locations": {"fba": {"country": "GB"}}, "timeout": 5},
        "amazon_mcf": {"secret": "s", "locations": {"fba": {"marketplace": "A1"}}, "timeout": 7},
        "mail": {"token": "abc"},
    }
    assert table_of(tables, "amazon-mcf") == {
        "region": "eu",
        "locations": {"fba": {"country": "GB", "marketplace": "A1"}},
        "timeout": 7,
        "secret": "s",
    }
    assert table_of(tables, "mail") == {"token": "abc"}
    assert table_of(tables, "mail-er") == {}


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({}, "settings: token: Field required"),
        ({"token": "s3cr3t-value", "prt": 1}, "settings: unknown key prt; did you mean port?"),
        ({"token": "s3cr3t-value", "port": "s3cr3t-port"}, "settings: port: Input should be a valid integer"),
        ({"token": "hunter22"}, "settings: token: Value error, [hidden] is too weak"),
    ],
)
def test_bad_settings_name_the_key_and_no_secret(
    table: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = install(Point("mail", lambda: WithSettings), settings={"mail": table})
    assert host.quarantined[0][1].startswith(reason)
    for secret in ("s3cr3t-value", "s3cr3t-port", "hunter22"):
        assert secret not in caplog.text
        assert secret not in str(host.quarantined)


def test_bad_settings_hide_their_cause_from_a_traceback() -> None:
    with pytest.raises(BrokenPlugin) as refusal:
        load(WithSettings(), settings={"mail": {"token": "hunter22"}})
    assert refusal.value.__context__ is None


def test_settings_for_a_plugin_that_takes_none_are_refused() -> None:
    with pytest.raises(BrokenPlugin, match="it takes no settings, but has port"):
        load(Mail(), settings={"mail": {"port": 1}})


def test_a_model_that_forbids_or_allows_extra_keys_decides_itself() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    class Tolerant(Mail):
        @hookimpl
        def plugin_manifest(self) -> PluginManifest:
            return PluginManifest("mail", "Mail", "1.0", settings=Open)

    assert load(Tolerant(), settings={"mail": {"anything": 1}}).quarantined == []
