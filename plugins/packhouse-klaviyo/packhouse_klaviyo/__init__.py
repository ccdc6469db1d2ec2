"""Klaviyo as a CRM of Packhouse: what happens to orders, told as events of profiles, with consent respected."""

from packhouse_klaviyo.plugin import Plugin
from packhouse_klaviyo.settings import AccountSettings, KlaviyoSettings

__all__ = ["AccountSettings", "KlaviyoSettings", "Plugin"]
