"""The pytest plugin: databases on SQLite and PostgreSQL, and an open one with an event log."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from packhouse.events.outbox import Outbox
from packhouse.storage import Database, Initiator, open_database
from packhouse.testing.databases import (
    database_url,
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
    "graphql_context",
    "graphql_schema",
    "nats_server",
    "nats_url",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
]


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
