"""Reading access tokens."""

from packhouse.sdk import Refused
from packhouse.web.models import AccessToken


async def locked_token(name: str) -> AccessToken:
    """The token of a name, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND: no token that was not revoked has the name.
    """
    row = await AccessToken.filter(name=name.strip(), revoked_at=None).select_for_update().get_or_none()
    if row is None:
        raise Refused("NOT_FOUND", f"There is no token {name} in force", "name")
    return row


async def kept_tokens() -> list[AccessToken]:
    """The tokens that were not revoked, by their name."""
    return await AccessToken.filter(revoked_at=None).order_by("name")
