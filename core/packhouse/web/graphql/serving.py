"""What both ways to GraphQL, HTTP and WebSocket, are made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from packhouse.settings import Settings
from packhouse.storage import Initiator
from packhouse.web.authentication import Bearer
from packhouse.web.context import Context
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.streams.clients import Clients
from packhouse.web.graphql.streams.hub import Streams
from packhouse.web.permissions import Grant


@dataclass(frozen=True, slots=True)
class Serving:
    """A schema and what its requests need.

    `authenticate` takes an Authorization header and gives whoever is behind it, None if it is missing or its token not in force;
    `make_context` makes a request's context. `streams` runs what is streamed, `clients` are those whose connections stay open.
    """

    schema: GuardedSchema
    settings: Settings
    authenticate: Callable[[object], Awaitable[Bearer | None]]
    make_context: Callable[[Initiator, Grant], Context]
    streams: Streams
    clients: Clients
