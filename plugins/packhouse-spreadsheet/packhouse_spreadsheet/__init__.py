"""Spreadsheets as a channel of Packhouse."""

from packhouse.sdk import PluginManifest, Provider, hookimpl
from packhouse_spreadsheet.provider import SpreadsheetChannel

__all__ = ["Plugin", "SpreadsheetChannel"]
__version__ = "0.1.0"


class Plugin:
    """Registers the channel `spreadsheet`, which reads files by a mapping. It has no settings: the mapping says it all."""

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who this plugin is."""
        return PluginManifest(code="spreadsheet", title="Spreadsheets", version=__version__)

    @hookimpl
    def register_channels(self) -> list[Provider]:
        """The one channel."""
        return [SpreadsheetChannel()]
