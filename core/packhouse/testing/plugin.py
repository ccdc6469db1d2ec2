"""The pytest plugin: databases on SQLite and PostgreSQL, and an open one with an event log."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from packhouse.events.outbox import Outbox
from packhouse.storage import Database, Initiator, open_database
from packhouse.testing.databases import (
    database_url,
    postgres_copies,
    postgres_server,
    postgres_template,
    postgres_url,
    sqlite_template,
    sqlite_url,
)
from packhouse.testing.graphql import execute, graphql_context, graphql_schema
from packhouse.testing.nats import nats_server, nats_url

__all__ = [
    "by",
    "database",
    "database_url",
    "execute",
    "garbage",
    "graphql_context",
    "graphql_schema",
    "nats_server",
    "nats_url",
    "postgres_copies",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
]


# Young objects that make a collection due; Python's own 700 is made for programs that hold less than a suite of tests.
_YOUNG = 20_000


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking through all modules and tests again and again: it was a quarter of the time."""
    gc.set_threshold(_YOUNG, 20, 20)
    _put_aside_what_stays()


@pytest.fixture(scope="module", autouse=True)
def garbage() -> Iterator[None]:
    """What a module's tests have left open and forgotten is found at its end, and fails the last of them."""
    yield
    _put_aside_what_stays()


def _put_aside_what_stays() -> None:
    gc.collect()
    gc.freeze()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database, once on SQLite and once on PostgreSQL."""
    opened = await open_database(database_url, before_commit=Outbox().flush)
    yield opened
    await opened.close()


@pytest.fixture
def by() -> Initiator:
    """Who acts in tests."""
    return Initiator("tester", "test")
