import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from tests.end_to_end.api import ADDRESS, Api

from packhouse.events.outbox import Outbox
from packhouse.sdk import new_id
from packhouse.storage import migrate as migrating
from packhouse.storage import migrations, open_database
from packhouse.storage.dialect import Dialect
from packhouse.storage.migrate import MigrationFailed, migrate, missing_migrations, pending_migrations
from packhouse.testing.copies import with_database
from packhouse.testing.server import running_server, server_settings

HEAD = """
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from packhouse.storage.migration_operations import AddIndexConcurrently

class Migration(migrations.Migration):
    dependencies = [("packhouse", "0001_initial")]
"""
EXPANSION = """
    operations = [
        ops.CreateModel("Note", [("id", fields.UUIDField(primary_key=True))], options={"table": "note", "app": "packhouse"}),
        ops.AddField("Order", "mood", fields.CharField(max_length=16, null=True)),
        ops.AddField("Order", "weight", fields.IntField(default=0, db_default=0)),
        ops.AddField("EventRow", "mood", fields.CharField(max_length=16, default="", db_default="")),
    ]
"""
CONCURRENT_INDEX = """
    atomic = False
    operations = [AddIndexConcurrently("Order", Index(fields=("email", "currency"), name="orders_mood"))]
"""
Later = Callable[..., None]


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Later]:
    """Makes `migrate` that of a later version, which has the given migrations as well."""
    names = list[str]()

    def make(**texts: str) -> None:
        package = f"later_{new_id().hex}"
        names.append(package)
        folder = tmp_path / package
        shutil.copytree(Path(migrations.__path__[0]), folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in texts.items():
            (folder / f"{name.removeprefix('m')}.py").write_text(HEAD + text)
        configure = migrating.tortoise_config

        def configured(url: str, **options: Any) -> dict[str, Any]:
            config = configure(url, **options)
            config["apps"]["packhouse"]["migrations"] = package
            return config

        monkeypatch.setattr(migrating, "tortoise_config", configured)

    monkeypatch.syspath_prepend(str(tmp_path))
    yield make
    for module in [module for module in sys.modules if module.partition(".")[0] in names]:
        del sys.modules[module]


async def test_every_model_change_has_its_migration() -> None:
    assert await missing_migrations() == []


async def test_migrating_a_migrated_database_does_nothing(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_the_old_version_works_on_what_a_later_one_has_expanded(database_url: str, later: Later) -> None:
    later(m0002_expansion=EXPANSION)
    assert await migrate(database_url) == ["0002_expansion"]
    async with (
        running_server(server_settings(database_url)) as server,
        aiohttp.ClientSession(headers=server.headers) as client,
    ):
        assert await pending_migrations(server.house.database) == []
        api = Api(client, server)
        assert await api.is_well()
        await api.stock_shop(["MUG"], 5, price="9.50")
        await api.do("createChannel", "channel { code }", code="web", name="Web")
        await api.do(
            "placeOrder",
            "order { id }",
            channel="web",
            currency="GBP",
            email="buyer@example.com",
            lines=[{"sku": "MUG", "quantity": 1}],
            shippingAddress=ADDRESS,
        )
        rows = await server.house.database.fetch("SELECT mood, weight FROM orders")
    assert [tuple(row.values() if isinstance(row, dict) else tuple(row)) for row in rows] == [(None, 0)]


async def test_an_index_is_built_while_others_write(database_url: str, later: Later) -> None:
    later(m0002_index=CONCURRENT_INDEX)
    assert await migrate(database_url) == ["0002_index"]
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        known = (
            "SELECT indisvalid AS is_valid FROM pg_index WHERE indexrelid = 'orders_mood'::regclass"
            if database.dialect is Dialect.POSTGRES
            else "SELECT 1 AS is_valid FROM sqlite_master WHERE type = 'index' AND name = 'orders_mood'"
        )
        rows = await database.fetch(known)
        assert [bool(row["is_valid"]) for row in rows] == [True]
    finally:
        await database.close()


async def test_in_a_transaction_it_is_refused(postgres_url: str, later: Later) -> None:
    later(m0002_index=CONCURRENT_INDEX.replace("atomic = False", "atomic = True"))
    with pytest.raises(ValueError, match="orders_mood has to say atomic = False"):
        await migrate(postgres_url)


async def test_a_table_in_use_is_not_waited_for_with_everybody_behind(
    postgres_url: str, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(m0002_expansion=EXPANSION)
    monkeypatch.setattr(migrating, "_LOCK_TIMEOUT", "100ms")
    report = await asyncpg.connect(postgres_url)
    try:
        async with report.transaction():
            await report.fetch("SELECT * FROM orders")
            with pytest.raises(MigrationFailed, match="a table was in use for longer than 100ms"):
                await migrate(postgres_url)
        assert await report.fetch("SELECT 1 FROM pg_tables WHERE tablename = 'note'") == [], "nothing of it was done"
    finally:
        await report.close()
    assert await migrate(postgres_url) == ["0002_expansion"]


async def test_several_processes_migrate_at_once(postgres_server: str, tmp_path: Path) -> None:
    name = f"fresh_{new_id().hex}"
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        ended = await asyncio.gather(
            *(_migrate_elsewhere(with_database(postgres_server, name), tmp_path) for _ in range(3))
        )
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
    assert [code for code, _ in ended] == [0, 0, 0]
    assert sorted("Applied 0001_initial" in said for _, said in ended) == [False, False, True]


async def _migrate_elsewhere(url: str, folder: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "packhouse.cli",
        "db",
        "migrate",
        cwd=folder,
        env={**os.environ, "PACKHOUSE_DATABASE__URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()
