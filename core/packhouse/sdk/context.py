"""What the host gives a plugin to work with."""

import logging
from typing import Any, Protocol

import aiohttp


class PluginContext(Protocol):
    """A plugin's own view of the host.

    `settings` is an instance of the manifest's model (None where it has none); `http` is an aiohttp session with time-outs
    that lives as long as the server; `log` is a logger named after the plugin.
    """

    @property
    def code(self) -> str: ...
    @property
    def settings(self) -> Any: ...  # noqa: ANN401  (each plugin has a model of its own)
    @property
    def http(self) -> aiohttp.ClientSession: ...
    @property
    def log(self) -> logging.Logger: ...
