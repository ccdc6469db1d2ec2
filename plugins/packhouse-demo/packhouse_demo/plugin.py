"""What Packhouse loads: the manifest, and the simulators that are registered."""

from collections.abc import Sequence
from importlib.metadata import version

from packhouse.sdk import PluginContext, PluginManifest, Provider, RoutingRule, hookimpl
from packhouse_demo.carrier import DemoCarrier
from packhouse_demo.channel import DemoChannel
from packhouse_demo.network import DemoNetwork
from packhouse_demo.payments import DemoPayments
from packhouse_demo.reviews import DemoReviews
from packhouse_demo.routing import SPREAD
from packhouse_demo.settings import DemoSettings


class Plugin:
    """The plugin `demo`: simulators, each saying so in its title."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `demo`; its settings stand in `[plugins.settings.demo]`."""
        return PluginManifest(
            code="demo", title="Demo (simulated)", version=version("packhouse-demo"), settings=DemoSettings
        )

    @hookimpl
    def register_channels(self) -> Sequence[Provider]:
        """The shop."""
        return [DemoChannel()]

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        """The carrier."""
        return [DemoCarrier(_settings(context))]

    @hookimpl
    def register_fulfillment_networks(self, context: PluginContext) -> Sequence[Provider]:
        """The 3PL."""
        return [DemoNetwork(_settings(context))]

    @hookimpl
    def register_payment_providers(self) -> Sequence[Provider]:
        """The payment provider."""
        return [DemoPayments()]

    @hookimpl
    def register_review_platforms(self, context: PluginContext) -> Sequence[Provider]:
        """The review platform."""
        return [DemoReviews(_settings(context))]

    @hookimpl
    def register_routing_rules(self) -> Sequence[RoutingRule]:
        """The rule that spreads orders over locations."""
        return [SPREAD]


def _settings(context: PluginContext) -> DemoSettings:
    settings = context.settings
    return settings if isinstance(settings, DemoSettings) else DemoSettings()
