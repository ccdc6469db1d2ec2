"""What both ways to GraphQL, HTTP and WebSocket, are made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from packhouse.settings import Settings
from packhouse.storage import Initiator
from packhouse.web.context import Context
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.stopping import Stopping

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Serving:
    """A schema and what its requests need.

    `authenticate` takes an access token and gives the actor it stands for, None if it is not valid; `make_context` makes a
    request's context. `stopping` says when streams have to end.
    """

    schema: GuardedSchema
    settings: Settings
    authenticate: Callable[[str], Awaitable[str | None]]
    make_context: Callable[[Initiator], Context]
    stopping: Stopping

    async def actor_of(self, authorization: object) -> str | None:
        """The actor behind an Authorization header; None if it is missing or wrong."""
        if not isinstance(authorization, str) or not authorization.lower().startswith(_BEARER):
            return None
        return await self.authenticate(authorization[len(_BEARER) :].strip())
