"""Databases for tests: a migrated one for each test, on SQLite and on a real PostgreSQL.

PostgreSQL comes from a wheel (no server needs to be installed); PACKHOUSE_TEST_POSTGRES_URL names another one. Each test
gets a copy of a migrated template, which is faster than migrating again; on PostgreSQL a used copy is emptied for the next.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from packhouse.sdk.values import new_id
from packhouse.servers.postgres import running_postgres
from packhouse.storage.migrate import migrate
from packhouse.testing.copies import Copies, statement, with_database

POSTGRES_URL = "PACKHOUSE_TEST_POSTGRES_URL"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server with an empty database of its own."""
    named = os.environ.get(POSTGRES_URL)
    if named:
        yield named
        return
    folder = tempfile.mkdtemp(prefix="packhouse-postgres-")
    try:
        with running_postgres(Path(folder)) as url:
            asyncio.run(_without_durability(url))
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database that tests copy."""
    name = f"template_{new_id().hex}"
    asyncio.run(statement(postgres_server, f'CREATE DATABASE "{name}"'))
    asyncio.run(migrate(with_database(postgres_server, name)))
    yield name
    asyncio.run(statement(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: str, postgres_template: str) -> Iterator[Copies]:
    """The copies of the migrated database."""
    copies = Copies(postgres_server, postgres_template)
    yield copies
    asyncio.run(copies.drop())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "packhouse.sqlite3"
    asyncio.run(migrate(f"sqlite://{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """The URL of a migrated SQLite database of this test's own, in memory where the machine keeps files there."""
    memory = Path("/dev/shm")  # noqa: S108  (a folder of its own is made in it)
    folder = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="packhouse-", dir=folder) as own:
        path = Path(own) / "packhouse.sqlite3"
        shutil.copy(sqlite_template, path)
        yield f"sqlite://{path}"


@pytest.fixture
def postgres_url(postgres_copies: Copies) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this test's own."""
    url = asyncio.run(postgres_copies.take())
    yield url
    asyncio.run(postgres_copies.give_back(url))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


async def _without_durability(url: str) -> None:
    """A test's database need not outlive the machine: no waiting for the disk, and no housekeeping between tests."""
    for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
        await statement(url, f"ALTER SYSTEM SET {name} = off")
    await statement(url, "SELECT pg_reload_conf()")
