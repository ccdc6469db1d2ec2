"""Everybody whose connection stays open: told when their token is revoked, or allows something else, and when this process ends."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from enum import StrEnum
from typing import Protocol

from packhouse.storage import DatabaseLost
from packhouse.web.permissions import Grant, Permissions

CHECK_SECONDS = 2.0
_TICKETS_AT_ONCE = 500
log = logging.getLogger(__name__)

InForce = Callable[[Collection[str]], Awaitable[Mapping[str, Grant]]]


class Farewell(StrEnum):
    """Why a client's connection is ended from this side."""

    REVOKED = "revoked"
    CHANGED = "changed"
    RESTART = "restart"


class Client(Protocol):
    """One open connection; `ticket` is the digest of its token, `permissions` what it was let in with."""

    @property
    def ticket(self) -> str:
        """What it was let in by."""

    @property
    def permissions(self) -> Permissions:
        """What it could do then."""

    async def dismiss(self, farewell: Farewell) -> None:
        """Tell it why, and end it; what ends by itself may do so, unless its token was revoked."""


class Clients:
    """Open connections by their tickets. `in_force` says which of some tickets still are, and what they allow."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._by_ticket: defaultdict[str, set[Client]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return sum(map(len, self._by_ticket.values()))

    def start(self) -> None:
        """Look after tickets from now on."""
        self._is_closed = False
        self._task = asyncio.create_task(self._watch(), name="tickets")

    async def stop(self) -> None:
        """Dismiss everybody, and look after nobody."""
        await self.dismiss_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def enter(self, client: Client) -> None:
        """A connection is open. One that comes while the process ends is dismissed at once."""
        self._by_ticket[client.ticket].add(client)
        if self._is_closed:
            self._dismiss(client, Farewell.RESTART)

    def leave(self, client: Client) -> None:
        """A connection is not open any more."""
        same = self._by_ticket.get(client.ticket)
        if same is not None:
            same.discard(client)
            if not same:
                del self._by_ticket[client.ticket]

    async def dismiss_all(self) -> None:
        """Tell everybody to come back elsewhere: this process ends."""
        self._is_closed = True
        told = [
            self._dismiss(client, Farewell.RESTART) for same in list(self._by_ticket.values()) for client in list(same)
        ]
        await asyncio.gather(*told, return_exceptions=True)

    async def check(self) -> None:
        """Dismiss those whose tickets are not in force any more, or allow something else: who comes back has what they allow now."""
        tickets = list(self._by_ticket)
        for start in range(0, len(tickets), _TICKETS_AT_ONCE):
            piece = tickets[start : start + _TICKETS_AT_ONCE]
            valid = await self._in_force(piece)
            for ticket in piece:
                grant = valid.get(ticket)
                for client in list(self._by_ticket.get(ticket, ())):
                    if grant is None:
                        self._dismiss(client, Farewell.REVOKED)
                    elif grant.permissions != client.permissions:
                        self._dismiss(client, Farewell.CHANGED)

    def _dismiss(self, client: Client, farewell: Farewell) -> asyncio.Task[None]:
        # one that does not read what it is told holds up nobody else
        task = asyncio.create_task(client.dismiss(farewell), name=f"dismiss {farewell.value}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check()
            except DatabaseLost:
                continue
            except Exception:
                log.exception("Tokens of open connections could not be checked, and are checked again")
