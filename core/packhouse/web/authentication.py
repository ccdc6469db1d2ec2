"""Whom an access token stands for, and what that one may do. Tokens are made in the room of tokens; here they are looked up."""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q

from packhouse.sdk import now
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Grant, Permissions

PREFIX = "ph_"
_LONGEST_TOKEN = 200
_BEARER = "bearer "
_REMEMBERED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever shows a valid access token: what it allows, and the ticket that says which one it was, without being one."""

    ticket: str
    grant: Grant

    @property
    def actor(self) -> str:
        """Who does what is done with the token, as events tell it."""
        return actor_of(self.grant.name)


class TokenGate:
    """Says whom a token stands for. Valid ones are remembered for a few seconds, so that not every request asks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, today: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._today = today
        self._known: dict[str, tuple[float, Bearer]] = {}

    async def bearer(self, authorization: object) -> Bearer | None:
        """Whoever is behind an Authorization header; None if it is missing, or its token is not in force.

        Looking a digest up tells an attacker nothing by its timing: digests of guesses are not under their control.
        """
        token = token_of(authorization)
        if token is None or not token.startswith(PREFIX) or len(token) > _LONGEST_TOKEN:
            return None
        ticket = ticket_of(token)
        until, known = self._known.get(ticket, (0.0, None))
        if known is None or self._clock() >= until:
            known = (await self._looked_up([ticket])).get(ticket)
        expires_at = None if known is None else known.grant.expires_at
        return None if expires_at is not None and expires_at <= self._today() else known

    async def in_force(self, tickets: Collection[str]) -> Mapping[str, Grant]:
        """What the tokens of some tickets allow at this moment; those that are not in force are left out, and forgotten."""
        return {ticket: bearer.grant for ticket, bearer in (await self._looked_up(tickets)).items()}

    async def _looked_up(self, tickets: Collection[str]) -> Mapping[str, Bearer]:
        rows = await AccessToken.filter(in_force_at(self._today()), digest__in=list(tickets))
        found = {row.digest: Bearer(row.digest, grant_of(row)) for row in rows}
        until = self._clock() + _REMEMBERED_SECONDS
        for ticket in tickets:
            bearer = found.get(ticket)
            if bearer is None:
                self._known.pop(ticket, None)
            else:
                self._known[ticket] = until, bearer
        return found


def in_force_at(moment: datetime) -> Q:
    """The tokens that are valid at a moment from now on."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=moment))


def grant_of(row: AccessToken) -> Grant:
    """What a token allows."""
    return Grant(row.name, Permissions.kept(row.permissions), row.expires_at)


def actor_of(name: str) -> str:
    """The actor of what is done with the token of a name."""
    return f"token:{name}"


def token_of(authorization: object) -> str | None:
    """The token in an Authorization header; None where there is none."""
    if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip()


def ticket_of(token: str) -> str:
    """The digest of a token: it names the token and opens no door."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """A token that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)
