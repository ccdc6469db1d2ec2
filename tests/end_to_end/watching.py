"""Sees which rows each transaction changes, and which events it leaves: by triggers in the database, whatever the code says."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect

T = TypeVar("T")

_BY = Initiator("watch", "test")


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction that was committed: by whom, the tables whose rows it changed, and the types of its events."""

    by: Initiator
    tables: frozenset[str]
    events: tuple[str, ...]


@dataclass
class Watch:
    """`ignored` are tables that nobody asks about, `columns` those of a table that are no news when they alone change."""

    ignored: frozenset[str]
    columns: Mapping[str, Iterable[str]]
    changes: list[Change] = field(default_factory=list)

    async def begin(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """Watch all transactions of a database from now on."""
        await database.write(_BY, self._set_traps)
        write = database.write

        async def watched(initiator: Initiator, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
            change: list[Change] = []

            async def noting(uow: UnitOfWork) -> T:
                change.clear()
                result = await work(uow)
                rows = await uow.fetch(self._taken(uow))
                moved = ("moved",) if uow.moved and not uow.pending else ()
                events = tuple(each.type.value for each in uow.pending)
                change.append(Change(initiator, frozenset(row["name"] for row in rows), events or moved))
                return result

            result = await write(initiator, noting)
            self.changes += change
            return result

        monkeypatch.setattr(database, "write", watched)

    @staticmethod
    async def end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """Leave the database as it was: on PostgreSQL it is used again."""
        monkeypatch.undo()
        if database.dialect is Dialect.POSTGRES:
            await database.write(_BY, lambda uow: uow.execute("DROP FUNCTION touch() CASCADE"))
            await database.write(_BY, lambda uow: uow.execute("DROP TABLE touched"))

    def taken(self) -> list[Change]:
        """The changes since this was asked last."""
        changes, self.changes = self.changes, []
        return changes

    async def _set_traps(self, uow: UnitOfWork) -> None:
        if uow.dialect is Dialect.POSTGRES:
            await uow.execute(_TABLE)
            await uow.execute(_FUNCTION)
        else:
            await uow.execute(_TABLE.replace("CREATE", "CREATE TEMP"))
        for table, columns in (await _tables(uow)).items():
            if table not in self.ignored:
                news = [column for column in columns if column not in set(self.columns.get(table, ()))]
                for statement in _traps(uow.dialect, table, news):
                    await uow.execute(statement)

    @staticmethod
    def _taken(uow: UnitOfWork) -> str:
        return f"DELETE FROM {'temp.touched' if uow.dialect is Dialect.SQLITE else 'touched'} RETURNING name"


_TABLE = "CREATE TABLE touched (name TEXT)"
_FUNCTION = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO touched VALUES (TG_TABLE_NAME); RETURN NULL; END $$
"""


async def _tables(uow: UnitOfWork) -> dict[str, list[str]]:
    """All tables with their columns."""
    rows = await uow.fetch(
        "SELECT m.name AS name, c.name AS column FROM main.sqlite_master AS m, pragma_table_info(m.name) AS c "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        if uow.dialect is Dialect.SQLITE
        else "SELECT table_name AS name, column_name AS column FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name <> 'touched'"
    )
    tables: dict[str, list[str]] = {}
    for row in rows:
        tables.setdefault(row["name"], []).append(row["column"])
    return tables


def _traps(dialect: Dialect, table: str, news: Iterable[str]) -> list[str]:
    """A row that is there, gone or says something new is written down; one that is written again as it was is not."""
    differs, then, where = "IS NOT", f"BEGIN INSERT INTO touched VALUES ('{table}'); END", f'main."{table}"'
    if dialect is Dialect.POSTGRES:
        differs, then, where = "IS DISTINCT FROM", "EXECUTE FUNCTION touch()", f'"{table}"'
    changed = " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in news)
    temporary = "TEMP " if dialect is Dialect.SQLITE else ""
    return [
        f'CREATE {temporary}TRIGGER "{table}_{name}" AFTER {name} ON {where} FOR EACH ROW {when} {then}'
        for name, when in (("INSERT", ""), ("DELETE", ""), ("UPDATE", f"WHEN ({changed})"))
    ]
