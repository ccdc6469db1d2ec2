from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from packhouse.sdk import BuysLabels, Provider, Quotes, Tracks, VoidsLabels
from packhouse_ups import Plugin, UpsSettings


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="ups")
    assert point.load() is Plugin


def test_manifest() -> None:
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.title, manifest.api, manifest.settings) == ("ups", "UPS", "1", UpsSettings)


async def test_one_carrier_that_can_do_all_four(
    ups_context: Callable[[UpsSettings | None], Any], ups_settings_for: Callable[..., UpsSettings]
) -> None:
    (provider,) = Plugin().register_carriers(ups_context(ups_settings_for()))
    assert (provider.code, provider.title) == ("ups", "UPS")
    for capability in (Provider, Quotes, BuysLabels, VoidsLabels, Tracks):
        assert isinstance(provider, capability)


async def test_no_carrier_without_settings(ups_context: Callable[[UpsSettings | None], Any]) -> None:
    assert Plugin().register_carriers(ups_context(UpsSettings())) == []
    assert Plugin().register_carriers(ups_context(None)) == []
