"""What a file has said so far, and what became of its rows: in a database of its own on disk, removed at the end."""

import sqlite3
from collections import Counter
from enum import StrEnum


class RowOutcome(StrEnum):
    """What became of a row."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Seen:
    """Keys with the line on which they were first, and the outcome of each line."""

    def __init__(self) -> None:
        # without a name: a temporary file that SQLite removes
        self._kept = sqlite3.connect("", check_same_thread=False)
        self._kept.execute("CREATE TABLE said (key TEXT PRIMARY KEY, line INTEGER, text TEXT) WITHOUT ROWID")
        self._kept.execute("CREATE TABLE outcome (line INTEGER PRIMARY KEY, outcome TEXT)")

    def close(self) -> None:
        """Remove what was kept."""
        self._kept.close()

    def first(self, key: str, line: int, text: str = "") -> tuple[int, str]:
        """The line on which the key was said first, and the text that came with it; this one, if it is the first."""
        self._kept.execute("INSERT INTO said VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (key, line, text))
        found: tuple[int, str] = self._kept.execute("SELECT line, text FROM said WHERE key = ?", (key,)).fetchone()
        return found

    def has(self, key: str) -> bool:
        """Whether a row that was not rejected has said the key."""
        found = self._kept.execute(
            "SELECT outcome FROM said JOIN outcome ON outcome.line = said.line WHERE key = ?", (key,)
        ).fetchone()
        return found is not None and found[0] != RowOutcome.REJECTED

    def note(self, line: int, outcome: RowOutcome) -> None:
        """Remember what became of a row; a change or a rejection stands against an earlier outcome, no change does not."""
        self._kept.execute(
            "INSERT INTO outcome VALUES (?, ?) ON CONFLICT (line) DO UPDATE SET outcome = excluded.outcome"
            " WHERE excluded.outcome <> 'unchanged'",
            (line, outcome.value),
        )

    def outcome(self, line: int) -> RowOutcome | None:
        """What became of a row, None where nothing did yet."""
        found = self._kept.execute("SELECT outcome FROM outcome WHERE line = ?", (line,)).fetchone()
        return None if found is None else RowOutcome(found[0])

    def outcomes(self) -> Counter[RowOutcome]:
        """How many rows became what."""
        rows = self._kept.execute("SELECT outcome, COUNT(*) FROM outcome GROUP BY outcome")
        return Counter({RowOutcome(outcome): count for outcome, count in rows})
