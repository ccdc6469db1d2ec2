import logging
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse.sdk import (
    BuysLabels,
    CollectsReviews,
    FulfillsOrders,
    Provider,
    PullsOrders,
    Quotes,
    Refunds,
    Tracks,
    VoidsLabels,
)
from packhouse.settings import Settings
from packhouse_demo import DemoSettings, Plugin


@dataclass(frozen=True)
class FakeContext:
    settings: DemoSettings | None = None
    http: Any = None
    code: str = "demo"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("packhouse.plugins.demo"))


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="demo")
    assert point.load() is Plugin


def test_it_is_disabled_unless_somebody_enables_it() -> None:
    assert Settings().plugins.disabled == ["demo"]


def test_manifest() -> None:
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.title, manifest.api) == ("demo", "Demo (simulated)", "1")
    assert manifest.settings is DemoSettings


def test_every_simulator_can_do_its_part_and_says_what_it_is() -> None:
    plugin, context = Plugin(), FakeContext(DemoSettings(speed=2))
    registered: dict[str, tuple[Any, tuple[type, ...]]] = {
        "demo": (plugin.register_channels(), (PullsOrders,)),
        "demo-carrier": (plugin.register_carriers(context), (Quotes, BuysLabels, VoidsLabels, Tracks)),
        "demo-3pl": (plugin.register_fulfillment_networks(context), (FulfillsOrders,)),
        "demo-pay": (plugin.register_payment_providers(), (Refunds,)),
        "demo-reviews": (plugin.register_review_platforms(context), (CollectsReviews,)),
    }
    for code, (providers, capabilities) in registered.items():
        (provider,) = providers
        assert provider.code == code
        assert provider.title.endswith("(simulated)")
        for capability in (Provider, *capabilities):
            assert isinstance(provider, capability)


@pytest.mark.parametrize("speed", [0, -1, 101, "nan", "inf"])
def test_a_speed_that_is_none_is_refused(speed: object) -> None:
    with pytest.raises(ValidationError):
        DemoSettings.model_validate({"speed": speed})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        DemoSettings.model_validate({"sped": 1})
