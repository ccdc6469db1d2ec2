"""Every migration after the first may be applied while the old version runs."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.migration import Migration

from packhouse import __version__
from packhouse.storage import migrations
from packhouse.storage.migration_operations import AddIndexConcurrently
from packhouse.storage.migration_rules import migration_problems

INDEX = Index(fields=("note",), name="orders_note")
NEW = ops.CreateModel("Note", [("id", fields.UUIDField(primary_key=True))], options={"table": "note"})


def problems(*operations: Any, version: str = "0.5.0", **attributes: Any) -> list[str]:
    made = type("Made", (Migration,), {"operations": list(operations), **attributes})
    return migration_problems("0002_made", made, version)


def test_ours_are() -> None:
    names = sorted(module.name for module in iter_modules(migrations.__path__))
    assert names[0] == "0001_initial"
    found = [
        problem
        for name in names[1:]
        for problem in migration_problems(
            name, import_module(f"packhouse.storage.migrations.{name}").Migration, __version__
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    "operations",
    [
        [NEW],
        [ops.AddField("Order", "note", fields.CharField(max_length=9, null=True))],
        [ops.AddField("Order", "note", fields.CharField(max_length=9, default="", db_default=""))],
        [NEW, ops.AddField("Note", "text", fields.TextField()), ops.AddIndex("Note", INDEX)],
        [ops.AlterModelOptions("Order", {"table_description": "Another."})],
    ],
    ids=["table", "nullable column", "column with a default of the database", "whatever a new table needs", "options"],
)
def test_what_adds_is_safe(operations: list[Any]) -> None:
    assert problems(*operations) == []


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (ops.AddField("Order", "note", fields.CharField(max_length=9, default="")), "give it null=True or db_default"),
        (ops.AddField("Order", "note", fields.CharField(max_length=9, null=True, unique=True)), "AddIndexConcurrently"),
        (
            ops.AddField("Order", "note", fields.CharField(max_length=9, null=True, db_index=True)),
            "AddIndexConcurrently",
        ),
        (ops.AddIndex("Order", INDEX), "use AddIndexConcurrently"),
        (ops.RemoveField("Order", "note"), "Remove field note from Order: the old version may not stand it"),
        (ops.RenameField("Order", "note", "text"), "the old version may not stand it"),
        (ops.AlterField("Order", "note", fields.TextField()), "the old version may not stand it"),
        (ops.DeleteModel("Order"), "the old version may not stand it"),
        (ops.RenameModel("Order", "Sale"), "the old version may not stand it"),
        (ops.RemoveIndex("Order", name="orders_note"), "the old version may not stand it"),
        (ops.AddConstraint("Order", CheckConstraint(check="note <> ''", name="x")), "the old version may not stand it"),
        (ops.AddConstraint("Order", UniqueConstraint(fields=("note",), name="x")), "the old version may not stand it"),
        (ops.RunPython(ops.RunPython.noop), "the old version may not stand it"),
    ],
)
def test_what_takes_away_or_locks_is_not(operation: Any, why: str) -> None:
    (problem,) = problems(operation)
    assert problem.startswith("0002_made: ")
    assert why in problem


def test_an_index_is_built_by_itself_and_outside_of_a_transaction() -> None:
    index = AddIndexConcurrently("Order", INDEX)
    assert problems(index, atomic=False) == []
    assert problems(index) == [
        "0002_made: an index is built concurrently outside of a transaction only: say atomic = False"
    ]
    assert problems(NEW, index, atomic=False) == [
        "0002_made: an index that is built concurrently needs a migration of its own"
    ]


@pytest.mark.parametrize(
    ("stopped", "ok"), [("0.4.0", True), ("0.5.0", False), ("0.10.0", False), ("soon", False), (4, False)]
)
def test_a_contraction_names_an_older_release(stopped: object, ok: bool) -> None:
    found = problems(ops.RemoveField("Order", "note"), contracts=stopped)
    assert (found == []) is ok
    assert len(found) <= 1
