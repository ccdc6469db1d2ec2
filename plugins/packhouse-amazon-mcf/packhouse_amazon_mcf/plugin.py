"""What Packhouse loads: the manifest, and the one network that it registers."""

from collections.abc import Sequence
from importlib.metadata import version

from packhouse.sdk import PluginContext, PluginManifest, Provider, hookimpl
from packhouse_amazon_mcf.client import AmazonClient
from packhouse_amazon_mcf.provider import AmazonMcfProvider
from packhouse_amazon_mcf.settings import AmazonMcfSettings
from packhouse_amazon_mcf.units import NETWORK, TITLE


class Plugin:
    """The plugin `amazon-mcf`."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `amazon-mcf`; its settings stand in `[plugins.settings.amazon-mcf]`."""
        return PluginManifest(
            code=NETWORK, title=TITLE, version=version("packhouse-amazon-mcf"), settings=AmazonMcfSettings
        )

    @hookimpl
    def register_fulfillment_networks(self, context: PluginContext) -> Sequence[Provider]:
        """The network `amazon-mcf`; none while the plugin is installed but has no settings."""
        settings = context.settings
        if not isinstance(settings, AmazonMcfSettings) or not settings.is_configured:
            context.log.info("Amazon MCF is installed without settings: no network is registered")
            return []
        client = AmazonClient(settings, lambda: context.http, context.log)
        return [AmazonMcfProvider(settings, client, context.log)]
