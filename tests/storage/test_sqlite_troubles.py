"""SQLite's file that cannot be written for a while: a clear error, nothing half done, and work that goes on afterwards."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from packhouse.catalog.models import Variant
from packhouse.sdk import now
from packhouse.storage import Database, DatabaseLost, Initiator, UnitOfWork, open_database

# more than fits in the pages that are there
PARTS = 40
Trouble = Callable[[Database, Path], AbstractContextManager[None]]


async def nothing(_: UnitOfWork) -> None:
    """No event is recorded here."""


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    made = await open_database(sqlite_url, before_commit=nothing)
    try:
        run(made, "PRAGMA busy_timeout = 50")
        yield made
    finally:
        await made.close()


def run(database: Database, sql: str) -> None:
    """A statement on the write connection, which nobody uses at that moment."""
    assert database._writer is not None
    connection = database._writer._client._connection
    assert connection is not None
    connection._conn.execute(sql)


@contextmanager
def locked(_: Database, path: Path) -> Iterator[None]:
    """A backup program holds the file."""
    backup = sqlite3.connect(path, isolation_level=None)
    backup.execute("BEGIN EXCLUSIVE")
    yield
    backup.execute("ROLLBACK")
    backup.close()


@contextmanager
def full(_: Database, path: Path) -> Iterator[None]:
    """Not a byte more fits behind what is written: it is the commit that fails."""
    written = path.with_name(f"{path.name}-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def no_more_pages(database: Database, _: Path) -> Iterator[None]:
    """The disk is full as SQLite tells it, in the middle of a command."""
    run(database, "PRAGMA max_page_count = 1")
    yield
    run(database, "PRAGMA max_page_count = 1000000")


@contextmanager
def read_only(database: Database, _: Path) -> Iterator[None]:
    """Somebody has taken away the right to write."""
    run(database, "PRAGMA query_only = ON")
    yield
    run(database, "PRAGMA query_only = OFF")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (locked, "another program holds its file"),
        (full, "the disk fails, or a limit of file sizes"),
        (no_more_pages, "its disk is full"),
        (read_only, "its file may not be written"),
    ],
)
async def test_everybody_is_told_nothing_is_half_done_and_work_goes_on(
    database: Database,
    sqlite_url: str,
    by: Initiator,
    caplog: pytest.LogCaptureFixture,
    trouble: Trouble,
    words: str,
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite://"))

    async def add(sku: str) -> None:
        async def work(_: UnitOfWork) -> None:
            for part in range(PARTS):
                await Variant.create(sku=f"{sku}-{part}", title="x" * 250, created_at=now())

        await database.write(by, work)

    await add("BEFORE")
    with trouble(database, path):
        for turn in range(2):
            results = await asyncio.gather(*(add(f"{turn}-{n}") for n in range(3)), return_exceptions=True)
            assert {type(each) for each in results} == {DatabaseLost}
            assert all(words in str(each) for each in results)
        assert database.outage.is_on
        assert await Variant.all().count() == PARTS
    await asyncio.gather(*(add(f"AFTER-{n}") for n in range(3)))
    assert sorted(each.sku for each in await Variant.all()) == sorted(
        f"{sku}-{part}" for sku in ("BEFORE", "AFTER-0", "AFTER-1", "AFTER-2") for part in range(PARTS)
    )
    assert [each.message.partition(":")[0].partition(",")[0] for each in caplog.records] == [
        "The database cannot be used",
        "The database works again",
    ]
    assert words in caplog.records[0].message


async def test_what_is_refused_is_no_trouble_of_the_file(database: Database, by: Initiator) -> None:
    async def refuse(_: UnitOfWork) -> None:
        await Variant.create(sku="MUG", title="Mug", created_at=now())
        await Variant.create(sku="MUG", title="Mug", created_at=now())

    with pytest.raises(Exception, match="UNIQUE"):
        await database.write(by, refuse)
    assert not database.outage.is_on
