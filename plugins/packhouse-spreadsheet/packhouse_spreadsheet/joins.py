"""The rows that belong to an order in the other files, and what is wrong with them."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from packhouse.sdk import RejectedRow
from packhouse_spreadsheet.index import Index
from packhouse_spreadsheet.record import BadRow, Layout, Record
from packhouse_spreadsheet.sheets import RawRow

T = TypeVar("T")

ReadRow = Callable[[Record, str], T]


class Joins:
    """Finds rows of the other files by their keys. `problems` collects the bad ones of the order that is being read."""

    def __init__(self, index: Index, layouts: Mapping[str, Layout]) -> None:
        self.problems: list[RejectedRow] = []
        self._index = index
        self._layouts = layouts

    def children(self, name: str, key: str, read: ReadRow[T]) -> tuple[T, ...]:
        """What `read` makes of each row of an order, called with the row's own id (its number where it has none)."""
        layout = self._layouts.get(name)
        if layout is None:
            return ()
        found: dict[str, tuple[RawRow, T]] = {}
        for row in self._index.of_key(name, key):
            try:
                record = Record(layout, row)
                own_id = record.required("key") if "key" in layout.positions else str(len(found) + 1)
                if own_id not in found:
                    found[own_id] = (row, read(record, own_id))
                elif layout.content(found[own_id][0]) != layout.content(row):
                    raise record.problem("key", f"{own_id} is on line {found[own_id][0].line} too, with other content")
            except BadRow as error:
                self.reject(layout, row, error.reason)
        return tuple(child for _, child in found.values())

    def referred(self, name: str, key: str) -> Record | None:
        """The row of a key; None where there is none.

        Raises:
            BadRow: it is broken (then it is a problem of its own too), or stands there twice with other content.
        """
        layout = self._layouts[name]
        rows = self._index.of_key(name, key)
        if not rows:
            return None
        for row in rows:
            if row.problem:
                raise self.bad_reference(layout, row, row.problem)
            if layout.content(row) != layout.content(rows[0]):
                reason = f"{key} is on line {rows[0].line} too, with other content"
                raise self.bad_reference(layout, row, reason)
        return Record(layout, rows[0])

    def bad_reference(self, layout: Layout, row: RawRow, reason: str) -> BadRow:
        """A bad row of a file that orders refer to: reported by itself, and the reason for each order that does."""
        self.reject(layout, row, reason)
        return BadRow(f"{layout.file} line {row.line}: {reason}")

    def reject(self, layout: Layout, row: RawRow, reason: str) -> None:
        """Note a bad row."""
        self.problems.append(RejectedRow(layout.source(row), reason))
