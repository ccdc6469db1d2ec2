"""A migration of nothing but new tables on an empty database, told to Tortoise at once.

Tortoise (1.1.9) copies and renders all models again before and after every operation, so that making 60 tables renders them
3,600 times: three seconds for an `init`. Nothing of what a new table is made of depends on what was there before it.
"""

from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import CreateModel
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State


class NewTables(Migration):
    """The same migration; its tables are made one after another from one rendering of all models."""

    @classmethod
    def of(cls, migration: Migration) -> "NewTables":
        """The migration, to be applied at once where it can be."""
        new = cls(migration.name, migration.app_label)
        new.operations, new.atomic = migration.operations, migration.atomic
        new.dependencies, new.run_before, new.replaces = (
            migration.dependencies,
            migration.run_before,
            migration.replaces,
        )
        return new

    async def apply(
        self,
        state: State,
        *,
        dry_run: bool = False,
        schema_editor: BaseSchemaEditor | None = None,
        collect_sql: bool = False,
    ) -> State:
        """As Tortoise does, where it is not only about new tables, or about an empty database, or for show."""
        tables = [operation for operation in self.operations if isinstance(operation, CreateModel)]
        is_for_show = dry_run or collect_sql or schema_editor is None
        if schema_editor is None or is_for_show or state.models or len(tables) < len(self.operations):
            return await super().apply(state, dry_run=dry_run, schema_editor=schema_editor, collect_sql=collect_sql)
        before = state.clone()
        for table in tables:
            state.models[self.app_label, table.name] = ModelState.make_from_model(self.app_label, table.model)
        state.reload_models(list(state.models))
        for table in tables:
            await self._run_database_forward(
                table, before, state, schema_editor, schema_editor.client.capabilities.supports_transactions
            )
        state.validate_relations_initialized()
        return state
