"""Databases for tests: a migrated one for each test, on SQLite and on a real PostgreSQL.

PostgreSQL comes from a wheel (no server needs to be installed); PACKHOUSE_TEST_POSTGRES_URL names another one. Each test
gets a copy of a migrated template, which is faster than migrating again.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from packhouse.sdk.values import new_id
from packhouse.servers.postgres import running_postgres
from packhouse.storage.migrate import migrate

POSTGRES_URL = "PACKHOUSE_TEST_POSTGRES_URL"
# several times faster than writing the copy to the log first, since PostgreSQL 15
_COPY = "STRATEGY FILE_COPY"


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
    asyncio.run(_statement(postgres_server, f'CREATE DATABASE "{name}"'))
    asyncio.run(migrate(with_database(postgres_server, name)))
    yield name
    asyncio.run(_statement(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


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
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this test's own."""
    name = f"test_{new_id().hex}"
    asyncio.run(_statement(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}" {_COPY}'))
    yield with_database(postgres_server, name)
    asyncio.run(_statement(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def _without_durability(url: str) -> None:
    """A test's database need not outlive the machine: no waiting for the disk."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        await _statement(url, f"ALTER SYSTEM SET {name} = off")
    await _statement(url, "SELECT pg_reload_conf()")


async def _statement(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
