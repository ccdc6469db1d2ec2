"""What the host gives a plugin to work with."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp


class PluginState(Protocol):
    """A plugin's own store: JSON values by key. A recipient has one of its own, apart from its plugin's.

    In a hook for an event, what is set is read by the hook and by later deliveries of the same order, and is written down in
    the transaction that marks the delivery done: with it or not at all. A failed attempt's changes are dropped, and so are
    those of a worker that was killed. Anywhere else (startup, providers) a change is written at once.

    Events of different orders are delivered side by side. Where two of them set one key, the delivery that is written down
    last wins, key by key: give each order keys of its own (`order/<id>/…`), and keep no counter of all orders here.

    Keys have 1 to 200 printable characters; a value has at most 65,536 bytes as JSON, one delivery changes at most 100 keys.
    """

    async def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON value)
        """The value of a key, `default` where it has none."""

    async def set(self, key: str, value: Any) -> None:  # noqa: ANN401  (any JSON value)
        """Keep a value: text, numbers, true, false, None, and lists and objects of them.

        Raises:
            InvalidValue: key or value is not as it has to be; names the field.
        """

    async def delete(self, key: str) -> None:
        """Forget a key; one that is not there is fine."""

    async def items(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Any]]:
        """Up to `limit` (at most 1,000) keys that begin with `prefix` and come behind `after`, sorted, with their values."""
        raise NotImplementedError


class PluginContext(Protocol):
    """A plugin's own view of the host.

    `settings` is an instance of the manifest's model (None where it has none); `http` is an aiohttp session with time-outs
    that lives as long as the server; `log` is a logger named after the plugin; `state` is the plugin's own store. `recipient`
    names whom an event is for, where the plugin registered recipients; else it is empty. `idempotency_key` is the same text (36
    characters) for every attempt and replay of one event for one recipient, and empty outside a hook for an event.
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
    @property
    def state(self) -> PluginState: ...
    @property
    def idempotency_key(self) -> str: ...

    def answered(self, text: str) -> None:
        """Tell what the other side answered about an event: its first 1,000 characters are kept with the attempt, without the
        plugin's secrets. The last one counts; outside a hook for an event it does nothing.
        """

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The data of a GraphQL query, read as the plugin; open while the server runs.

        Raises:
            QueryRefused: the document is not valid, is no query, or asks for what cannot be; the text says why.
            QueryUnanswered: it took too long, or something failed on our side.
        """
