"""Taking a file in: what is bad is put aside with its line, and never stops the rest; the same again changes nothing."""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import asyncpg

from packhouse.sdk import BadMapping, InvalidValue, Refused, SourceRow, TableCell, TableRow
from packhouse.sheets import catalog, prices, stock
from packhouse.sheets.catalog import COMPONENTS, BundlesSheet, CatalogSheet, SetComponents
from packhouse.sheets.cells import BadCell, Record
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.mapping import Columns, load_columns, nearest
from packhouse.sheets.prices import PricesSheet
from packhouse.sheets.seen import RowOutcome, Seen
from packhouse.sheets.sheet import Item, Sheet
from packhouse.sheets.stock import StockSheet
from packhouse.sheets.tables import read_rows, shown
from packhouse.storage import Database, Initiator, UnitOfWork

Reject = Callable[[SourceRow, str], None]
Progress = Callable[[int], None]

_BATCH = 200
# What a database says to content that it cannot keep, or that somebody else wrote at the same moment.
_BAD_CONTENT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    OverflowError,
    UnicodeError,
)
# Commands name fields as GraphQL does, files as we do here.
_UPPER = re.compile("[A-Z]")
_REFUSALS = (Refused, InvalidValue, BadCell, *_BAD_CONTENT)


class _TriedOnly(Exception):
    """Everything would have worked: raised so that nothing of it stays."""


@dataclass(frozen=True, slots=True)
class SheetImport:
    """A file to take in. `is_dry` says what would become of it, and changes nothing; `name` is the file's, for people."""

    kind: SheetKind
    path: Path
    columns: Columns = field(default_factory=Columns)
    is_dry: bool = False
    name: str = ""


async def import_sheet(
    database: Database, by: Initiator, data: SheetImport, reject: Reject, progress: Progress | None = None
) -> Counter[RowOutcome]:
    """Take a file in, 200 rows at a time; what a row changes is in one transaction with its batch, or alone if that fails.

    Raises:
        BadMapping: columns that the sheet does not know, or that the file does not have.
        Unreadable: the file cannot be read.
    """
    header = await asyncio.to_thread(_header, data)
    with closing(Seen()) as seen:
        for sheet in _passes(data, seen, header):
            await _Pass(database, by, data, sheet, seen, reject).run(progress)
            progress = None
        return seen.outcomes()


def columns_of(kind: SheetKind, mapping: Path | None) -> Columns:
    """How a sheet's columns are called: as a mapping file says, else as we call them.

    Raises:
        BadMapping: the mapping cannot be used.
    """
    if mapping is None:
        return Columns()
    known = {SheetKind.CATALOG: catalog.COLUMNS, SheetKind.PRICES: prices.COLUMNS, SheetKind.STOCK: stock.COLUMNS}
    return load_columns(mapping, kind.value, known[kind])


def _passes(data: SheetImport, seen: Seen, header: TableRow | None) -> Iterator[Sheet]:
    """A catalogue is read twice: a bundle's components may stand below it."""
    if data.kind is SheetKind.PRICES:
        yield PricesSheet(seen)
    elif data.kind is SheetKind.STOCK:
        yield StockSheet(data.name or data.path.name)
    else:
        yield CatalogSheet()
        if COMPONENTS in data.columns.defaults or COMPONENTS in _positions(header, data, CatalogSheet()):
            yield BundlesSheet(SetComponents(lambda sku: seen.has(f"CatalogSheet {sku}"), is_dry=data.is_dry))


class _Pass:
    """One reading of a file."""

    def __init__(
        self, database: Database, by: Initiator, data: SheetImport, sheet: Sheet, seen: Seen, reject: Reject
    ) -> None:
        self._database = database
        self._by = by
        self._data = data
        self._sheet = sheet
        self._seen = seen
        self._reject = reject
        self._rows: dict[int, TableRow] = {}

    async def run(self, progress: Progress | None) -> None:
        with closing(read_rows(self._data.path, self._data.columns.form)) as rows:
            positions = _positions(await asyncio.to_thread(next, rows, None), self._data, self._sheet)
            while batch := await asyncio.to_thread(_next, rows):
                await self._work(batch, positions)
                if progress is not None:
                    progress(len(batch))

    async def _work(self, batch: Sequence[TableRow], positions: Mapping[str, int]) -> None:
        self._rows = {row.line: row for row in batch}
        items = [item for row in batch if (item := self._read(row, positions)) is not None]
        changes = await self._sheet.changes(items)
        for line in {item.line for item in items} - {item.line for item in changes}:
            self._seen.note(line, RowOutcome.UNCHANGED)
        await self._take(changes)

    def _read(self, row: TableRow, positions: Mapping[str, int]) -> Item | None:
        if self._seen.outcome(row.line) is RowOutcome.REJECTED:
            return None
        try:
            return self._understood(row, positions)
        except (BadCell, InvalidValue) as error:
            self._put_aside(row.line, _told(error))
            return None

    def _understood(self, row: TableRow, positions: Mapping[str, int]) -> Item:
        if row.problem:
            raise BadCell(row.problem)
        item = self._sheet.read(self._record(row, positions))
        first, _ = self._seen.first(f"{type(self._sheet).__name__} {item.key}", row.line)
        if first != row.line:
            raise BadCell(f"line {first} is about the same: only that counts")
        return item

    def _record(self, row: TableRow, positions: Mapping[str, int]) -> Record:
        cells: dict[str, TableCell] = dict(self._data.columns.defaults)
        for name, position in positions.items():
            if row.cells[position] != "" or name not in cells:
                cells[name] = row.cells[position]
        return Record(row.line, cells, self._data.columns.form)

    async def _take(self, items: Sequence[Item]) -> None:
        if not items:
            return
        try:
            await self._write(items)
        except _REFUSALS as error:
            if len(items) == 1:
                self._put_aside(items[0].line, _told(error))
                return
            # one of them is to blame: alone each shows whether it is the one
            for item in items:
                await self._take([item])
            return
        for item in items:
            self._seen.note(item.line, RowOutcome.CHANGED)

    async def _write(self, items: Sequence[Item]) -> None:
        async def work(uow: UnitOfWork) -> None:
            for item in items:
                await self._sheet.apply(uow, item)
            if self._data.is_dry:
                raise _TriedOnly

        try:
            await self._database.write(self._by, work)
        except _TriedOnly:
            return

    def _put_aside(self, line: int, reason: str) -> None:
        # what of the row was taken in before stays, and is said
        if self._seen.outcome(line) is RowOutcome.CHANGED:
            reason = f"{reason} (the other columns were taken in)"
        self._seen.note(line, RowOutcome.REJECTED)
        cells = tuple(shown(cell) for cell in self._rows[line].cells)
        self._reject(SourceRow(self._data.name or self._data.path.name, line, cells), reason)


def _next(rows: Iterator[TableRow]) -> list[TableRow]:
    return list(islice(rows, _BATCH))


def _header(data: SheetImport) -> TableRow | None:
    with closing(read_rows(data.path, data.columns.form)) as rows:
        return next(rows, None)


def _positions(header: TableRow | None, data: SheetImport, sheet: Sheet) -> dict[str, int]:
    """Where each of our columns is.

    Raises:
        BadMapping: there is no header, a column is unknown, twice or missing.
    """
    file = data.name or data.path.name
    if header is None or header.problem:
        raise BadMapping(file, ["has no header" + (f": it {header.problem}" if header else "")])
    found = [shown(cell).strip() for cell in header.cells]
    wanted = data.columns.names or {name: name for name in sheet.columns if name in found}
    problems = [f"column {name} is there {found.count(name)} times" for name in set(found) if found.count(name) > 1]
    if data.columns.names:
        problems += [
            f"there is no column {name!r}; {_near(name, found)}" for name in wanted.values() if name not in found
        ]
    else:
        problems += [f"column {name!r}: {nearest(name, sheet.columns)}" for name in found if name not in sheet.columns]
    said = {*wanted, *data.columns.defaults}
    problems += [f"column {name} is missing" for name in sheet.required if name not in said]
    if problems:
        raise BadMapping(file, sorted(problems))
    return {name: found.index(column) for name, column in wanted.items()}


def _near(name: str, found: Sequence[str]) -> str:
    near = get_close_matches(name, found, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(found)}"


def _underscored(letter: re.Match[str]) -> str:
    return f"_{letter[0].lower()}"


def _told(error: Exception) -> str:
    if isinstance(error, BadCell):
        return error.reason
    if isinstance(error, InvalidValue):
        return f"{_UPPER.sub(_underscored, error.field)}: {error.message}"
    if isinstance(error, Refused):
        return error.message
    # PostgreSQL's second line quotes the whole row
    return f"the database refused it ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
