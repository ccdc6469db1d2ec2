"""Shopify as a channel of Packhouse."""

from packhouse.sdk import PluginContext, PluginManifest, Provider, hookimpl
from packhouse_shopify.provider import ShopifyChannel, ShopifyStockChannel
from packhouse_shopify.settings import Settings, Shop

__all__ = ["Plugin", "Settings", "Shop", "ShopifyChannel", "ShopifyStockChannel"]
__version__ = "0.1.0"


class Plugin:
    """Registers one channel for each shop of the settings."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who this plugin is, and the model of its settings."""
        return PluginManifest(code="shopify", title="Shopify", version=__version__, settings=Settings)

    @hookimpl
    def register_channels(self, context: PluginContext) -> list[Provider]:
        """A channel a shop, under the code that the settings give it; none when no shop is configured."""
        settings = context.settings
        if not isinstance(settings, Settings):
            return []
        return [
            ShopifyStockChannel(code, shop, context, shop.stock_location)
            if shop.stock_location
            else ShopifyChannel(code, shop, context)
            for code, shop in settings.shops.items()
        ]
