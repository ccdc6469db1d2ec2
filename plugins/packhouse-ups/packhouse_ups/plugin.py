"""What Packhouse loads: the manifest, and the one carrier that it registers."""

from collections.abc import Sequence
from importlib.metadata import version

from packhouse.sdk import PluginContext, PluginManifest, Provider, hookimpl
from packhouse_ups.client import UpsClient
from packhouse_ups.provider import UpsProvider
from packhouse_ups.settings import UpsSettings
from packhouse_ups.units import CARRIER, TITLE


class Plugin:
    """The plugin `ups`."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `ups`; its settings stand in `[plugins.settings.ups]`."""
        return PluginManifest(code=CARRIER, title=TITLE, version=version("packhouse-ups"), settings=UpsSettings)

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        """The carrier `ups`; none while the plugin is installed but has no settings."""
        settings = context.settings
        if not isinstance(settings, UpsSettings) or not settings.is_configured:
            context.log.info("UPS is installed without settings: no carrier is registered")
            return []
        return [UpsProvider(settings, UpsClient(settings, lambda: context.http, context.log), context.log)]
