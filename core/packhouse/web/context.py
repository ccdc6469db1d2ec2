"""What a GraphQL resolver has at hand: made once for each request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from strawberry.types import Info as StrawberryInfo

from packhouse.sdk import EventType, Facts, Objection, OrderSnapshot, Providers, Refused
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator, UnitOfWork, write_once
from packhouse.storage.once import Recallable
from packhouse.web.feeds import LiveFeed, Place, Span
from packhouse.web.graphql.loaders import Loaders
from packhouse.web.permissions import Grant


class Checks(Protocol):
    """The plugins' say in a command: `check` is pure and runs inside the transaction, `gather_order_facts` before it."""

    @property
    def gathers_facts(self) -> bool: ...
    @property
    def addresses(self) -> Sequence[str]: ...
    @property
    def listeners(self) -> Mapping[EventType, Sequence[str]]: ...
    async def test_connection(self, address: str) -> str: ...
    @property
    def extends_orders(self) -> bool: ...
    async def order_extensions(self, orders: Sequence[OrderSnapshot]) -> Mapping[UUID, Sequence[Any]]: ...
    async def gather_order_facts(self, order: OrderSnapshot) -> Mapping[str, Facts]: ...
    def check(
        self, hook_name: str, order: OrderSnapshot, facts: Mapping[str, Facts] | None = None
    ) -> list[tuple[str, Objection]]: ...


Write = Callable[[Callable[[UnitOfWork], Awaitable[str]]], Awaitable[str]]


class PluginDesk(Protocol):
    """Who knows the plugins and may change them: what reports and changes are is said by the room of plugins."""

    def reports(self) -> Sequence[Any]: ...
    async def change(self, database: Database, write: Write, change: Any) -> None: ...  # noqa: ANN401


class _NoPlugins:
    """Where nobody has plugins."""

    def reports(self) -> Sequence[Any]:
        return ()

    async def change(self, database: Database, write: Write, change: Any) -> None:  # noqa: ANN401
        del database, write
        raise Refused("UNKNOWN_PLUGIN", f"there is no plugin {change.code}", "code")


@dataclass
class Context:
    """One request's view: who asks, and what the application is made of.

    `grant` is what whoever asks may do. `live` has the feeds by name. For a subscription, `span` overrides where it begins and ends, and `place` is that of what was told
    last. `is_valid` is set when the document was found to be.
    """

    database: Database
    settings: Settings
    providers: Providers
    checks: Checks
    live: Mapping[str, LiveFeed[Any, Any]]
    by: Initiator
    grant: Grant
    plugins: PluginDesk = field(default_factory=_NoPlugins)
    loaders: Loaders = field(default_factory=Loaders)
    deadline: asyncio.Timeout | None = None
    span: Span | None = None
    place: Place | None = None
    is_valid: bool = False

    async def write(self, work: Callable[[UnitOfWork], Awaitable[Recallable]]) -> Recallable:
        """Run a command in one transaction; a request that is repeated with its key gets its result without doing it again.

        Raises:
            whatever `work` raises: everything it did is rolled back.
        """
        return await write_once(self.database, self.by, work)

    def stop_deadline(self) -> None:
        """Let the operation run on: it is a subscription."""
        if self.deadline is not None:
            self.deadline.reschedule(None)

    def forget(self) -> None:
        """Forget what was loaded: a subscription's next event is to see the state of that time."""
        self.loaders = Loaders()


Info = StrawberryInfo[Context, None]
