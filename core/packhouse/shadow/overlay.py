"""What a plugin keeps in shadow mode: its real store as it is, with changes on top that are thrown away in the end."""

import sqlite3
from types import TracebackType
from typing import Self

from packhouse.hooks.handover import Changes
from packhouse.hooks.state import StateTable

# behind every printable character: no key holds it
_LAST = "\U0010ffff"


class Overlay:
    """Changes of one version of a plugin, in a temporary file that SQLite deletes; memory does not grow with them."""

    def __init__(self) -> None:
        # the empty name is a private file that is gone when it is closed
        self._file = sqlite3.connect("")
        self._file.execute(
            "CREATE TABLE kept (address TEXT, key TEXT, value TEXT, PRIMARY KEY (address, key)) WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, address: str, changes: Changes) -> None:
        """Keep changes; None forgets a key."""
        self._file.executemany(
            "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (address, key) DO UPDATE SET value = excluded.value",
            [(address, key, value) for key, value in changes.items()],
        )

    async def read(self, address: str, key: str, under: StateTable | None) -> str | None:
        """The JSON of a key; `under` is the real store, None for an empty one."""
        rows = self._file.execute("SELECT value FROM kept WHERE address = ? AND key = ?", (address, key)).fetchall()
        if rows:
            return None if rows[0][0] is None else str(rows[0][0])
        return None if under is None else await under.read(key)

    async def page(
        self, address: str, prefix: str, after: str, limit: int, under: StateTable | None
    ) -> list[tuple[str, str]]:
        """Up to `limit` keys with their JSON, sorted."""
        found: dict[str, str | None] = {}
        if under is not None:
            # as many more as may be forgotten
            found |= await under.page(prefix, after, limit + self._forgotten(address, prefix, after))
        rows = self._file.execute(
            "SELECT key, value FROM kept WHERE address = ? AND key > ? AND key >= ? AND key < ? ORDER BY key",
            (address, after, prefix, prefix + _LAST),
        )
        last = max(found, default="") if under is not None and len(found) >= limit else None
        taken = 0
        for key, value in rows:
            if (last is not None and key > last) or taken == limit:
                break
            found[key] = value
            taken += value is not None
        return [(key, value) for key, value in sorted(found.items()) if value is not None][:limit]

    def _forgotten(self, address: str, prefix: str, after: str) -> int:
        (count,) = self._file.execute(
            "SELECT count(*) FROM kept WHERE address = ? AND key > ? AND key >= ? AND key < ? AND value IS NULL",
            (address, after, prefix, prefix + _LAST),
        ).fetchone()
        return int(count)
