"""A server with a tiny schema of its own: the HTTP face is tested without the rooms."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
import strawberry
from strawberry.relay import GlobalID

from packhouse.events.event_log import EVENTS, EventSelection
from packhouse.events.graphql.following import follow, span_of
from packhouse.events.graphql.types import Event  # noqa: F401  (its module makes EventType known)
from packhouse.events.models import EventRow
from packhouse.events.record import record
from packhouse.house import Parts
from packhouse.sdk import EventType, InvalidValue, Refused, new_id
from packhouse.settings import Settings
from packhouse.storage import Initiator, UnitOfWork
from packhouse.testing.copies import Copies
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.web.context import Info
from packhouse.web.feeds import Place
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt
from packhouse.web.graphql.streams.operation import follows
from packhouse.web.models import AccessToken


@dataclass
class Seen:
    """What resolvers saw."""

    cancelled: int = 0
    told: int = 0
    ended_streams: int = 0
    orders: list[UUID] = field(default_factory=list)


SEEN = Seen()


@strawberry.input(description="A thing.")
class Thing:
    name: str = strawberry.field(description="Its name.")
    parts: "list[Thing] | None" = strawberry.field(default=None, description="What it is made of.")


@strawberry.type(description="A payload.")
class NamePayload:
    name: str | None = strawberry.field(description="The name.")
    user_errors: list[UserError] = strawberry.field(description="Why not.")


async def fail(how: str) -> str:
    """What rooms raise of a value that cannot be."""
    if how == "invalid":
        raise InvalidValue("filter.lines.0.sku", "it cannot be empty")
    if how == "unkept":
        await AccessToken.filter(name="x" * 59).exists()
    raise Refused("NOT_TODAY", "not today", None if how == "refused whole" else "day")


@strawberry.type
class Query:
    @strawberry.field(description="A greeting.")
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field(description="Itself.")
    def me(self) -> "Query":
        return Query()

    @strawberry.field(description="Fails.")
    def broken(self) -> str | None:
        raise ValueError("the password is hunter2")

    @strawberry.field(description="Fails, and may not be null.")
    def broken_for_all(self) -> str:
        raise ValueError("the password is hunter2")

    @strawberry.field(description="Refuses.")
    def refusing(self, id: GlobalID) -> str | None:
        return str(node_id(id, "Order", "id"))

    @strawberry.field(description="Refuses by the business.")
    def refused(self) -> str | None:
        raise Refused("NOT_TODAY", "not today", "day")

    @strawberry.field(description="Refuses a value; `how`: invalid, refused, refused whole, unkept.")
    async def checked(self, how: str) -> str | None:
        return await fail(how)

    @strawberry.field(description="Takes its time.")
    async def slow(self, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            SEEN.cancelled += 1
            raise
        return "done"

    @strawberry.field(description="Who asks, and as part of what.")
    def whoami(self, info: Info) -> list[str]:
        by = info.context.by
        return [by.actor, by.origin, by.correlation_id]

    @strawberry.field(description="A number.")
    def number(self, value: int) -> int:
        return value

    @strawberry.field(description="A thing's name.")
    def thing(self, thing: Thing) -> str:
        return thing.name


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Names.")
    async def name(self, input: Thing) -> NamePayload:
        async def work() -> str:
            if input.name == "bad":
                raise Refused("BAD_NAME", "that is no name", "input.name")
            return input.name

        name, errors = await attempt(work())
        return NamePayload(name=name, user_errors=errors)

    @strawberry.mutation(description="Refuses a value before there is anything to answer with.")
    async def check(self, how: str) -> NamePayload | None:
        return NamePayload(name=await fail(how), user_errors=[])


@strawberry.type
class Subscription:
    @strawberry.subscription(description="Counts.")
    async def count(self, upto: int = 3, pause: float = 0.0) -> AsyncIterator[int]:
        try:
            for number in range(upto):
                if pause:
                    await asyncio.sleep(pause)
                yield number
        finally:
            SEEN.ended_streams += 1

    @strawberry.subscription(description="The log.", metadata=follows(EVENTS))
    async def facts(
        self, info: Info, after: str | None = None, size: int = 0, only: EventType | None = None
    ) -> AsyncIterator[str]:
        selection = None if only is None else EventSelection(types=frozenset({only}))
        async for event in follow(info, EVENTS, await span_of(info, EVENTS, after), selection):
            SEEN.told += 1
            yield event.payload["n"] + "." * size

    @strawberry.subscription(description="How many facts.", metadata=follows(EVENTS, begins_with_state=True))
    async def fact_count(self, info: Info, after: str | None = None) -> AsyncIterator[int]:
        span = await span_of(info, EVENTS, after)
        if span.is_first:
            info.context.place = Place(EVENTS, span.after)
            yield await EventRow.all().count()
        async for _ in follow(info, EVENTS, span):
            yield await EventRow.all().count()

    @strawberry.subscription(description="Fails after one.")
    async def failing(self) -> AsyncIterator[int]:
        yield 1
        raise ValueError("the password is hunter2")

    @strawberry.subscription(description="Refuses.")
    async def refusing(self, id: GlobalID) -> AsyncIterator[str]:
        yield str(node_id(id, "Order", "id"))

    @strawberry.subscription(description="Refuses a value.")
    async def checked(self, how: str) -> AsyncIterator[str]:
        yield await fail(how)

    @strawberry.subscription(description="Which loaders each event gets.")
    async def loaders(self, info: Info) -> AsyncIterator[str]:
        for _ in range(2):
            yield str(id(info.context.loaders))


def tiny_parts(**others: Any) -> Parts:
    return Parts(schema=GuardedSchema(Query, mutation=Mutation, subscription=Subscription), **others)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return server_settings(database_url)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database for all tests of a module, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("server") / "packhouse.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite://{path}"
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    url = asyncio.run(copies.take())
    yield url
    asyncio.run(copies.give_back(url))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(module_url: str) -> AsyncIterator[RunningServer]:
    """One server for all tests of a module, which therefore start no other one."""
    async with running_server(server_settings(module_url), parts=tiny_parts()) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def with_limits(settings: Settings, section: str, **values: Any) -> Settings:
    """The same settings with some values of one section changed."""
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})


async def happen(server: RunningServer, *names: str, event_type: EventType = EventType.ORDER_CHANGED) -> None:
    """Record events in one unit of work on a server's database."""
    await server.house.database.write(
        Initiator("tester", "test"),
        lambda uow: _record(uow, names, event_type),
    )


async def _record(uow: UnitOfWork, names: Sequence[str], event_type: EventType) -> None:
    for name in names:
        record(uow, event_type, new_id(), payload={"n": name})


@pytest.fixture
def seen() -> Seen:
    return SEEN
