"""Access tokens: made once, shown once, kept as a digest."""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection

from packhouse.sdk import Refused, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.web.models import AccessToken

PREFIX = "ph_"
ADMIN = "admin"
_LONGEST_NAME = 100
_LONGEST_TOKEN = 200
_BEARER = "bearer "
_REMEMBERED_SECONDS = 5.0


async def create_access_token(uow: UnitOfWork, name: str) -> str:
    """Make a token and return it; nobody can read it again.

    Raises:
        Refused: INVALID_VALUE: no name, or a long one; NAME_TAKEN: a token in force has it.
    """
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise Refused("INVALID_VALUE", f"A token needs a name of 1 to {_LONGEST_NAME} characters", "name")
    if await AccessToken.filter(name=name, revoked_at=None).exists():
        raise Refused("NAME_TAKEN", f"There is a token {name} already: revoke it or take another name", "name")
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"id": new_id(), "name": name, "digest": ticket_of(token), "created_at": now(), "revoked_at": None}
    await uow.insert("access_token", [row])
    return token


async def revoke_access_token(uow: UnitOfWork, name: str) -> None:
    """Take a token out of force; running servers notice within seconds.

    Raises:
        Refused: NOT_FOUND: no token in force has the name.
    """
    del uow  # it is the transaction that the ORM uses by itself
    revoked = await AccessToken.filter(name=name.strip(), revoked_at=None).update(revoked_at=now())
    if not revoked:
        raise Refused("NOT_FOUND", f"There is no token {name} in force", "name")


class TokenGate:
    """Says whom a token stands for. Valid ones are remembered for a few seconds, so that not every request asks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, float] = {}

    async def actor(self, token: str) -> str | None:
        """The actor of a token in force, None for any other text.

        Looking a digest up tells an attacker nothing by its timing: digests of guesses are not under their control.
        """
        if not token.startswith(PREFIX) or len(token) > _LONGEST_TOKEN:
            return None
        digest = ticket_of(token)
        until = self._known.get(digest)
        if until is not None and self._clock() < until:
            return ADMIN
        row = await AccessToken.get_or_none(digest=digest, revoked_at=None)
        if row is None or not secrets.compare_digest(row.digest, digest):
            self._known.pop(digest, None)
            return None
        self._known[digest] = self._clock() + _REMEMBERED_SECONDS
        return ADMIN

    async def in_force(self, tickets: Collection[str]) -> frozenset[str]:
        """Those tickets whose tokens are in force at this moment; the others are forgotten."""
        rows = await AccessToken.filter(digest__in=list(tickets), revoked_at=None).values_list("digest", flat=True)
        valid = frozenset(str(digest) for digest in rows)
        for ticket in tickets:
            if ticket not in valid:
                self._known.pop(ticket, None)
        return valid


def token_of(authorization: object) -> str | None:
    """The token in an Authorization header; None where there is none."""
    if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip()


def ticket_of(token: str) -> str:
    """The digest of a token: it names the token and opens no door."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
