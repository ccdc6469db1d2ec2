"""Records the statements of one placed order, to be replayed with fresh ids by a floor that does nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tests.benchmarks.seed import request

from packhouse.events.outbox import Outbox
from packhouse.ordering.commands.place import new_number, place
from packhouse.sdk import new_id
from packhouse.storage import UnitOfWork, open_database
from packhouse.testing.factories import BY

Statement = tuple[str, tuple[Any, ...]]


async def record_placing(url: str) -> "Placing":
    """Place one order and keep what it sent to the database."""
    database = await open_database(url, before_commit=Outbox().flush)
    statements: list[Statement] = []
    before = {row["id"] for row in await database.fetch("SELECT id FROM variant UNION ALL SELECT id FROM location")}
    try:

        async def work(uow: UnitOfWork) -> UUID:
            fetch = uow.fetch

            async def recorded(sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
                statements.append((sql, values))
                return await fetch(sql, *values)

            uow.fetch = recorded  # type: ignore[method-assign]
            uow.execute = recorded  # type: ignore[method-assign, assignment]
            return await place(uow, request(7), lambda _: [])

        await database.write(BY, work)
        known = {UUID(str(each)) for each in before}
        rows = await database.fetch("SELECT id FROM customer")
        known |= {UUID(str(row["id"])) for row in rows}
        return Placing(statements, known)
    finally:
        await database.close()


class Placing:
    """The statements of an order of three lines; `fresh` gives them with ids and a number of their own."""

    def __init__(self, statements: Sequence[Statement], known: set[UUID]) -> None:
        self._statements = statements
        self._known = known

    def fresh(self) -> list[Statement]:
        """The same statements for another order."""
        ids: dict[UUID, UUID] = {}
        number = new_number()
        return [(sql, tuple(self._value(value, ids, number) for value in values)) for sql, values in self._statements]

    def _value(self, value: Any, ids: dict[UUID, UUID], number: str) -> Any:
        if isinstance(value, UUID) and value not in self._known:
            return ids.setdefault(value, new_id())
        if isinstance(value, str) and value.startswith("PH-"):
            return number
        if isinstance(value, list):
            return [self._value(each, ids, number) for each in value]
        return value
