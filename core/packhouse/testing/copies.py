"""Copies of a migrated PostgreSQL database, each used by one test after another.

Making a copy and dropping it costs the server half a second of work. Emptying one costs a hundredth of that, and only what is
then in nothing different from a new copy is used again: the same catalogue (tables, columns, indexes, constraints, functions,
statistics), the same records of migrations, no row in any other table, no sequence moved, nobody connected.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from packhouse.sdk.values import new_id

# several times faster than writing the copy to the log first, since PostgreSQL 15
_COPY = "STRATEGY FILE_COPY"
# The planner takes a table that nobody has analysed for one of 10 pages, as long as it is smaller: deleted rows stay in it,
# and beyond that they would let it choose other plans than in a new copy.
_PAGES = 10
_PAGE_BYTES = 8192
_RECORDS = "tortoise_migrations"
_CATALOGUE = " UNION ALL ".join(
    f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM {table}"
    for table in (
        "pg_class",
        "pg_attribute",
        "pg_attrdef",
        "pg_constraint",
        "pg_index",
        "pg_trigger",
        "pg_proc",
        "pg_type",
        "pg_namespace",
        "pg_extension",
        "pg_statistic",
        "pg_largeobject_metadata",
        _RECORDS,
    )
)
# Vacuum leaves its counts in place and without a trace in xmin; settings of one database are kept for the whole server.
_COUNTS = (
    "SELECT 'counts', sum(relpages), sum(reltuples)::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT 'sequences', count(*), sum(last_value)::bigint FROM pg_sequences"
    " UNION ALL SELECT 'settings', count(*), 0 FROM pg_db_role_setting"
    " WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_WRITTEN = (
    "SELECT relname, pg_relation_size(oid) AS size FROM pg_class WHERE relkind = 'r'"
    f" AND relnamespace = 'public'::regnamespace AND relname <> '{_RECORDS}' AND pg_relation_size(oid) > 0"
)
_OTHERS_END = (
    "SELECT bool_and(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(slots=True)
class Copies:
    """The copies of one template: `server` is the URL of an empty database beside it."""

    server: str
    template: str
    _unused: list[str] = field(default_factory=list)
    _catalogue: list[tuple[str, int, int]] = field(default_factory=list)

    async def take(self) -> str:
        """The URL of a copy for one test alone: an emptied one, or a new one."""
        if self._unused:
            return with_database(self.server, self._unused.pop())
        if not self._catalogue:
            connection = await asyncpg.connect(with_database(self.server, self.template))
            try:
                self._catalogue = await _catalogue(connection)
            finally:
                await connection.close()
        name = f"test_{new_id().hex}"
        await statement(self.server, f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" {_COPY}')
        return with_database(self.server, name)

    async def give_back(self, url: str) -> None:
        """End whoever is still connected to a copy; empty it for the next test, or drop it where that would not be all."""
        name = urlsplit(url).path.removeprefix("/")
        if await self._emptied(url):
            self._unused.append(name)
        else:
            await statement(self.server, f'DROP DATABASE "{name}" WITH (FORCE)')

    async def drop(self) -> None:
        """Drop the copies that nobody uses."""
        while self._unused:
            await statement(self.server, f'DROP DATABASE "{self._unused.pop()}" WITH (FORCE)')

    async def _emptied(self, url: str) -> bool:
        try:
            connection = await asyncpg.connect(url)
        except asyncpg.InvalidCatalogNameError:
            return False
        try:
            if await connection.fetchval(_OTHERS_END) is False or await _catalogue(connection) != self._catalogue:
                return False
            written = await connection.fetch(_WRITTEN)
            if any(row["size"] >= _PAGES * _PAGE_BYTES for row in written):
                return False
            # as a replica it asks no foreign key, so the order is no matter
            deletes = "".join(f'DELETE FROM "{row["relname"]}";' for row in written)
            await connection.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes} COMMIT")
        except asyncpg.InsufficientPrivilegeError:
            return False
        finally:
            await connection.close()
        return True


async def statement(url: str, sql: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def _catalogue(connection: asyncpg.Connection) -> list[tuple[str, int, int]]:
    return [tuple(row) for row in await connection.fetch(f"{_CATALOGUE} UNION ALL {_COUNTS}")]
