"""How long PostgreSQL and the network to it may take, so that nobody waits for an answer that will never come."""

import math
import socket
from dataclasses import dataclass
from typing import Any

import asyncpg

_PROBES = 3


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. `connect`: for a new connection. `network`: until a peer that does not acknowledge what it is sent counts as gone.

    `statement`: for one statement, and `idle`: between two statements of a transaction, before the server ends it; None where
    somebody works on purpose as long as it takes (migrations, imports, exports, `packhouse verify`). `margin`: how much longer than the
    server the client waits for a statement, because the server's own end of it tells more. `tidy`: for making a connection ready for
    its next use, or leaving a transaction that failed.
    """

    connect: float = 5.0
    network: float = 10.0
    statement: float | None = None
    idle: float | None = None
    margin: float = 5.0
    tidy: float = 2.0

    def credentials(self) -> dict[str, Any]:
        """As Tortoise hands them on to the client and to asyncpg."""
        chosen: dict[str, Any] = {
            "timeout": self.connect,
            "network_timeout": self.network,
            "tidy_timeout": self.tidy,
            "server_settings": self._server_settings(),
        }
        if self.statement is not None:
            chosen["command_timeout"] = self.statement + self.margin
        return chosen

    def _server_settings(self) -> dict[str, str]:
        """What the server is to do by itself: give up a client that is gone, and with it the locks of its transaction."""
        chosen = {"tcp_user_timeout": _milliseconds(self.network), "tcp_keepalives_idle": _whole(self.network)}
        if self.statement is not None:
            chosen["statement_timeout"] = _milliseconds(self.statement)
        if self.idle is not None:
            chosen["idle_in_transaction_session_timeout"] = _milliseconds(self.idle)
        return chosen


def notice_a_dead_network(connection: asyncpg.Connection, seconds: float) -> None:
    """Let the system end a connection whose other side has acknowledged nothing for so long, also while it is idle.

    A connection by a Unix socket needs no such thing.
    """
    made: socket.socket = connection._transport.get_extra_info("socket")  # noqa: SLF001  (asyncpg offers no public way)
    if made.family == getattr(socket, "AF_UNIX", None):
        return
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    every = max(1, round(seconds / _PROBES))
    wanted = {
        "TCP_KEEPIDLE": math.ceil(seconds),
        "TCP_KEEPINTVL": every,
        "TCP_KEEPCNT": _PROBES,
        "TCP_USER_TIMEOUT": round(seconds * 1000),
    }
    for name, value in wanted.items():
        # not every system has every one of them
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _whole(seconds: float) -> str:
    return str(math.ceil(seconds))
