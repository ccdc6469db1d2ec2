"""Runs GraphQL documents on the real schema, with a context on the test's database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import pytest
import strawberry

from packhouse.events.event_log import EVENTS, EventSelection
from packhouse.events.live import Source
from packhouse.sdk import Event, EventType, Facts, Objection, OrderSnapshot, Providers, Refused
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator
from packhouse.web.context import Context
from packhouse.web.feeds import Bounds
from packhouse.web.permissions import ALL, Grant


class NoObjections:
    """The plugins' say where there are no plugins."""

    @property
    def gathers_facts(self) -> bool:
        """Nobody gathers any."""
        return False

    @property
    def addresses(self) -> Sequence[str]:
        """Nobody gets events."""
        return ()

    @property
    def listeners(self) -> Mapping[EventType, Sequence[str]]:
        """Nobody listens."""
        return {}

    async def test_connection(self, address: str) -> str:
        """There is nobody to test."""
        raise Refused("NOT_FOUND", f"there is no plugin or recipient {address}", "plugin")

    @property
    def extends_orders(self) -> bool:
        """Nobody has anything to say about orders."""
        return False

    async def order_extensions(self, orders: Sequence[OrderSnapshot]) -> Mapping[UUID, Sequence[Any]]:
        """Nothing about any of them."""
        return {order.id: () for order in orders}

    async def gather_order_facts(self, order: OrderSnapshot) -> Mapping[str, Facts]:  # noqa: ARG002  (the Protocol's)
        """No facts."""
        return {}

    def check(
        self,
        hook_name: str,  # noqa: ARG002
        order: OrderSnapshot,  # noqa: ARG002
        facts: Mapping[str, Facts] | None = None,  # noqa: ARG002
    ) -> list[tuple[str, Objection]]:
        """No objections."""
        return []


class GivenEvents:
    """A live feed of the events that a test puts into it; it begins at the first and ends after the last one."""

    name = EVENTS

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self.events = list(events)

    async def end(self) -> int:
        """Before all of them: what is given happens from now on."""
        return 0

    async def bounds(self) -> Bounds:
        """All of them."""
        return Bounds(0, max((event.position for event in self.events), default=0))

    async def subscribe(
        self, after: int, selection: EventSelection | None = None, *, upto: int | None = None
    ) -> AsyncIterator[Event]:
        """The given events that the subscriber asked for."""
        for event in list(self.events):
            is_wanted = selection is None or selection.wants(event)
            if is_wanted and event.position > after and (upto is None or event.position <= upto):
                yield event


class KeptLog:
    """A live feed of all that a log holds: it begins with the oldest entry and ends with the newest."""

    def __init__(self, source: Source[Any, Any]) -> None:
        self.name = source.name
        self._source = source

    async def end(self) -> int:
        """Before all of it: what is kept happens from now on."""
        return (await self.bounds()).trimmed

    async def bounds(self) -> Bounds:
        """What the log holds."""
        return await self._source.bounds()

    async def subscribe(
        self,
        after: int,
        selection: Any = None,  # noqa: ANN401  (the log's own)
        *,
        upto: int | None = None,
    ) -> AsyncIterator[Any]:
        """The entries that the subscriber asked for."""
        last = (await self.bounds()).last if upto is None else upto
        for entry in await self._source.read(after, limit=1_000, upto=last, selection=selection):
            if selection is None or selection.wants(entry):
                yield entry


class Execute(Protocol):
    """Runs a document; gives its data, or its errors as GraphQL's JSON where `errors` says that some are expected."""

    async def __call__(  # noqa: D102  (the class says it)
        self, document: str, variables: Mapping[str, Any] | None = None, *, errors: bool = False
    ) -> Any: ...  # noqa: ANN401  (the answer's own shape)


@pytest.fixture(scope="session")
def graphql_schema() -> strawberry.Schema:
    """The real schema."""
    from packhouse.schema import create_schema  # noqa: PLC0415  (only tests that use it pay for building it)

    return create_schema()


@pytest.fixture
def graphql_context(database: Database, by: Initiator) -> Context:
    """What resolvers are given: the test's database, no plugins, an empty live feed. Tests may change its parts."""
    return Context(
        database=database,
        settings=Settings(),
        providers=Providers(),
        checks=NoObjections(),
        live={EVENTS: GivenEvents()},
        by=by,
        grant=Grant("test", ALL),
    )


@pytest.fixture
def execute(graphql_schema: strawberry.Schema, graphql_context: Context) -> Execute:
    """Runs a document as one request: its data, or its errors with `errors=True`."""

    async def run(document: str, variables: Mapping[str, Any] | None = None, *, errors: bool = False) -> Any:  # noqa: ANN401
        graphql_context.forget()
        result = await graphql_schema.execute(
            document, variable_values=dict(variables or {}), context_value=graphql_context
        )
        found = [error.formatted for error in result.errors or ()]
        if errors != bool(found):
            pytest.fail(f"the document failed: {found}" if found else "the document was to fail, but did not")
        return found if errors else result.data

    return run
