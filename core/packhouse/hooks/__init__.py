"""The plugin host: loads plugins, refuses wrong ones, and calls their hooks."""

from packhouse.hooks.errors import BrokenPlugin, DuplicateCode, NotStarted
from packhouse.hooks.host import PluginHost

__all__ = ["BrokenPlugin", "DuplicateCode", "NotStarted", "PluginHost"]
