"""What the host gives each plugin: its settings, its logger, and the HTTP session that all plugins share."""

import logging
from dataclasses import dataclass
from typing import Any

import aiohttp

from packhouse.hooks.errors import NotStarted

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

    async def open(self) -> None:
        """Open the session in the running loop; opening it twice does nothing."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS, limit_per_host=_CONNECTIONS_PER_HOST)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
            )

    async def close(self) -> None:
        """Close the session; closing it twice does nothing."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


@dataclass(frozen=True, slots=True)
class HostContext:
    """A plugin's `PluginContext`."""

    code: str
    settings: Any
    log: logging.Logger
    shared_http: HttpSession

    @property
    def http(self) -> aiohttp.ClientSession:
        """The shared session.

        Raises:
            NotStarted: the server does not run.
        """
        return self.shared_http.session
