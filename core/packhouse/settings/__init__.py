"""What an operator may set, where it is read from, and how it is shown.

SettingsError            everything that was refused, in one error
load_settings()          defaults < profile < packhouse.toml < environment
render_settings()        the effective settings, secrets hidden, with their origin
write_first_configuration()  a packhouse.toml with a fresh secret key
"""

from packhouse.settings.errors import SettingsError
from packhouse.settings.first_configuration import write_first_configuration
from packhouse.settings.loading import LoadedSettings, load_settings
from packhouse.settings.rendering import render_settings
from packhouse.settings.sections import (
    ChannelsSettings,
    DatabaseSettings,
    EventsSettings,
    FeedbackSettings,
    GraphQLSettings,
    InventorySettings,
    LoggingSettings,
    MetricsSettings,
    PluginsSettings,
    ReturnsSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    ShippingSettings,
    TracingSettings,
)

__all__ = [
    "ChannelsSettings",
    "DatabaseSettings",
    "EventsSettings",
    "FeedbackSettings",
    "GraphQLSettings",
    "InventorySettings",
    "LoadedSettings",
    "LoggingSettings",
    "MetricsSettings",
    "PluginsSettings",
    "ReturnsSettings",
    "SecuritySettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "ShippingSettings",
    "TracingSettings",
    "load_settings",
    "render_settings",
    "write_first_configuration",
]
