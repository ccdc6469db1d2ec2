"""Tortoise's schema editors, completed: `CreateModel` leaves out a model's constraints, and SQLite can add none later.

Found with Tortoise 1.1.9. CHECK constraints go into CREATE TABLE, conditional unique constraints become partial unique
indexes, which both databases have. Table comments are left out: a semicolon in one splits the statement on SQLite.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.graph import MigrationGraph, MigrationKey
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor
from tortoise.models import Model

from packhouse.storage.new_tables import NewTables


class _WithConstraints(BaseSchemaEditor):
    _creating: ClassVar[type[Model] | None] = None

    def _get_model_sql_data(self, model: type[Model]) -> Any:  # noqa: ANN401  (Tortoise's own record)
        self._creating = model  # type: ignore[misc]  # an instance attribute in front of the class's default
        return super()._get_model_sql_data(model)

    def _constraints(self) -> tuple[Any, ...]:
        return self._creating._meta.constraints if self._creating is not None else ()  # noqa: SLF001  (Tortoise's metadata)

    def _get_inner_statements(self) -> list[str]:
        checks = [
            f'CONSTRAINT "{constraint.name}" CHECK ({constraint.check})'
            for constraint in self._constraints()
            if isinstance(constraint, CheckConstraint)
        ]
        return [*super()._get_inner_statements(), *checks]

    def _post_table_hook(self) -> str:
        indexes = [
            self._partial_unique_index(constraint)
            for constraint in self._constraints()
            if isinstance(constraint, UniqueConstraint)
        ]
        return "\n".join([str(super()._post_table_hook()), *indexes])

    def _partial_unique_index(self, constraint: UniqueConstraint) -> str:
        if self._creating is None:
            raise AssertionError("a constraint without its model")
        columns = ", ".join(f'"{column}"' for column in constraint.fields)
        where = f" WHERE {constraint.condition}" if constraint.condition else ""
        return f'CREATE UNIQUE INDEX "{constraint.name}" ON "{self._creating._meta.db_table}" ({columns}){where};'  # noqa: SLF001

    def _get_table_comment_sql(self, table: str, comment: str) -> str:  # noqa: ARG002  (Tortoise's signature)
        return ""


class _Sqlite(_WithConstraints, SqliteSchemaEditor):
    pass


class _Postgres(_WithConstraints, AsyncpgSchemaEditor):
    pass


class ConstraintsExecutor(MigrationExecutor):
    """Runs migrations with the completed schema editors, new tables at once."""

    def _migration_plan(
        self, targets: Iterable[MigrationTarget] | None, applied: set[MigrationKey], graph: MigrationGraph
    ) -> list[PlanStep]:
        plan = super()._migration_plan(targets, applied, graph)
        return [step if step.backward else replace(step, migration=NewTables.of(step.migration)) for step in plan]

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        editor = _Sqlite if self.connection.capabilities.dialect == "sqlite" else _Postgres
        return editor(self.connection, atomic=atomic, collect_sql=collect_sql)
