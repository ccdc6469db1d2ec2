"""The door of what is not GraphQL: who may pass, and what those are told who may not."""

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from packhouse.web.authentication import Bearer
from packhouse.web.errors import error_response

Authenticate = Callable[[object], Awaitable[Bearer | None]]
"""Takes an Authorization header; gives whoever is behind it, None if it is missing or its token not in force."""

log = logging.getLogger(__name__)


class TurnedAway(Exception):
    """Somebody may not pass: `response` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def sender_of(request: Request, authenticate: Authenticate) -> Bearer:
    """Whoever sent a request.

    Raises:
        TurnedAway: 401 without a token in force.
    """
    bearer = await authenticate(request.headers.get("authorization"))
    if bearer is None:
        headers = {"www-authenticate": 'Bearer realm="packhouse"'}
        raise TurnedAway(error_response(401, "UNAUTHENTICATED", "Send a valid access token", headers=headers))
    return bearer


def require(bearer: Bearer, permission: str) -> None:
    """Let somebody pass who has a permission.

    Raises:
        TurnedAway: 403.
    """
    if not bearer.grant.permissions.allows(permission):
        log.info("refused 403 FORBIDDEN: %s has no %s", bearer.actor, permission)
        message = f"This access token does not allow it: it needs {permission}"
        raise TurnedAway(error_response(403, "FORBIDDEN", message, permission=permission))
