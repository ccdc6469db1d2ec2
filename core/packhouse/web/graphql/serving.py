"""What both ways to GraphQL, HTTP and WebSocket, are made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from packhouse.settings import Settings
from packhouse.storage import Initiator
from packhouse.web.authentication import ticket_of, token_of
from packhouse.web.context import Context
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.streams.clients import Clients
from packhouse.web.graphql.streams.hub import Streams


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a valid access token stands for; the ticket says which token it was, without being one."""

    actor: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Serving:
    """A schema and what its requests need.

    `authenticate` takes an access token and gives the actor it stands for, None if it is not valid; `make_context` makes a
    request's context. `streams` runs what is streamed, `clients` are those whose connections stay open.
    """

    schema: GuardedSchema
    settings: Settings
    authenticate: Callable[[str], Awaitable[str | None]]
    make_context: Callable[[Initiator], Context]
    streams: Streams
    clients: Clients

    async def bearer_of(self, authorization: object) -> Bearer | None:
        """Whoever is behind an Authorization header; None if it is missing or wrong."""
        token = token_of(authorization)
        actor = None if token is None else await self.authenticate(token)
        return None if token is None or actor is None else Bearer(actor, ticket_of(token))
