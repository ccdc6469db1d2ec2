"""What the host gives a plugin to work with."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp


class PluginContext(Protocol):
    """A plugin's own view of the host.

    `settings` is an instance of the manifest's model (None where it has none); `http` is an aiohttp session with time-outs
    that lives as long as the server; `log` is a logger named after the plugin. `recipient` names whom an event is for, where
    the plugin registered recipients; else it is empty.
    """

    @property
    def code(self) -> str: ...
    @property
    def settings(self) -> Any: ...  # noqa: ANN401  (each plugin has a model of its own)
    @property
    def http(self) -> aiohttp.ClientSession: ...
    @property
    def log(self) -> logging.Logger: ...
    @property
    def recipient(self) -> str: ...

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The data of a GraphQL query, read as the plugin; open while the server runs.

        Raises:
            QueryRefused: the document is not valid, is no query, or a field of it failed; the text says why.
        """
