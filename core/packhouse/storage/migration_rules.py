"""Which migrations may be applied while the old version still runs. Pure.

A migration after the first expands: what the old version reads and writes stays as it is. What takes something away is a
contraction, in a release after the one that stopped using it: it says so by `contracts = "0.4.0"`, that release.
"""

import re
from collections.abc import Iterator
from typing import Any

from tortoise.migrations import operations as ops
from tortoise.migrations.migration import Migration

from packhouse.storage.migration_operations import AddIndexConcurrently

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def migration_problems(name: str, migration: type[Migration], version: str) -> list[str]:
    """What is wrong with a migration of the release `version`: a sentence each, none where it is safe."""
    contracts = getattr(migration, "contracts", None)
    if contracts is not None:
        return list(_contraction_problems(name, contracts, version))
    fresh = {each.name for each in migration.operations if isinstance(each, ops.CreateModel)}
    found = (problem for each in migration.operations for problem in _operation_problems(each, fresh))
    problems = [f"{name}: {problem}" for problem in found]
    if any(isinstance(each, AddIndexConcurrently) for each in migration.operations):
        if migration.atomic:
            problems.append(f"{name}: an index is built concurrently outside of a transaction only: say atomic = False")
        if len(migration.operations) > 1:
            problems.append(f"{name}: an index that is built concurrently needs a migration of its own")
    return problems


def _contraction_problems(name: str, contracts: object, version: str) -> Iterator[str]:
    stopped, now = _parsed(contracts), _parsed(version)
    if stopped is None or now is None:
        yield f"{name}: contracts names the release that stopped using it, such as 0.4.0, not {contracts!r}"
    elif stopped >= now:
        yield f"{name}: {contracts} is not older than {version}: the version before this one may still use it"


def _operation_problems(operation: Any, fresh: set[str]) -> Iterator[str]:  # noqa: ANN401  (Tortoise's operations share no type)
    match operation:
        case ops.CreateModel() | ops.AlterModelOptions() | AddIndexConcurrently():
            return
        case ops.AddField() if operation.model_name not in fresh:
            yield from _field_problems(operation)
        case ops.AddIndex() if operation.model_name not in fresh:
            yield f"{operation.describe()}: a plain index keeps everybody from writing: use AddIndexConcurrently"
        case ops.AddField() | ops.AddIndex():
            return
        case _:
            yield (
                f"{operation.describe()}: the old version may not stand it; expand now, and contract in a later release "
                "by a migration with contracts = the release that stopped using it"
            )


def _field_problems(operation: ops.AddField) -> Iterator[str]:
    field: Any = operation.field
    if not field.null and not field.has_db_default():
        yield f"{operation.describe()}: the old version inserts without it: give it null=True or db_default"
    if field.unique or field.index:
        yield f"{operation.describe()}: its index keeps everybody from writing: add it by AddIndexConcurrently"


def _parsed(version: object) -> tuple[int, ...] | None:
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    return tuple(int(part) for part in found.groups()) if found else None
