"""A simulated channel, carrier, 3PL, payment provider and review platform, for the demo alone."""

from packhouse_demo.plugin import Plugin
from packhouse_demo.settings import DemoSettings

__all__ = ["DemoSettings", "Plugin"]
