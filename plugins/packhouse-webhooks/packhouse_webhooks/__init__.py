"""Webhooks out of Packhouse: order events posted to your own addresses, signed by Standard Webhooks."""

from packhouse_webhooks.plugin import Plugin
from packhouse_webhooks.settings import EndpointSettings, WebhooksSettings

__all__ = ["EndpointSettings", "Plugin", "WebhooksSettings"]
