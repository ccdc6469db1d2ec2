import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tortoise.migrations.migration import Migration

from packhouse.sdk import new_id
from packhouse.storage import migrate as migrating
from packhouse.storage.migrate import migrate
from packhouse.storage.new_tables import NewTables

# a table that points at another and at itself, a CHECK constraint, a conditional unique one, an index
FIRST = """
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

ID = ("id", fields.UUIDField(primary_key=True))

class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel("Shelf", [ID, ("units", fields.IntField())], options={"table": "shelf", "app": "packhouse"}),
        ops.CreateModel("Box", [
            ID,
            ("shelf", fields.ForeignKeyField("packhouse.Shelf", related_name="boxes")),
            ("inside", fields.ForeignKeyField("packhouse.Box", related_name="boxes", null=True)),
            ("code", fields.CharField(max_length=8, default="")),
        ], options={
            "table": "box", "app": "packhouse", "indexes": [Index(fields=["code"], name="box_code")],
            "constraints": [
                CheckConstraint(name="box_inside", check="inside_id <> id"),
                UniqueConstraint(fields=("shelf_id", "code"), name="box_once", condition="code <> ''"),
            ],
        }),
    ]
"""
LATER = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("packhouse", "0001_initial")]
    operations = [
        ops.CreateModel("Label", [
            ("id", fields.UUIDField(primary_key=True)),
            ("box", fields.ForeignKeyField("packhouse.Box", related_name="labels")),
        ], options={"table": "label", "app": "packhouse"}),
        ops.AddField("Shelf", "aisle", fields.CharField(max_length=8, null=True)),
    ]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the migrations of `migrate` are: these two."""
    package = f"tables_{new_id().hex}"
    here = tmp_path / package
    here.mkdir()
    for name, text in {"__init__": "", "0001_initial": FIRST, "0002_later": LATER}.items():
        (here / f"{name}.py").write_text(text)
    configure = migrating.tortoise_config

    def configured(url: str, **options: Any) -> dict[str, Any]:
        config = configure(url, **options)
        config["apps"]["packhouse"]["migrations"] = package
        return config

    monkeypatch.setattr(migrating, "tortoise_config", configured)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for module in [module for module in sys.modules if module.partition(".")[0] == package]:
        del sys.modules[module]


async def made(path: Path) -> list[Any]:
    assert await migrate(f"sqlite://{path}") == ["0001_initial", "0002_later"]
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall()
    connection.close()
    return found


async def test_they_are_the_same_as_one_after_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = await made(folder / "at_once.sqlite3")
    assert {"box", "shelf", "label", "box_once", "box_code"} <= {name for _, name, _, _ in at_once}

    def itself(migration: Migration) -> Migration:
        return migration

    monkeypatch.setattr(NewTables, "of", itself)
    assert await made(folder / "one_by_one.sqlite3") == at_once
