"""Changing what an access token may do, without making it anew."""

from packhouse.sdk import EventType, new_id
from packhouse.storage import UnitOfWork
from packhouse.tokens.commands.tell_token import tell_token
from packhouse.tokens.queries import locked_token
from packhouse.tokens.rules import check_within
from packhouse.web.authentication import grant_of
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Grant, Permissions


async def change_token(
    uow: UnitOfWork, name: str, permissions: Permissions, giver: Grant, reason: str = ""
) -> AccessToken:
    """Give a token other permissions; running servers notice within seconds. `giver` is what whoever does it may do.

    One that allows just this already stays as it is, and nothing is told.

    Raises:
        InvalidValue: no token can have the name.
        Refused: NOT_FOUND: no token that was not revoked has it; PERMISSION_NOT_HELD: it had, or is to have, more than the giver.
    """
    row = await locked_token(name)
    before = grant_of(row)
    check_within(before.permissions, giver)
    check_within(permissions, giver)
    if permissions != before.permissions:
        row.permissions = permissions.words
        await row.save(update_fields=["permissions"])
        tell_token(uow, EventType.ACCESS_TOKEN_CHANGED, new_id(), before=before, after=grant_of(row), reason=reason)
    return row
