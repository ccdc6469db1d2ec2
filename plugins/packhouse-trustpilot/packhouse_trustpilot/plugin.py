"""What Packhouse loads: the manifest, and the one review platform that it registers."""

from collections.abc import Sequence
from importlib.metadata import version

from packhouse.sdk import PluginContext, PluginManifest, Provider, hookimpl
from packhouse_trustpilot.client import TrustpilotClient
from packhouse_trustpilot.provider import CODE, TITLE, TrustpilotProvider
from packhouse_trustpilot.settings import TrustpilotSettings


class Plugin:
    """The plugin `trustpilot`."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `trustpilot`; its settings stand in `[plugins.settings.trustpilot]`."""
        return PluginManifest(
            code=CODE, title=TITLE, version=version("packhouse-trustpilot"), settings=TrustpilotSettings
        )

    @hookimpl
    def register_review_platforms(self, context: PluginContext) -> Sequence[Provider]:
        """The platform `trustpilot`; none while the plugin is installed but has no settings."""
        settings = context.settings
        if not isinstance(settings, TrustpilotSettings) or not settings.is_configured:
            context.log.info("Trustpilot is installed without settings: no review platform is registered")
            return []
        client = TrustpilotClient(settings, lambda: context.http, context.log)
        return [TrustpilotProvider(settings, client, context.log)]
