import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from packhouse.events.outbox import Outbox
from packhouse.storage import open_database
from packhouse.testing.copies import Copies, statement
from packhouse.testing.factories import make_order, make_shop


@pytest.fixture
def copies(postgres_server: str, postgres_template: str) -> Iterator[Copies]:
    made = Copies(postgres_server, postgres_template)
    yield made
    asyncio.run(made.drop())


async def filled(url: str) -> set[str]:
    """The tables that hold rows."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT relname AS name FROM pg_stat_user_tables")
        return {
            row["name"] for row in tables if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{row["name"]}")')
        }
    finally:
        await connection.close()


async def test_one_is_emptied_for_the_next_test_and_nobody_stays_connected(copies: Copies) -> None:
    url = await copies.take()
    database = await open_database(url, before_commit=Outbox().flush)
    await make_shop(database)
    await make_order(database, {"MUG": 2})
    await database.close()
    assert {"orders", "event", "stock_movement", "tortoise_migrations"} <= await filled(url)
    left = await asyncpg.connect(url)
    try:
        await copies.give_back(url)
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            await left.execute("SELECT 1")
    finally:
        left.terminate()
    assert await copies.take() == url
    assert await filled(url) == {"tortoise_migrations"}
    await copies.give_back(url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders ALTER COLUMN number SET DEFAULT 'none'",
        "CREATE INDEX more ON orders (number)",
        "ALTER TABLE orders DISABLE TRIGGER ALL",
        "ANALYZE orders",
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('packhouse', 'other', now())",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 1', current_database()); END $$",
        "INSERT INTO tortoise_migrations (app, name, applied_at) SELECT 'many', n, now() FROM generate_series(1, 2000) n",
    ],
)
async def test_one_that_is_not_as_new_is_not_used_again(copies: Copies, change: str) -> None:
    url = await copies.take()
    await statement(url, change)
    await copies.give_back(url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)
