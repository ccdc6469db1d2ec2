from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from packhouse.sdk import (
    CancelsFulfillment,
    FulfillsOrders,
    PreviewsFulfillment,
    Provider,
    ReportsStock,
    TracksFulfillment,
    UpdatesFulfillment,
)
from packhouse_amazon_mcf import AmazonMcfSettings, Plugin


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="amazon-mcf")
    assert point.load() is Plugin


def test_manifest() -> None:
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.api, manifest.settings) == ("amazon-mcf", "1", AmazonMcfSettings)


async def test_one_network_that_can_do_all_of_it(
    amazon_context: Callable[[AmazonMcfSettings | None], Any], amazon_settings_for: Callable[..., AmazonMcfSettings]
) -> None:
    (network,) = Plugin().register_fulfillment_networks(amazon_context(amazon_settings_for()))
    assert (network.code, network.title) == ("amazon-mcf", "Amazon Multi-Channel Fulfillment")
    for capability in (
        Provider,
        FulfillsOrders,
        CancelsFulfillment,
        UpdatesFulfillment,
        PreviewsFulfillment,
        TracksFulfillment,
        ReportsStock,
    ):
        assert isinstance(network, capability)


async def test_no_network_without_settings(amazon_context: Callable[[AmazonMcfSettings | None], Any]) -> None:
    assert Plugin().register_fulfillment_networks(amazon_context(AmazonMcfSettings())) == []
    assert Plugin().register_fulfillment_networks(amazon_context(None)) == []
