"""Opening the files of a mapping: every column is found before the first row is read."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from packhouse.sdk import BadMapping, ReadingProgress, Unreadable
from packhouse_spreadsheet.index import Index
from packhouse_spreadsheet.mapping import MappingFile, Table
from packhouse_spreadsheet.record import Layout, Reading
from packhouse_spreadsheet.sheets import RawRow, read_rows

_PROGRESS_ROWS = 5_000


class Files:
    """The files of one mapping, found relative to a folder."""

    def __init__(self, mapping: MappingFile, path: Path, data: Path | None, progress: ReadingProgress | None) -> None:
        self._mapping = mapping
        self._path = path
        self._folder = data if data is not None else path.parent
        self._progress = progress
        self._reading = Reading(mapping.format, mapping.zone)

    def layouts(self, tables: Mapping[str, Table]) -> dict[str, Layout]:
        """The layout of each file by the table's name.

        Raises:
            BadMapping: columns that a file does not have, all of them named with the ones there are.
            Unreadable: a file cannot be read, or is empty.
        """
        problems: list[str] = []
        layouts = {name: self._layout(name, table, problems) for name, table in tables.items()}
        if problems:
            raise BadMapping(self._path.name, problems)
        return layouts

    def load(self, index: Index, layout: Layout, table: Table, key: str) -> int:
        """Put a file's rows into the index by the column behind `key`; returns how many rows there are."""
        return index.load(layout.name, ((layout.key(row, key), row) for row in self._body(layout, table)))

    def _body(self, layout: Layout, table: Table) -> Iterator[RawRow]:
        rows = read_rows(self._folder / table.file, table.sheet, self._mapping.format)
        next(rows, None)
        for count, row in enumerate(rows, 1):
            if self._progress is not None and count % _PROGRESS_ROWS == 0:
                self._progress(layout.file, count)
            yield row

    def _layout(self, name: str, table: Table, problems: list[str]) -> Layout:
        rows = read_rows(self._folder / table.file, table.sheet, self._mapping.format)
        header = next(rows, None)
        if header is None or header.problem:
            raise Unreadable(f"{table.file} has no header" + (f": it {header.problem}" if header else ""))
        names = [cell.strip() for cell in header.cells]
        columns, defaults = table.fields
        wanted = {f"columns.{field}": column for field, column in columns.named().items()} | table.joins
        for place, column in wanted.items():
            if names.count(column) != 1:
                problems.append(_missing(f"{name}.{place}", table.file, column, names))
        return Layout(
            name=name,
            file=table.file if table.sheet is None else f"{table.file} [{table.sheet}]",
            positions={
                place.removeprefix("columns."): names.index(column)
                for place, column in wanted.items()
                if column in names
            },
            columns={place.removeprefix("columns."): column for place, column in wanted.items()},
            defaults=defaults.named(),
            reading=self._reading,
        )


def _missing(place: str, file: str, column: str, names: list[str]) -> str:
    if column in names:
        return f"{place}: {file} has several columns named {column!r}"
    nearest = get_close_matches(column, names, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    return f"{place}: {file} has no column {column!r}{hint}; it has: {', '.join(names)}"
