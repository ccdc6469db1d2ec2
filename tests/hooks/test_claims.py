"""Two plugins that claim one code: the one that comes first has it, the other is left out as a whole, and the rest goes on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from packhouse.hooks import BrokenPlugin, DuplicateCode, PluginHost
from packhouse.hooks.claims import Claims
from packhouse.hooks.registry import KINDS, Kind
from packhouse.hooks.reports import PluginStatus
from packhouse.hooks.selection import Selection, StoredChoice
from packhouse.sdk import (
    Event,
    Objection,
    OrderSnapshot,
    PluginJob,
    PluginManifest,
    PluginRoute,
    Provider,
    Recipient,
    RoutingRule,
    hookimpl,
)


@dataclass
class Choices:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    strict: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Distribution:
    name: str
    version: str = "1"


@dataclass
class Point:
    name: str
    plugin: type
    dist: Distribution = field(default_factory=lambda: Distribution("packhouse-x"))

    def load(self) -> type:
        return self.plugin


@dataclass
class Vendor:
    code: str
    title: str = "A vendor"


async def nothing(*_: object) -> Any: ...


class Everything:
    """A plugin with all that a plugin can bring beside providers."""

    code = ""
    started = False

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest(self.code, self.code.title(), "1")

    @hookimpl
    def register_recipients(self) -> Sequence[Recipient]:
        return [Recipient("shop")]

    @hookimpl
    def register_jobs(self) -> Sequence[PluginJob]:
        return [PluginJob("nightly", 3600, nothing)]

    @hookimpl
    def register_routes(self) -> Sequence[PluginRoute]:
        return [PluginRoute("hello", nothing)]

    @hookimpl
    def register_routing_rules(self) -> Sequence[RoutingRule]:
        return [RoutingRule("near", "Near", lambda *_: None)]

    @hookimpl
    async def startup(self) -> None:
        type(self).started = True

    @hookimpl
    def check_order(self, order: OrderSnapshot) -> Objection | None: ...

    @hookimpl
    async def order_extensions(self, orders: Sequence[OrderSnapshot]) -> Any: ...

    @hookimpl
    async def order_placed(self, event: Event) -> None: ...


def make(code: str, *providers: str, kind: Kind = KINDS[1]) -> type[Everything]:
    """A plugin with providers of one kind."""

    def register(_: object) -> Sequence[Provider]:
        return [Vendor(each) for each in providers]

    return type("Plugin", (Everything,), {"code": code, kind.hook: hookimpl(register)})


def load(*points: Point, given: Sequence[object] = (), **choices: Any) -> PluginHost:
    return PluginHost.load(Choices(**choices), given, installed=points)


def point(code: str, *providers: str, kind: Kind = KINDS[1]) -> Point:
    return Point(code, make(code, *providers, kind=kind))


CLASH = "its carrier van is one of plugin acme already: rename one of them, or disable one of the two plugins"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.field)
async def test_the_second_of_two_with_a_code_is_left_out_and_the_rest_goes_on(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    points = [
        point("zeta", "other", kind=kind),
        point("post", "van", "bike", kind=kind),
        point("acme", "van", kind=kind),
    ]
    host = load(*points)
    reason = CLASH.replace("carrier", kind.name)
    assert host.quarantined == [("post", reason)]
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"Left out plugin post: {reason}")
    ]
    assert {each.code: each.status for each in host.reports()} == {
        "acme": PluginStatus.LOADED,
        "post": PluginStatus.QUARANTINED,
        "zeta": PluginStatus.LOADED,
    }
    (report,) = [each for each in host.reports() if each.code == "post"]
    assert (report.title, report.error, report.providers, report.hooks) == ("Post", reason, (), ())
    assert {code: type(each) for code, each in getattr(host.providers, kind.field).items()} == {
        "van": Vendor,
        "other": Vendor,
    }
    with pytest.raises(DuplicateCode, match=f"plugin post: its {kind.name} van is one of plugin acme already"):
        load(*points, strict=True)


async def test_the_one_that_is_left_out_leaves_nothing_behind() -> None:
    rival = make("post", "van")
    host = load(Point("post", rival), point("acme", "van"))
    assert list(host.candidates) == ["acme"]
    assert host.addresses == ("acme/shop",)
    assert {address for addresses in host.listeners.values() for address in addresses} == {"acme/shop"}
    assert list(host.judges.rules) == ["acme/near"]
    assert list(host.judges.versions) == ["acme"]
    assert [each.code for each in host._hooks["check_order"]] == ["acme"]
    assert [each.code for each in host._hooks["order_extensions"]] == ["acme"]
    await host.start_fresh()
    assert not rival.started


async def test_a_built_in_one_comes_before_all_installed_ones() -> None:
    host = load(point("acme", "van"), given=[make("zeta", "van")()])
    assert list(host.candidates) == ["zeta"]
    assert host.quarantined == [("acme", CLASH.replace("acme", "zeta"))]
    host = load(point("acme"), given=[make("acme")()])
    assert host.quarantined == [("acme", "there is another plugin acme already: uninstall one of the two")]
    assert [each.is_built_in for each in host.plugins] == [True]


async def test_of_two_with_one_name_the_first_distribution_is_taken_and_the_other_never_loaded() -> None:
    class Unloadable:
        def __init__(self) -> None:
            raise AssertionError("it was loaded")

    first, second = make("acme", "van"), Point("acme", Unloadable, Distribution("packhouse-b", "2"))
    host = load(second, Point("acme", first, Distribution("packhouse-a")))
    assert type(host.candidates["acme"].plugin) is first
    assert host.quarantined == [("acme", "there is another plugin acme already: uninstall one of the two")]
    (aside,) = [each for each in host.reports() if each.status is PluginStatus.QUARANTINED]
    assert (aside.code, aside.title, aside.version) == ("acme", "", "")
    assert [each.needs_restart for each in host.reports()] == [False, False]
    with pytest.raises(DuplicateCode, match="there is another plugin acme already"):
        load(second, Point("acme", first, Distribution("packhouse-a")), strict=True)


async def test_one_that_is_broken_claims_nothing() -> None:
    class Broken:
        def __init__(self) -> None:
            raise ImportError("no module named acme_client")

    host = load(Point("acme", Broken), point("post", "van"))
    assert list(host.candidates) == ["post"]
    # nor does one that is left out for a part of what it claims
    host = load(point("acme", "van"), point("beta", "bike", "van"), point("post", "bike"))
    assert list(host.candidates) == ["acme", "post"]
    assert [name for name, _ in host.quarantined] == ["beta"]


async def test_two_codes_that_stand_for_the_same_settings_are_one() -> None:
    host = load(point("acme-post"), point("acme_post"))
    reason = (
        "its settings would be those of plugin acme-post too, as - and _ are one there: disable one of the two plugins"
    )
    assert host.quarantined == [("acme_post", reason)]


async def test_a_code_twice_in_one_plugin_is_its_own_mistake() -> None:
    host = load(point("acme", "van", "van"))
    assert host.quarantined == [("acme", "register_carriers returned the code van twice")]
    with pytest.raises(BrokenPlugin, match="register_carriers returned the code van twice"):
        load(given=[make("acme", "van", "van")()])


async def test_two_that_are_handed_over_are_a_mistake_of_the_program() -> None:
    for given in ([make("acme"), make("acme")], [make("acme", "van"), make("post", "van")]):
        with pytest.raises(DuplicateCode):
            load(given=[each() for each in given])


async def test_a_host_made_anew_leaves_out_what_clashes_now_and_takes_it_back_afterwards() -> None:
    """What runs is stopped where one before it, which is enabled now, has its code; disabled again, it comes back."""
    host = load(point("acme", "van"), point("post", "van"), disabled=["acme"])
    assert list(host.candidates) == ["post"]
    stored = {"acme": StoredChoice(enabled=True)}
    origin = {"plugins.disabled": "default"}.get
    both = host.remade(Selection(Choices(disabled=["acme"]), stored, lambda key: origin(key, "")))
    assert list(both.candidates) == ["acme"]
    assert both.quarantined == [("post", CLASH)]
    again = both.remade(host.selection)
    assert list(again.candidates) == ["post"]
    assert again.quarantined == []


def test_a_plugin_takes_all_that_it_claims_or_nothing() -> None:
    claims = Claims()
    claims.take("acme", {"carriers": [Vendor("van")]})
    with pytest.raises(DuplicateCode) as clash:
        claims.take("post", {"channels": [Vendor("shop")], "carriers": [Vendor("van")]})
    assert (clash.value.kind, clash.value.code, clash.value.first, clash.value.name) == (
        "carrier",
        "van",
        "acme",
        "post",
    )
    claims.take("mail", {"channels": [Vendor("shop"), Vendor("van")]})
    claims.take("post", {})
