from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from packhouse.sdk import CollectsReviews, Provider, ReadsReviews, RepliesToReviews
from packhouse_trustpilot import Plugin, TrustpilotSettings


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="trustpilot")
    assert point.load() is Plugin


def test_manifest() -> None:
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.title, manifest.api) == ("trustpilot", "Trustpilot", "1")
    assert manifest.settings is TrustpilotSettings


async def test_one_platform_that_can_do_all_three(
    trustpilot_context: Callable[[TrustpilotSettings | None], Any],
    trustpilot_settings_for: Callable[..., TrustpilotSettings],
) -> None:
    (provider,) = Plugin().register_review_platforms(trustpilot_context(trustpilot_settings_for()))
    assert (provider.code, provider.title) == ("trustpilot", "Trustpilot")
    for capability in (Provider, CollectsReviews, ReadsReviews, RepliesToReviews):
        assert isinstance(provider, capability)


async def test_no_platform_without_settings(
    trustpilot_context: Callable[[TrustpilotSettings | None], Any],
) -> None:
    assert Plugin().register_review_platforms(trustpilot_context(TrustpilotSettings())) == []
    assert Plugin().register_review_platforms(trustpilot_context(None)) == []
