"""Reading access tokens."""

from packhouse.sdk import Refused, now
from packhouse.tokens.rules import checked_name
from packhouse.web.authentication import grant_of, in_force_at
from packhouse.web.models import AccessToken
from packhouse.web.permissions import Grant


async def locked_token(name: str) -> AccessToken:
    """The token of a name, locked until the end of the transaction.

    Raises:
        InvalidValue: no token can have the name.
        Refused: NOT_FOUND: no token that was not revoked has it.
    """
    name = checked_name(name)
    row = await AccessToken.filter(name=name, revoked_at=None).select_for_update().get_or_none()
    if row is None:
        raise Refused("NOT_FOUND", f"There is no token {name} in force", "name")
    return row


async def grant_now(name: str) -> Grant:
    """What the token of a name allows at this moment, whatever a server remembers of it: for changes of tokens.

    Raises:
        Refused: NOT_IN_FORCE: it was revoked, or has expired.
    """
    row = await AccessToken.filter(in_force_at(now()), name=name).get_or_none()
    if row is None:
        raise Refused("NOT_IN_FORCE", f"the token {name}, which this request came with, is not in force any more")
    return grant_of(row)


async def kept_tokens() -> list[AccessToken]:
    """The tokens that were not revoked, by their name."""
    return await AccessToken.filter(revoked_at=None).order_by("name")
