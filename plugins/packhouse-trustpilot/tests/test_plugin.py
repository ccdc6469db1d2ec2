from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import pytest

from packhouse.sdk import CollectsReviews, Provider, ProviderRefused, ReadsReviews, RepliesToReviews
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


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ""),
        ({"service_template_id": "t1", "product_template_id": "t2"}, ""),
        ({"product_template_id": "t3"}, "Trustpilot has no invitation template t3 (product_template_id)"),
    ],
)
async def test_the_connection_is_tried_by_asking_for_the_templates(
    *,
    changes: dict[str, str],
    missing: str,
    trustpilot_host: Any,
    trustpilot_context: Callable[[TrustpilotSettings | None], Any],
    trustpilot_settings_for: Callable[..., TrustpilotSettings],
) -> None:
    path = "/v1/private/business-units/46d6a890/templates"
    trustpilot_host.answer(path, {"templates": [{"id": "t1"}, {"id": "t2"}, "odd"]})
    context = trustpilot_context(trustpilot_settings_for(trustpilot_host.url, **changes))
    if missing:
        with pytest.raises(ProviderRefused) as refused:
            await Plugin().test_connection(context)
        assert (refused.value.detail, refused.value.code) == (missing, "TEMPLATE")
    else:
        said = await Plugin().test_connection(context)
        assert said == "Trustpilot answered: business unit 46d6a890 has 2 invitation templates"
    assert len(trustpilot_host.asked(path)) == 1


async def test_there_is_no_connection_without_settings(
    trustpilot_context: Callable[[TrustpilotSettings | None], Any],
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await Plugin().test_connection(trustpilot_context(TrustpilotSettings()))
    assert refused.value.code == "NO_SETTINGS"
