"""What Packhouse loads: the manifest, and the one review platform that it registers."""

from collections.abc import Sequence
from importlib.metadata import version

from packhouse.sdk import PluginContext, PluginManifest, Provider, ProviderRefused, hookimpl
from packhouse_trustpilot.client import TrustpilotClient
from packhouse_trustpilot.provider import CODE, TITLE, TrustpilotProvider
from packhouse_trustpilot.settings import TrustpilotSettings
from packhouse_trustpilot.templates import build_templates, check_templates, read_templates


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

    @hookimpl
    async def test_connection(self, context: PluginContext) -> str:
        """Ask for the invitation templates, with a token of its own, and look for those of the settings.

        Raises:
            ProviderError: it does not work, or a template is not there.
        """
        settings = context.settings
        if not isinstance(settings, TrustpilotSettings) or not settings.is_configured:
            raise ProviderRefused("Trustpilot has no settings: see [plugins.settings.trustpilot]", code="NO_SETTINGS")
        client = TrustpilotClient(settings, lambda: context.http, context.log)
        return check_templates(await client.call(build_templates(settings), read_templates), settings)
