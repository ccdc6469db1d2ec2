"""What the log tells of an access token: its name, and what it may do. The token and its digest are not known here."""

from collections.abc import Mapping

from packhouse.events.record import record
from packhouse.sdk import EventType
from packhouse.storage import UnitOfWork
from packhouse.web.permissions import Grant


def tell_token(
    uow: UnitOfWork, event_type: EventType, *fact: object, before: Grant | None, after: Grant | None, reason: str
) -> None:
    """Record that a token was made (there is no `before`), changed or revoked (no `after`); `fact` names it once.

    Raises:
        ValueError: it is about no token.
    """
    told = after or before
    if told is None:
        raise ValueError("a token is there before or after it changes")
    payload = {"name": told.name, "before": _allowed(before), "after": _allowed(after)}
    record(uow, event_type, *fact, reason=reason, payload=payload)


def _allowed(grant: Grant | None) -> Mapping[str, object] | None:
    if grant is None:
        return None
    end = None if grant.expires_at is None else grant.expires_at.isoformat()
    return {"permissions": grant.permissions.words, "expires_at": end}
