"""Changing what an access token may do, without making it anew."""

from packhouse.storage import UnitOfWork
from packhouse.tokens.queries import locked_token
from packhouse.tokens.rules import check_within
from packhouse.web.authentication import grant_of
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Grant, Permissions


async def change_token(uow: UnitOfWork, name: str, permissions: Permissions, giver: Grant) -> AccessToken:
    """Give a token other permissions; running servers notice within seconds. `giver` is what whoever does it may do.

    Raises:
        InvalidValue: no token can have the name.
        Refused: NOT_FOUND: no token that was not revoked has it; PERMISSION_NOT_HELD: it had, or is to have, more than the giver.
    """
    del uow  # it is the transaction that the ORM uses by itself
    row = await locked_token(name)
    check_within(grant_of(row).permissions, giver)
    check_within(permissions, giver)
    row.permissions = permissions.words
    await row.save(update_fields=["permissions"])
    return row
