"""An index on disk, so that files are joined without being held in memory: a temporary SQLite file, gone afterwards."""

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from packhouse_spreadsheet.sheets import RawRow

_PRAGMAS = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "cache_size = -8000",
    "temp_store = FILE",
    "locking_mode = EXCLUSIVE",
)


class Index:
    """The rows of the mapping's files by their keys, in the order of the files. Closing deletes it.

    Names of tables come from the mapping's model, never from a file.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="packhouse-import-")
        # read in whichever thread asks for the next rows, by one at a time
        self._connection = sqlite3.connect(
            Path(self._folder.name) / "index.sqlite3", isolation_level=None, check_same_thread=False
        )
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute('CREATE TABLE "reported" (name TEXT, line INTEGER, PRIMARY KEY (name, line))')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
        self._folder.cleanup()

    def load(self, name: str, rows: Iterable[tuple[str, RawRow]]) -> int:
        """Keep (key, row) pairs as table `name`; returns how many."""
        self._connection.execute(
            f'CREATE TABLE "{name}" (line INTEGER PRIMARY KEY, key TEXT, cells TEXT, problem TEXT)'
        )
        self._connection.execute("BEGIN")
        self._connection.executemany(
            f'INSERT INTO "{name}" VALUES (?, ?, ?, ?)',
            ((row.line, _escaped(key), json.dumps(row.cells), row.problem) for key, row in rows),
        )
        self._connection.execute("COMMIT")
        # after the rows: sorting them once is much faster than keeping a tree of random keys
        self._connection.execute(f'CREATE INDEX "{name}_key" ON "{name}" (key)')
        return int(self._connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])

    def rows(self, name: str) -> Iterator[RawRow]:
        """All rows, in the order of the file."""
        return self._rows(f'SELECT line, cells, problem FROM "{name}" ORDER BY line')

    def of_key(self, name: str, key: str) -> list[RawRow]:
        """The rows of one key, in the order of the file."""
        return list(self._rows(f'SELECT line, cells, problem FROM "{name}" WHERE key = ? ORDER BY line', key))

    def first_of_key(self, name: str, key: str) -> RawRow | None:
        """The first row of a key that is not broken."""
        rows = self._rows(
            f"SELECT line, cells, problem FROM \"{name}\" WHERE key = ? AND problem = '' ORDER BY line LIMIT 1", key
        )
        return next(rows, None)

    def orphans(self, name: str, parent: str) -> Iterator[RawRow]:
        """Rows without a key, or whose key no row of `parent` has."""
        return self._rows(
            f'SELECT line, cells, problem FROM "{name}"'
            f' WHERE key = \'\' OR NOT EXISTS (SELECT 1 FROM "{parent}" WHERE "{parent}".key = "{name}".key) ORDER BY line'
        )

    def report_once(self, name: str, line: int) -> bool:
        """Whether this is the first time that the row is reported."""
        cursor = self._connection.execute('INSERT OR IGNORE INTO "reported" VALUES (?, ?)', (name, line))
        return cursor.rowcount == 1

    def _rows(self, sql: str, *values: str) -> Iterator[RawRow]:
        for line, cells, problem in self._connection.execute(sql, [_escaped(value) for value in values]):
            yield RawRow(line, tuple(json.loads(cells)), problem)


def _escaped(key: str) -> str:
    """A key that SQLite can keep: bytes that are not text in it are spelt out."""
    return key if key.isascii() else key.encode("utf-8", "backslashreplace").decode()
