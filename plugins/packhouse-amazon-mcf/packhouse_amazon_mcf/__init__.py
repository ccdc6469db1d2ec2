"""Amazon's Multi-Channel Fulfillment (MCF) as a fulfilment network of Packhouse."""

from packhouse_amazon_mcf.plugin import Plugin
from packhouse_amazon_mcf.provider import AmazonMcfProvider
from packhouse_amazon_mcf.settings import AmazonMcfSettings, LocationSettings

__all__ = ["AmazonMcfProvider", "AmazonMcfSettings", "LocationSettings", "Plugin"]
