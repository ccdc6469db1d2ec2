"""The example's own scripts, run with the programs of the PostgreSQL that comes in a wheel."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from packhouse.events.outbox import Outbox
from packhouse.sdk import new_id
from packhouse.servers.postgres import postgres_program
from packhouse.storage import Initiator, open_database
from packhouse.storage.migrate import migrate
from packhouse.testing.copies import with_database
from packhouse.tokens.commands.create_token import create_admin_token

BACKUP = Path("config/deploy/backup").resolve()


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    programs = postgres_program("pg_dump").parent
    return subprocess.run(
        [BACKUP / script, *arguments],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_url(postgres_server: str) -> Iterator[str]:
    name = f"restored_{new_id().hex}"
    asyncio.run(statement(postgres_server, f'CREATE DATABASE "{name}"'))
    yield with_database(postgres_server, name)
    asyncio.run(statement(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def statement(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def make_token(url: str, name: str) -> None:
    async def make() -> None:
        database = await open_database(url, before_commit=Outbox().flush)
        try:
            await database.write(Initiator("tester", "test"), lambda uow: create_admin_token(uow, name))
        finally:
            await database.close()

    asyncio.run(make())


def tokens(url: str) -> list[str]:
    async def read() -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            return [row["name"] for row in await connection.fetch("SELECT name FROM access_token ORDER BY name")]
        finally:
            await connection.close()

    return asyncio.run(read())


def test_what_was_dumped_is_restored(postgres_url: str, empty_url: str, tmp_path: Path) -> None:
    make_token(postgres_url, "before")
    old = tmp_path / "packhouse-20200101T000000Z.dump"
    other = tmp_path / "notes.txt"
    for file in (old, other):
        file.touch()
        os.utime(file, (0, 0))
    ended = run("backup.sh", postgres_url, str(tmp_path), "14")
    assert (ended.returncode, ended.stderr) == (0, "")
    make_token(postgres_url, "later")
    dump = Path(ended.stdout.strip())
    assert sorted(tmp_path.iterdir()) == [other, dump], "the one that was too old has gone, what is not a dump stays"
    assert dump.stat().st_mode & 0o777 == 0o600

    ended = run("restore.sh", empty_url, str(dump))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert tokens(empty_url) == ["before"]
    assert asyncio.run(migrate(empty_url)) == []


def test_a_database_in_use_is_not_restored_over(postgres_url: str, tmp_path: Path) -> None:
    dump = run("backup.sh", postgres_url, str(tmp_path), "14").stdout.strip()
    make_token(postgres_url, "later")
    ended = run("restore.sh", postgres_url, dump)
    assert ended.returncode == 1
    assert "make a new one and restore into that" in ended.stderr
    assert tokens(postgres_url) == ["later"]


def test_a_dump_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ended = run("backup.sh", "postgresql://nobody@127.0.0.1:1/nothing", str(tmp_path), "14")
    assert ended.returncode != 0
    assert list(tmp_path.iterdir()) == []
