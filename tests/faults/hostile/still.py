"""What the whole database holds, as one text: two that are equal hold the same rows."""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

import asyncpg

# What the server itself writes down while nobody changes anything: leases, attempts, positions of readers.
_ITS_OWN = frozenset(
    {
        "access_token",
        "delivery",
        "delivery_attempt",
        "job",
        "kept_request",
        "lane",
        "log_reader",
        "position_counter",
        "request_step",
        "sqlite_sequence",
    }
)


class Stillness:
    """Looks at a database from outside of the server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lite: sqlite3.Connection | None = None
        self._postgres: Any = None
        self._mark: Any = None
        self._seen: Mapping[str, str] = {}

    async def open(self) -> "Stillness":
        """Connect."""
        if self._url.startswith("sqlite://"):
            self._lite = sqlite3.connect(self._url.removeprefix("sqlite://"))
            named = self._lite.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        else:
            self._postgres = await asyncpg.connect(self._url)
            named = await self._postgres.fetch(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
        self._tables = sorted(row[0] for row in named if row[0] not in _ITS_OWN)
        return self

    async def close(self) -> None:
        """Go away."""
        if self._lite is not None:
            self._lite.close()
        if self._postgres is not None:
            await self._postgres.close()

    async def look(self) -> Mapping[str, str]:
        """A digest of each table's rows. Read anew only where somebody has written since."""
        mark = await self._written()
        if mark != self._mark:
            self._seen = {table: await self._digest(table) for table in self._tables}
            self._mark = mark
        return self._seen

    async def _written(self) -> Any:
        if self._lite is not None:
            return self._lite.execute("PRAGMA data_version").fetchone()[0]
        return await self._postgres.fetchval("SELECT pg_current_snapshot()::text")

    async def _digest(self, table: str) -> str:
        if self._lite is not None:
            rows = sorted(map(repr, self._lite.execute(f'SELECT * FROM "{table}"')))
            digest = hashlib.blake2b("\n".join(rows).encode(errors="replace")).hexdigest()
            return f"{len(rows)} {digest}"
        return str(
            await self._postgres.fetchval(
                f"SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM \"{table}\" AS t"
            )
        )


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The tables that differ."""
    return [table for table, digest in after.items() if before[table] != digest]
