"""Taking an access token out of force; running servers notice within seconds."""

from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork
from packhouse.tokens.commands.tell_token import tell_token
from packhouse.tokens.queries import locked_token
from packhouse.tokens.rules import check_within
from packhouse.web.authentication import grant_of
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Grant


async def revoke_token(uow: UnitOfWork, name: str, taker: Grant, reason: str = "") -> AccessToken:
    """Take a token out of force. `taker` is what whoever does it may do: one that may do less takes nothing from it.

    Raises:
        InvalidValue: no token can have the name.
        Refused: NOT_FOUND: no token that was not revoked has it; PERMISSION_NOT_HELD.
    """
    row = await locked_token(name)
    before = grant_of(row)
    check_within(before.permissions, taker)
    row.revoked_at = now()
    row.revoked_by = uow.initiator.actor
    await row.save(update_fields=["revoked_at", "revoked_by"])
    tell_token(uow, EventType.ACCESS_TOKEN_REVOKED, row.id, before=before, after=None, reason=reason)
    return row
