"""What migrations of a database in use need beyond Tortoise's own operations."""

from tortoise.migrations.operations import AddIndex
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class AddIndexConcurrently(AddIndex):
    """An index that is built while the table is written to, which on PostgreSQL a plain one forbids.

    Its migration is `atomic = False` and holds nothing else. What an interrupted build has left is built anew.
    """

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Build the index.

        Raises:
            ValueError: the migration runs in a transaction, where PostgreSQL cannot do it.
        """
        if state_editor is None or state_editor.DIALECT != "postgres":
            await super().database_forward(app_label, old_state, new_state, state_editor)
            return
        if state_editor.atomic_migration:
            raise ValueError(f"the migration that adds index {self.index.name} has to say atomic = False")
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        self.index.resolve_expressions(model)
        sql = state_editor._get_index_sql(  # noqa: SLF001  (the editor offers no public way to the text alone)
            model,
            list(self.index.field_names),
            index_name=self.index.name,
            index_type=self.index.INDEX_TYPE,
            extra=self.index.extra,
        )
        async with state_editor.client.acquire_connection() as connection:
            # it waits for the transactions that are open, however long they are
            await connection.execute("SET lock_timeout = 0")
            try:
                await connection.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')
                await connection.execute(sql.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1))
            finally:
                await connection.execute("RESET lock_timeout")
