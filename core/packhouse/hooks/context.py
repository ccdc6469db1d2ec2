"""What the host gives each plugin: its settings, its logger, and the HTTP session that all plugins share."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from packhouse.hooks.errors import NotStarted
from packhouse.hooks.handover import Handover
from packhouse.hooks.state import DeliveryState, OwnState, StateTable, no_database
from packhouse.sdk.context import PluginState
from packhouse.storage import Database

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_CONNECTIONS = 100
_CONNECTIONS_PER_HOST = 20


class HttpSession:
    """The host's one HTTP session, open while the server runs. It keeps no cookies: they would pass between plugins."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            NotStarted: the server does not run yet, or has stopped.
        """
        if self._session is None:
            raise NotStarted(
                "context.http is open from startup to shutdown only: use it in hooks, not while registering"
            )
        return self._session

    async def open(self, watch: Sequence[aiohttp.TraceConfig] = ()) -> None:
        """Open the session in the running loop, its requests watched; opening it twice does nothing."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS, limit_per_host=_CONNECTIONS_PER_HOST)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=_TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=list(watch),
            )

    async def close(self) -> None:
        """Close the session; closing it twice does nothing."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


RunQuery = Callable[[str, str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Runs a plugin's (its code) GraphQL document with variables and gives the data."""


async def no_queries(plugin: str, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """For a host without a schema behind it: a command-line tool that only looks at plugins."""
    del document, variables
    raise NotStarted(f"there is no schema that plugin {plugin} could query")


@dataclass(frozen=True, slots=True)
class HostContext:
    """A plugin's `PluginContext`."""

    code: str
    settings: Any
    log: logging.Logger
    shared_http: HttpSession
    run_query: RunQuery = no_queries
    database: Callable[[], Database] = no_database
    recipient: str = ""
    handover: Handover | None = None

    def for_recipient(self, name: str) -> "HostContext":
        """The same for one of the plugin's recipients."""
        return replace(self, recipient=name)

    def during(self, handover: Handover) -> "HostContext":
        """The same for one attempt to hand over an event."""
        # not `replace`: one is made for every delivery
        return HostContext(
            self.code,
            self.settings,
            self.log,
            self.shared_http,
            self.run_query,
            self.database,
            self.recipient,
            handover,
        )

    @property
    def address(self) -> str:
        """Whom deliveries are for: `plugin`, or `plugin/recipient`."""
        return f"{self.code}/{self.recipient}" if self.recipient else self.code

    @property
    def state(self) -> PluginState:
        """The plugin's own store."""
        table = StateTable(self.address, self.database)
        return OwnState(table) if self.handover is None else DeliveryState(table, self.handover)

    @property
    def idempotency_key(self) -> str:
        """The key of what is done about an event; empty outside a delivery."""
        return "" if self.handover is None else self.handover.idempotency_key

    def answered(self, text: str) -> None:
        """Remember what the other side answered, for the attempt."""
        if self.handover is not None:
            self.handover.answer = str(text)

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The data of a GraphQL query, read as the plugin.

        Raises:
            QueryRefused: the document is not valid, is no query, or asks for what cannot be.
            QueryUnanswered: it took too long, or something failed on our side.
            NotStarted: the server does not run.
        """
        return await self.run_query(self.code, document, variables or {})

    @property
    def http(self) -> aiohttp.ClientSession:
        """The shared session.

        Raises:
            NotStarted: the server does not run.
        """
        return self.shared_http.session
