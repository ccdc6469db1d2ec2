"""How tokens are named, and what may be given by whom: nobody gives more than they have."""

from datetime import datetime

from packhouse.sdk import InvalidValue, Refused, now
from packhouse.web.permissions import ALL, Grant, Permissions

# whoever has a shell and the database
OPERATOR = Grant("operator", ALL)
# with `token:` before it, it is an actor
_LONGEST_NAME = 58


def checked_name(name: str) -> str:
    """A token's name without the space around it.

    Raises:
        InvalidValue: there is none, or it is long, or cannot be printed.
    """
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidValue("name", f"a token needs a name of 1 to {_LONGEST_NAME} characters that can be printed")
    return name


def check_within(permissions: Permissions, giver: Grant) -> None:
    """See that permissions are within those of whoever gives, changes or takes them.

    Raises:
        Refused: PERMISSION_NOT_HELD.
    """
    if not giver.permissions.covers(permissions):
        beyond = permissions.words if permissions.is_all else giver.permissions.missing(permissions.granted)
        raise Refused("PERMISSION_NOT_HELD", f"{giver.name} does not have {', '.join(beyond)} itself", "permissions")


def check_expiry(expires_at: datetime | None, giver: Grant) -> None:
    """See that a token ends in the future, and not after the one that makes it.

    Raises:
        InvalidValue: it is past, or has no time zone.
        Refused: EXPIRES_TOO_LATE.
    """
    if expires_at is not None and expires_at.tzinfo is None:
        raise InvalidValue("expiresAt", "the time needs a time zone")
    if expires_at is not None and expires_at <= now():
        raise InvalidValue("expiresAt", "it is past")
    if giver.expires_at is not None and (expires_at is None or expires_at > giver.expires_at):
        raise Refused(
            "EXPIRES_TOO_LATE",
            f"{giver.name} itself expires at {giver.expires_at.isoformat()}: end before that",
            "expiresAt",
        )
